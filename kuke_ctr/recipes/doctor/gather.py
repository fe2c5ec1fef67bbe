"""Gathers what the checks judge: the same few lists of every namespace, side by side.

Where a list leaves a doubt about a thing, that one thing is looked at more closely: `images check`
of all images, or `containers info` of all containers, would take longer than everything else.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from kuke_ctr.backends.ctr import containers, content, daemon, images, leases, snapshots, tasks
from kuke_ctr.backends.ctr.client import lines_of
from kuke_ctr.backends.ctr.tables import ListCall, R, read
from kuke_ctr.errors import KukeCtrError, NotFound, Unreadable
from kuke_ctr.kukeon import kukeond
from kuke_ctr.kukeon.host import Host
from kuke_ctr.kukeon.realm_files import names_of, suffix_of
from kuke_ctr.kukeon.realm_list import RealmList, list_realms
from kuke_ctr.kukeon.realms import Resolution, Resolver
from kuke_ctr.kukeon.settings import Settings
from kuke_ctr.names import check_name
from kuke_ctr.processes.calls import Result
from kuke_ctr.recipes.asking import Asking
from kuke_ctr.recipes.cells import Present, cells_of
from kuke_ctr.recipes.doctor.closer import look_closer
from kuke_ctr.recipes.doctor.facts import Facts, Space
from kuke_ctr.recipes.doctor.layouts import others_of
from kuke_ctr.recipes.doctor.outputs import tasks_without_reader
from kuke_ctr.recipes.doctor.shims import shims_of
from kuke_ctr.records import Realm, RealmSource, TaskStatus, Version

_PATIENCE = 10.0
"""Seconds until a containerd that says nothing is told as hung."""

LISTS: Mapping[str, ListCall[Any]] = {
    "images": images.LS,
    "blobs": content.LS,
    "containers": containers.LS,
    "tasks": tasks.LS,
    "snapshots": snapshots.LS,
    "leases": leases.LS,
}
"""Field of a Space -> its list.

