"""All that is known of one realm; what can't be read is left out, and said."""

from collections.abc import Callable, Sequence
from typing import TypedDict, TypeVar

from kuke_ctr.backends.ctr import namespaces, tasks
from kuke_ctr.backends.ctr.client import lines_of
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.tables import ListCall, R, read
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.host import Host
from kuke_ctr.kukeon.realm_files import names_of
from kuke_ctr.kukeon.realm_list import list_realms
from kuke_ctr.kukeon.realm_record import Places, RealmRecord, places, record_of
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.processes.calls import Result
from kuke_ctr.recipes.asking import Asking
from kuke_ctr.recipes.disk.stored import Stored, stored_in
from kuke_ctr.recipes.residuals import residuals
from kuke_ctr.records import (
    RealmAccount,
    RealmDetails,
    ResidualNamespace,
    RowsRefused,
    TaskStatus,
)

T = TypeVar("T")

Problems = list[str]


class _Present(TypedDict):
    """What containerd has of a realm; None where it could not be asked."""

    namespace_labels: dict[str, str] | None
    images: int | None
    containers: int | None
    tasks: int | None
    running: tuple[str, ...] | None
    content_bytes: int | None
    snapshots: int | None
    snapshots_bytes: int | None


def details_of(host: Host, realm: Resolution) -> RealmDetails:
    """A realm from its files, and from `ctr ... ls` and `ctr snapshots usage` of its namespace."""
    problems: Problems = []
    settings = host.settings
    record: RealmRecord | None = _try(problems, None, lambda: record_of(realm.name, settings))
    below: Places | None = _try(problems, None, lambda: places(settings.run_path, realm))
    existing = _namespaces(host, problems)
    exists = None if existing is None else realm.namespace in existing
    if exists is False:
        problems.append(f"containerd has no namespace {realm.namespace}")
    scope = Scope(host.ctr, realm.namespace)
    residual = _residual(host, realm, existing)
    present = _present(scope, problems) if exists else _nothing()
    return RealmDetails(
        name=realm.name,
        namespace=realm.namespace,
        source=realm.source,
        found=next((f"{one.rule}: {one.found}" for one in realm.rules if one.won), ""),
        exists=exists,
        record=str(record.path) if record is not None else None,
        recorded=record.state if record is not None else None,
        recorded_at=record.recorded_at if record is not None else None,
        labels=record.labels if record is not None else {},
        spaces=below.spaces if below is not None else None,
        stacks=below.stacks if below is not None else None,
        cells=below.cells if below is not None else None,
        **present,
        size_approximate=True,
        residual=residual,
        credentials=tuple(
            RealmAccount(server=one.server, user=one.user)
            for one in (record.accounts if record is not None else ())
        ),
        problems=tuple(dict.fromkeys(problems)),
    )


def _try(problems: Problems, other: T, ask: Callable[[], T]) -> T:
    """What `ask` gives; `other`, and a problem more, where it can't be known."""
    try:
        return ask()
    except KukeCtrError as error:
        problems.append(_said(error))
    return other


def _said(error: KukeCtrError) -> str:
    of = f" of `{' '.join(error.command or ())}`" if isinstance(error, RowsRefused) else ""
    return error.message + of


def _namespaces(host: Host, problems: Problems) -> frozenset[str] | None:
    try:
        return host.namespaces
    except KukeCtrError as error:
        problems.append(f"what containerd has is not known: {error.message}")
        return None


def _residual(
    host: Host, realm: Resolution, existing: frozenset[str] | None
) -> tuple[ResidualNamespace, ...]:
    listed = list_realms(host.settings, existing, show_all=False).realms
    known = [one for one in listed if one.name in names_of(realm.name)]
    return tuple(
        ResidualNamespace(namespace=one.namespace, images=one.images, containers=one.containers)
        for one in residuals(host.ctr, known)
    )


def _nothing() -> _Present:
    return _Present(
        namespace_labels=None,
        images=None,
        containers=None,
        tasks=None,
        running=None,
        content_bytes=None,
        snapshots=None,
        snapshots_bytes=None,
    )


def _present(scope: Scope, problems: Problems) -> _Present:
    """What containerd has; what takes disk comes last: the files of snapshots are counted."""
    calls = [
        scope.ctr.call(*namespaces.LS.words),
        scope.call("images", "ls", "-q"),
        scope.call("containers", "ls", "-q"),
        scope.call(*tasks.LS.words),
    ]
    unknown: Sequence[Result | None] = [None] * len(calls)
    said = _try(problems, unknown, lambda: scope.ctr.processes.run_all(calls))
    stored = _stored(scope, problems)
    names, images, containers, tasks_said = said
    rows = _rows(scope, namespaces.LS, names, problems)
    running = _rows(scope, tasks.LS, tasks_said, problems)
    return _Present(
        namespace_labels=next(
            (one.labels for one in rows or () if one.name == scope.namespace), None
        ),
        images=_count(scope, images, problems),
        containers=_count(scope, containers, problems),
        tasks=None if running is None else len(running),
        running=None
        if running is None
        else tuple(one.id for one in running if one.status == TaskStatus.RUNNING),
        content_bytes=stored.content_bytes,
        snapshots=stored.snapshots_count,
        snapshots_bytes=stored.snapshots_bytes,
    )


def _stored(scope: Scope, problems: Problems) -> Stored:
    """What takes disk, as `df` counts it."""
    nothing = Stored(scope.namespace, snapshots={None: None})
    found = _try(problems, nothing, lambda: stored_in(Asking(scope.ctr), [scope.namespace])[0])
    problems += map(_said, found.unread)
    return found


def _rows(
    scope: Scope, table: ListCall[R], said: Result | None, problems: Problems
) -> tuple[R, ...] | None:
    """The records in what ctr said; None, and a problem more, where one can't be read."""
    if said is None:
        return None

    def rows() -> tuple[R, ...]:
        found = read(scope.ctr, table, scope.ctr.checked(said))
        if found.refused:
            raise RowsRefused(found, command=said.argv)
        return found.records

    return _try(problems, None, rows)


def _count(scope: Scope, said: Result | None, problems: Problems) -> int | None:
    if said is None:
        return None
    return _try(problems, None, lambda: len(list(lines_of(scope.ctr.checked(said).stdout))))
