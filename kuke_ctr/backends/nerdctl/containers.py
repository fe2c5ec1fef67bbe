"""`nerdctl ps` and `nerdctl container inspect`."""

from collections.abc import Iterable, Sequence

from kuke_ctr.backends.ctr.client import lines_of
from kuke_ctr.backends.ctr.tables import listing, whole
from kuke_ctr.backends.nerdctl.asking import outputs
from kuke_ctr.backends.nerdctl.client import Nerdctl
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.parse.nerdctl.containers import (
    NativeContainer,
    parse_containers,
    parse_native_containers,
)
from kuke_ctr.processes.calls import Result
from kuke_ctr.records import Container, Listing

LS = ("ps", "-a", "--no-trunc", "--format", "json")

_TOGETHER = 50
"""Containers in one call."""


def fetch(nerdctl: Nerdctl, namespaces: Sequence[str]) -> list[Listing[Container] | KukeCtrError]:
    """The containers of each namespace, in the order of their ids; an error stands in its place."""
    calls = [nerdctl.call(*LS, namespace=namespace) for namespace in namespaces]
    return [_listing(nerdctl, result) for result in nerdctl.processes.run_all(calls)]


def names(nerdctl: Nerdctl, namespace: str) -> list[str]:
    """The ids of a namespace; a probe. Raises RowsRefused."""
    found = _read(nerdctl.run(*LS, namespace=namespace, probe=True))
    return [one.id for one in whole(found)]


def natives(nerdctl: Nerdctl, namespace: str, ids: Iterable[str]) -> dict[str, NativeContainer]:
    """The native documents of containers, by id, with their tasks; probes.

    Without those that have gone. Raises Unreadable, and what else nerdctl fails with.
    """
    wanted = list(dict.fromkeys(ids))
    printed = outputs(nerdctl, namespace, wanted, _TOGETHER, _inspect, _inspect_any)
    found = (one for text in printed for one in parse_native_containers(text))
    known = {one.info.id: one for one in found}
    return {name: known[name] for name in wanted if name in known}


def _inspect(ids: Sequence[str]) -> tuple[str, ...]:
    return ("container", "inspect", "--mode", "native", *ids)


def _inspect_any(ids: Sequence[str]) -> tuple[str, ...]:
    """An image whose name fits comes first here, and hides the container."""
    return ("inspect", "--mode", "native", *ids)


def _listing(nerdctl: Nerdctl, result: Result) -> Listing[Container] | KukeCtrError:
    try:
        return _read(nerdctl.checked(result))
    except KukeCtrError as error:
        return error


def _read(result: Result) -> Listing[Container]:
    found = listing(parse_containers(lines_of(result.stdout)))
    return Listing(tuple(sorted(found.records, key=lambda one: one.id)), found.refused)
