"""The lists that nerdctl serves, by the words that ctr has for them."""

from collections.abc import Collection, Iterator, Sequence
from typing import cast

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.tables import ListCall, R
from kuke_ctr.backends.nerdctl import containers, host, images
from kuke_ctr.backends.nerdctl.client import NO_NAMESPACE, Nerdctl
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.records import Listing


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
    spaces = [namespace or NO_NAMESPACE for namespace in namespaces]
    calls = [nerdctl.call(*_words(nerdctl, table, one), namespace=one) for one in spaces]
    for result in nerdctl.processes.run_all(calls):
        yield nerdctl.checked(result).stdout


def _words(nerdctl: Nerdctl, table: ListCall[R], namespace: str) -> tuple[str, ...]:
    """nerdctl's words for a list of ctr's."""
    if table.words == ("images", "ls"):
        return images.ls(nerdctl, namespace)
    return containers.LS if table.words == ("containers", "ls") else host.VERSION
