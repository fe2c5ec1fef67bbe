"""What ctr says about one task at a time, asked of several tasks side by side."""

from collections.abc import Callable, Sequence

from kuke_ctr.backends.ctr import containers, tasks
from kuke_ctr.backends.ctr.client import lines_of
from kuke_ctr.backends.ctr.failures import failure_of
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.tables import R, listing
from kuke_ctr.commands.shared.json_document import print_bytes
from kuke_ctr.commands.shared.kukeon import members_of
from kuke_ctr.commands.shared.missing import missing_container
from kuke_ctr.commands.shared.output import note
from kuke_ctr.commands.shared.short_ids import at_once, tell, whole_id
from kuke_ctr.errors import KukeCtrError, NotFound
from kuke_ctr.parse.metrics import metrics_of
from kuke_ctr.parse.processes import parse_processes
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.records import Listing, Metrics, Process, RowsRefused
from kuke_ctr.session import OpenRealm, Session

Ask = Callable[[Scope, str], Call]
"""Makes the call about a task, by its id."""


def of_each(
    session: Session,
    ask: Ask,
    read: Callable[[str, Result], Listing[R]],
    names: Sequence[str],
) -> tuple[list[R], list[KukeCtrError]]:
    """The records of each task, and what went wrong with some of them."""
    rows: list[R] = []
    errors: list[KukeCtrError] = []
    for realm, name, said in _asked(session, ask, names):
        if said.planned:
            continue
        try:
            found = read(name, realm.ctr.checked(said))
        except NotFound as error:
            if names:  # else it has ended since it was listed
                errors.append(no_task(realm, name, error))
            continue
        except KukeCtrError as error:
            errors.append(error)
            continue
        every = session.options.all_realms
        rows += [
            row.model_copy(update={"realm": realm.name}) if every else row for row in found.records
        ]
        if found.refused:
            errors.append(RowsRefused(found))
        elif not found.records:
            note(
                f"the task {name} has no processes; it may have stopped "
                f"({realm.scope.line('tasks', 'ls')})"
            )
    return rows, errors


def copy_each(session: Session, ask: Ask, names: Sequence[str]) -> None:
    """Print what ctr says about each, byte for byte."""
    for realm, name, said in _asked(session, ask, names):
        try:
            print_bytes(realm.ctr.checked(said))
        except NotFound as error:
            raise no_task(realm, name, error) from None


def processes_in(name: str, said: Result) -> Listing[Process]:
    """The processes of a task in the answer of `ctr tasks ps`."""
    found = listing(parse_processes(lines_of(said.stdout)))
    named = (row.model_copy(update={"task": name}) for row in found.records)
    return Listing(tuple(named), found.refused)


def metrics_in(name: str, said: Result) -> Listing[Metrics]:
    """The metrics of a task in the answer of `ctr tasks metrics --format json`."""
    return Listing((metrics_of(name, said.stdout.decode(errors="surrogateescape")),))


def _asked(session: Session, ask: Ask, names: Sequence[str]) -> list[tuple[OpenRealm, str, Result]]:
    if names:
        realm = session.realm()
        wanted = [(realm, at_once(realm, name)) for name in dict.fromkeys(names)]
    else:
        wanted = _living(session)
    answers = _answers(session, ask, wanted)
    return [_by_name(session, ask, answer) for answer in answers] if names else answers


def _answers(
    session: Session, ask: Ask, wanted: Sequence[tuple[OpenRealm, str]]
) -> list[tuple[OpenRealm, str, Result]]:
    calls = [ask(realm.scope, name) for realm, name in wanted]
    results = session.ctr.processes.run_all(calls)
    return [(realm, name, said) for (realm, name), said in zip(wanted, results, strict=True)]


def _by_name(
    session: Session, ask: Ask, answer: tuple[OpenRealm, str, Result]
) -> tuple[OpenRealm, str, Result]:
    """The answer, or that of the container that the word means, where it is no id."""
    realm, name, said = answer
    if said.exit_code == 0 or not isinstance(failure_of(said), NotFound):
        return answer
    whole = whole_id(realm, name)
    if whole is None:
        return answer
    tell(name, whole)
    return _answers(session, ask, [(realm, whole)])[0]


def _living(session: Session) -> list[tuple[OpenRealm, str]]:
    """The tasks that have processes, of the realms that the options mean."""
    realms = session.realms()
    answers = tasks.listed(session.ctr, [realm.namespace for realm in realms])
    living = [
        (realm, task.id)
        for realm, answer in zip(realms, answers, strict=True)
        for task in realm.records_of(answer)
        if task.living
    ]
    if not living and not session.options.all_realms:
        note(f"{realms[0].described} has no running task")
    return living


def no_task(realm: OpenRealm, name: str, error: NotFound) -> NotFound:
    """The error for a task that there is not: of a container without one, or of none at all."""
    realm.require_namespace()
    existing = containers.names(realm.scope)
    if name not in existing:
        return missing_container(realm, name, existing, error)
    found = members_of(realm).of(name)
    return NotFound(
        f"the container {name} has no task: it was not started, or its task was deleted",
        hint=found.start_hint
        if found is not None
        else f"{realm.scope.line('tasks', 'ls')} lists the tasks",
        command=error.command,
    )