They are not compared with what `-q` prints: a forged row could only make a finding, and the
commands that mend one look again.
"""


def gather(host: Host, realm: str | None = None) -> Facts:
    """What there is to know of a host, or of one realm of it. Every call reads, and is a probe.

    Raises NotFound and UsageError for the name of a realm, and nothing where containerd can't be
    asked: then the facts are those of the files.
    """
    asking = Asking(host.ctr)
    run_path, usual = str(host.settings.run_path), host.settings.realm
    facts = Facts(asking.ctr, run_path=run_path, whole=realm is None, usual=usual)
    _ask_daemon(facts, asking)
    known = None if facts.daemon_error is not None else facts.namespaces
    _find_realms(facts, host, known, realm)
    if facts.daemon_error is None:
        _read_lists(facts, asking)
        if not asking.ctr.processes.replays and host.ctr.far is None:
            facts.shims = shims_of(_of_unknown_state(facts), host.settings.socket)
            if os.geteuid() == 0:
                facts.fifos = tasks_without_reader(facts.of_realms())
    _read_cells(facts, host.settings.run_path)
    _ask_kukeond(facts, host.settings)
    if facts.daemon_error is None:
        look_closer(facts, asking)
        facts.daemon_error = asking.late
    return facts


def _ask_daemon(facts: Facts, asking: Asking) -> None:
    """The namespaces and the versions; nobody waits for a hung daemon as long as for a list."""
    ctr = asking.ctr
    if ctr.change_timeout is None and ctr.timeout is not None:  # --timeout was not given
        ctr = replace(ctr, timeout=min(ctr.timeout, _PATIENCE))
    names, said = asking.run(
        [ctr.call(*words, probe=True) for words in (("namespaces", "ls", "-q"), ("version",))]
    )
    if isinstance(names, KukeCtrError):
        facts.daemon_error = names
        return
    facts.namespaces = frozenset(filter(None, map(str.strip, lines_of(names.stdout))))
    if isinstance(said, Result):
        facts.answer = said.seconds
        rows = daemon.VERSION.parse(lines_of(said.stdout))
        found = {row.program: row.version for row in rows if isinstance(row, Version)}
        facts.client, facts.server = found.get("ctr", ""), found.get("containerd", "")


def _find_realms(facts: Facts, host: Host, known: frozenset[str] | None, realm: str | None) -> None:
    """The realms, their namespaces, and those beside them that could be theirs."""
    found = list_realms(host.settings, known, show_all=False)
    facts.realms = found.realms
    told = _of_layouts(host, found, known)
    facts.warnings = tuple(one for one in found.warnings if one not in told)
    facts.claimed = frozenset(one.namespace for one in found.realms)
    try:
        facts.suffix, _, _ = suffix_of(host.settings)
    except KukeCtrError:  # the list of realms has said so
        facts.suffix = host.settings.suffix
    if realm is not None:
        facts.realms = (_one(host, realm, found.realms),)
    for one in facts.realms:
        if one.namespace in facts.namespaces:
            facts.spaces[one.namespace] = Space(one.namespace, one.name)
    for one in facts.realms:
        for other in others_of(one, facts):
            facts.spaces.setdefault(other, Space(other))


def _of_layouts(host: Host, found: RealmList, known: frozenset[str] | None) -> list[str]:
    """The warnings about two layouts: a check says more about these."""
    guessed = (RealmSource.LAYOUT, RealmSource.CONTAINERD)
    warnings: list[str] = []
    for one in found.realms:
        if one.source in guessed:
            with suppress(KukeCtrError):
                walk = Resolver(one.name, host.settings, changing=False)
                warnings += walk.from_layout(known).warnings
    return warnings


def _one(host: Host, name: str, realms: Sequence[Realm]) -> Realm:
    """The realm of that name; NotFound."""
    check_name(name, "realm")
    found = next((one for one in realms if one.name in names_of(name)), None)
    if found is None:
        known = ", ".join(one.name for one in realms) or "none"
        lists = host.ctr.line("realms", "ls")
        raise NotFound(f"there is no realm {name}", hint=f"realms: {known}; {lists} lists them")
    return found


def _read_lists(facts: Facts, asking: Asking) -> None:
    """The lists of the namespaces of realms, and of those beside them; of all others the images."""
    foreign = sorted(facts.namespaces - facts.spaces.keys()) if facts.whole else []
    wanted = [(field, name) for field in LISTS for name in sorted(facts.spaces)]
    ctr = asking.ctr
    answers = asking.run(
        [
            *(ctr.call(*LISTS[one].words, namespace=name, probe=True) for one, name in wanted),
            *(ctr.call("images", "ls", "-q", namespace=name, probe=True) for name in foreign),
        ]
    )
    for (field, name), said in zip(wanted, answers, strict=False):
        setattr(facts.spaces[name], field, _rows(facts.spaces[name], LISTS[field], asking, said))
    for name, said in zip(foreign, answers[len(wanted) :], strict=True):
        if isinstance(said, Result):
            facts.elsewhere[name] = tuple(filter(None, lines_of(said.stdout)))


def _of_unknown_state(facts: Facts) -> set[tuple[str, str]]:
    """The containers whose shim did not answer; ctr 2.3 leaves their tasks out."""
    found: set[tuple[str, str]] = set()
    for space in facts.spaces.values():
        if space.knows(*tasks.LS.words):
            known = {one.id for one in space.tasks if one.status != TaskStatus.UNKNOWN}
            found |= {(space.namespace, one.id) for one in space.containers if one.id not in known}
    return found


def _rows(
    space: Space, table: ListCall[R], asking: Asking, said: Result | KukeCtrError
) -> tuple[R, ...]:
    """The records of a list; what is wrong with it is noted."""
    try:
        if isinstance(said, KukeCtrError):
            raise said
        found = read(asking.ctr, table, said)
    except KukeCtrError as error:
        space.unread[table.words] = error.message
        return ()
    if found.refused:
        space.unread[table.words] = f"{len(found.refused)} of its rows cannot be read"
    return found.records


def _read_cells(facts: Facts, run_path: Path) -> None:
    """The cells of the realms, as recorded, beside what containerd has."""
    for realm in facts.realms:
        space = facts.spaces.get(realm.namespace)
        try:
            facts.cells[realm.name] = cells_of(run_path, Resolution.of(realm), _present(space))
        except KukeCtrError as error:
            facts.unread_cells[realm.name] = error.message


def _ask_kukeond(facts: Facts, settings: Settings) -> None:
    """Whether somebody listens on the socket of Kukeon's daemon, where that is of this host."""
    elsewhere = facts.ctr.processes.replays or settings.far is not None
    path = None if elsewhere else kukeond.socket_of(settings)
    if path is not None:
        facts.kukeond_socket, facts.kukeond_listens = str(path), kukeond.listens(path)


def _present(space: Space | None) -> Present:
    """What containerd has in a namespace; with `error` where that is not known."""
    lists = (containers.LS.words, tasks.LS.words)
    if space is None or not all(space.knows(*words) for words in lists):
        return Present(error=Unreadable("containerd could not be asked"))
    return Present({one.id: one for one in space.containers}, {one.id: one for one in space.tasks})
