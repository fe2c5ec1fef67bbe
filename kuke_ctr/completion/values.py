"""The names that a host has, of each kind that can be completed: one or two calls of ctr."""

import os
from collections.abc import Callable, Mapping

from kuke_ctr.backends.ctr import quiet
from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.host import Host
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.kukeon.settings import Flags, Side, load
from kuke_ctr.processes.at_prompt import AtPrompt
from kuke_ctr.processes.far import Far

PATIENCE = 0.25
"""Seconds that the calls of ctr may take together while somebody waits at a prompt."""

Given = Mapping[str, str]
"""The options that stand on the line, by their long names."""


def values(kind: str, front: str, given: Given) -> list[str]:
    """The names of a kind that begin so; KukeCtrError where they can't be known."""
    find = _KINDS.get(kind)
    return [] if find is None else find(front, given)


def _host(given: Given) -> Host:
    flags = Flags(given.get("--realm"), given.get("--address"), given.get("--run-path"))
    processes = AtPrompt(PATIENCE)

    def side_of(far: Far) -> Side:
        from kuke_ctr.kukeon import far_files

        return far_files.side_of(far, given.get("--run-path"), processes, PATIENCE)

    settings = load(
        flags._replace(ctr=given.get("--ctr"), host=given.get("--host")), side_of=side_of
    )
    limit = f"{int(PATIENCE * 1000)}ms"
    # ctr ends by itself where nobody answers: it would outlive a shell that has given up
    words = (*settings.ctr, "--connect-timeout", limit, "--timeout", limit)
    ctr = Ctr(
        processes=processes,
        words=words,
        address=settings.address,
        socket=settings.socket,
        timeout=PATIENCE,
        notice=lambda text: None,
        far=settings.far,
    )
    return Host(settings, ctr)


def _scope(given: Given) -> tuple[Host, Resolution, Scope]:
    from pathlib import Path

    host = _host(given)
    manifest = given.get("--manifest")
    found = host.resolve(
        given.get("--realm"),
        namespace=given.get("--namespace"),
        manifest=Path(manifest) if manifest else None,
        lenient=True,
    )
    return host, found, Scope(host.ctr, found.namespace)


def _beginning(names: "list[str] | frozenset[str]", front: str) -> list[str]:
    return sorted(name for name in names if name.startswith(front))


def _named(noun: str) -> Callable[[str, Given], list[str]]:
    """The names that ctr's `NOUN ls -q` shows."""

    def find(front: str, given: Given) -> list[str]:
        _, _, scope = _scope(given)
        return _beginning(quiet.names(scope, noun), front)

    return find


def _realms(front: str, given: Given) -> list[str]:
    from kuke_ctr.kukeon.realm_list import known_realms

    host = _host(given)
    found, _ = known_realms(host.settings, host.known_namespaces(), [])
    return _beginning([*found], front)


def _namespaces(front: str, given: Given) -> list[str]:
    return _beginning(_host(given).namespaces, front)


def _containers(noun: str) -> Callable[[str, Given], list[str]]:
    """Ids, and the words for the containers of Kukeon's cells; without containerd by records."""

    def find(front: str, given: Given) -> list[str]:
        from kuke_ctr.kukeon.lookup import Names
        from kuke_ctr.kukeon.members import readable_members

        host, realm, scope = _scope(given)
        try:
            # the form of the ids says which cells there are: no record has to be read
            return Names(quiet.names(scope, noun), {}).beginning(front)
        except KukeCtrError:
            return Names([], readable_members(host.settings.run_path, realm)).beginning(front)

    return find


def _copied(front: str, given: Given) -> list[str]:
    """`web:` for each container; behind the colon the files of one that runs here, for root."""
    from kuke_ctr.completion import copied

    if not copied.is_inside(front):
        return copied.containers(_containers("containers")(front, given))
    if os.geteuid() != 0:
        return []
    from kuke_ctr.kukeon.lookup import Names

    word, _, path = front.partition(":")
    host, _, scope = _scope(given)
    if host.settings.far is not None:
        return []
    pids = copied.pids_in(scope.run("tasks", "ls", probe=True).stdout.decode(errors="replace"))
    meant = Names([*pids], {}).find(word)
    if meant is None or len(meant.ids) != 1:
        return []
    copied.end_after(PATIENCE)
    found = copied.paths_inside(path, pids[meant.ids[0]], scope.namespace)
    return [f"{word}:{one}" for one in found]


def _cells(front: str, given: Given) -> list[str]:
    from kuke_ctr.kukeon.cell_list import recorded_cells

    host, realm, _ = _scope(given)
    return _beginning([cell.name for cell in recorded_cells(host.settings.run_path, realm)], front)


def _snapshots(front: str, given: Given) -> list[str]:
    _, _, scope = _scope(given)
    said = scope.run("snapshots", "ls", probe=True).stdout.decode(errors="surrogateescape")
    # a key has no blank in practice; one that has is not offered whole, and ctr refuses a part
    keys = [line.split(" ", 1)[0] for line in said.splitlines()[1:]]
    return _beginning([key for key in keys if key], front)


_KINDS: Mapping[str, Callable[[str, Given], list[str]]] = {
    "realm": _realms,
    "namespace": _namespaces,
    "image": _named("images"),
    "copied": _copied,
    "container": _containers("containers"),
    "task": _containers("tasks"),
    "cell": _cells,
    "digest": _named("content"),
    "lease": _named("leases"),
    "snapshot": _snapshots,
}
