"""The lists that nerdctl serves, by the words that ctr has for them."""

from collections.abc import Collection, Iterator, Sequence
from typing import cast

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.tables import ListCall, R
from kuke_ctr.backends.nerdctl import containers, host, images
from kuke_ctr.backends.nerdctl.client import NO_NAMESPACE, Nerdctl
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.records import Listing

WORDS = {
    ("images", "ls"): images.LS,
    ("containers", "ls"): containers.LS,
    ("version",): host.VERSION,
}
"""ctr's words for a list -> nerdctl's."""


def fetch_list(
    nerdctl: Nerdctl,
    ctr: Ctr,
    table: ListCall[R],
    namespaces: Sequence[str],
    wanted: Collection[str] | None = None,
) -> list[Listing[R] | KukeCtrError]:
    """The list of each namespace, side by side; an error of one stands in its place.

    `wanted` are the fields that are needed, None for all.
    """
    if table.words == ("images", "ls"):
        found: object = images.fetch(nerdctl, ctr, namespaces, wanted)
    else:
        found = containers.fetch(nerdctl, namespaces)
    return cast("list[Listing[R] | KukeCtrError]", found)


def raw_outputs(
    nerdctl: Nerdctl, table: ListCall[R], namespaces: Sequence[str | None]
) -> Iterator[bytes]:
    """What nerdctl prints for a list, byte for byte: JSON lines."""
    words = WORDS[table.words]
    calls = [nerdctl.call(*words, namespace=namespace or NO_NAMESPACE) for namespace in namespaces]
    for result in nerdctl.processes.run_all(calls):
        yield nerdctl.checked(result).stdout
