"""What can be wrong with a cell of Kukeon's: its record beside its containers and tasks.

Each rule is a function of one cell; the first that has something to say says it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from kuke_ctr.kukeon.members import Member
from kuke_ctr.recipes.doctor.facts import Facts, listed
from kuke_ctr.recipes.doctor.kukeond import STARTS, is_down
from kuke_ctr.records import Cell, CellContainer, CellNow, Severity, TaskStatus

_READY, _FAILED = "Ready", "Failed"
_KEPT = (_FAILED, "Error")
"""Kukeon does not renew these before the cell is started again."""

_NOT_MADE = "CreateCellFailed"
_ENDED = ("Stopped", "Exited")
"""What Kukeon records of a cell that somebody stopped, or that ended well."""

_PAUSED = (TaskStatus.PAUSED, TaskStatus.PAUSING)


class Told(NamedTuple):
    """What is to be said of a cell: the check, a sentence, what to do, and how bad it is."""

    check: str
    message: str
    hint: str | None = None
    fix: tuple[str, ...] = ()
    severity: Severity = Severity.WARNING


@dataclass(frozen=True, slots=True)
class _Case:
    """A cell, of which containerd could be asked."""

    facts: Facts
    realm: str
    cell: Cell

    @property
    def name(self) -> str:
        return path_of(self.cell)

    @property
    def state(self) -> str | None:
        """What Kukeon recorded."""
        return self.cell.recorded

    @property
    def running(self) -> tuple[str, ...]:
        """The containers that do the work and run."""
        return tuple(one.name for one in self._work if one.status == TaskStatus.RUNNING)

    @property
    def paused(self) -> list[CellContainer]:
        return [one for one in self._work if one.status in _PAUSED]

    @property
    def dead(self) -> list[CellContainer]:
        """The containers that exist and neither run nor are paused, the root among them.

        Of one whose shim is silent nobody knows: another check says so.
        """
        living = (TaskStatus.RUNNING, TaskStatus.UNKNOWN, *_PAUSED)
        silent = {name for _, name in self.facts.shims}
        return [
            one
            for one in self.cell.containers
            if one.exists and one.status not in living and one.id not in silent
        ]

    @property
    def _work(self) -> list[CellContainer]:
        return [one for one in self.cell.containers if not one.root]

    def kuke(self, verb: str) -> tuple[str, ...]:
        """Kukeon's command for the cell; where its daemon does not run, that comes first."""
        line = kuke_line(verb, self.cell, self.realm)
        return (STARTS, line) if is_down(self.facts) else (line,)

    def differs(self, what: str, verb: str | None = None) -> Told:
        """The record and containerd do not agree: the daemon is named where it can be the cause."""
        down = is_down(self.facts)
        line = kuke_line(verb, self.cell, self.realm) if verb else None
        then = f"; if it stays so: `{line}`" if line else ""
        message = f"cell {self.name} is recorded as {self.state}, but {what}"
        if down:
            hint = f"Kukeon's daemon does not run, so nobody renews the record{then}"
            return Told("cell-differs", message, hint, (STARTS,))
        if down is False:
            hint = f"Kukeon renews its records every 30 seconds{then or ': look again after that'}"
            return Told("cell-differs", message, hint, severity=Severity.INFO)
        hint = "Kukeon's daemon renews the records every 30 seconds, if it runs: `kuke status`"
        return Told("cell-differs", message, hint, (line,) if line else ())


def wrong_with(facts: Facts, realm: str, cell: Cell) -> Told | None:
    """What is wrong with a cell, the worst of it; None for one that is well."""
    case = _Case(facts, realm, cell)
    return next(filter(None, (rule(case) for rule in _RULES)), None)


def paused_though_stopped(cells: list[Cell]) -> list[CellContainer]:
    """The paused containers of cells that are recorded as stopped: a rule here tells them."""
    return [
        one
        for cell in cells
        if cell.recorded in _ENDED
        for one in cell.containers
        if one.status in _PAUSED and not one.root
    ]


def _not_made(case: _Case) -> Told | None:
    """What was made of it before that is in the way of a second try."""
    if case.state != _FAILED or case.cell.reason != _NOT_MADE:
        return None
    deletes = kuke_line("delete cell", case.cell, case.realm)
    return Told(
        "cell-failed",
        f"Kukeon could not create cell {case.name}: {case.cell.message or _NOT_MADE}",
        f"once the cause is removed: `{deletes}`, and apply its manifest again",
    )


def _incomplete(case: _Case) -> Told | None:
    """The first try of Kukeon to start it fails, the next makes the container anew."""
    gone = tuple(one.name for one in case.cell.containers if one.exists is False)
    if not gone:
        return None
    verb = "restart" if case.running else "start"
    *before, line = case.kuke(verb)
    return Told(
        "cell-incomplete",
        f"containerd has no container any more for {listed(gone)} of cell {case.name}: what was "
        f"written there is lost, and `kuke {verb}` fails the first time",
        "the second time Kukeon creates the container again, from the record, and starts the cell; "
        "if that fails, too: delete the cell and apply its manifest again",
        (*before, f"{line} || {line}"),
    )


def _without_root(case: _Case) -> Told | None:
    """`kuke start` refuses a cell of which something runs; only `restart` helps.

    After `kuke stop` of a cell with a paused container Kukeon soon records it as Ready again.
    """
    paused = tuple(one.name for one in case.paused)
    living = (*case.running, *paused)
    if not living or not any(one.root for one in case.dead):
        return None
    are = f"{listed(paused)} {'is' if len(paused) == 1 else 'are'} paused"
    state = " and ".join(
        [*([_run(case.running)] if case.running else []), *([are] if paused else [])]
    )
    hint = f"the fix ends {listed(living)} and starts the whole cell again"
    if case.state in _ENDED:
        stops = kuke_line("stop", case.cell, case.realm)
        hint += f"; the record says {case.state}: `{stops}` ends it"
    return Told(
        "cell-without-root",
        f"cell {case.name} has lost its root container, which holds its network, while "
        f"{state}: `kuke start` refuses that, and Kukeon does not repair it by itself",
        hint,
        case.kuke("restart"),
    )


def _stopped_and_paused(case: _Case) -> Told | None:
    """`kuke stop` says that it stopped the cell, and the paused task stays."""
    if case.state not in _ENDED or not case.paused:
        return None
    ids, names = zip(*((one.id, one.name) for one in case.paused), strict=True)
    namespace = case.facts.namespace_of(case.realm)
    return Told(
        "cell-paused",
        f"cell {case.name} is recorded as {case.state}, but {listed(names)} "
        f"{'is' if len(names) == 1 else 'are'} paused and still there: `kuke stop` does not end "
        "what is paused",
        f"to run the cell again instead: `{case.kuke('start')[-1]}`",
        (case.facts.line(namespace, "tasks", "resume", *ids), *case.kuke("stop")),
    )


def _stopped_and_running(case: _Case) -> Told | None:
    if case.state not in _ENDED or not case.running:
        return None
    return case.differs(_run(case.running))


def _ready_and_dead(case: _Case) -> Told | None:
    if case.state != _READY or not case.dead:
        return None
    names = tuple(one.name for one in case.dead)
    does = "does" if len(names) == 1 else "do"
    return case.differs(f"{listed(names)} {does} not run", "restart" if case.running else "start")


def _behind(case: _Case) -> Told | None:
    if case.state in (None, _READY) or case.cell.now is not CellNow.RUNNING:
        return None
    if case.state not in _KEPT:
        return case.differs("all its containers run")
    restarts = kuke_line("restart", case.cell, case.realm)
    return Told(
        "cell-differs",
        f"cell {case.name} is recorded as {case.state}, but all its containers run: Kukeon keeps "
        "that word until the cell is started again",
        f"`{restarts}` ends the containers and starts them again",
        severity=Severity.INFO,
    )


def _failed(case: _Case) -> Told | None:
    if case.state != _FAILED:
        return None
    said = case.cell.message or case.cell.reason or "the record has no reason"
    again = f"to try again: `{kuke_line('start', case.cell, case.realm)}`"
    return Told("cell-failed", f"cell {case.name} failed: {said}", again, severity=Severity.INFO)


_RULES: tuple[Callable[[_Case], Told | None], ...] = (
    *(_not_made, _incomplete, _stopped_and_paused, _without_root),
    *(_stopped_and_running, _ready_and_dead, _behind, _failed),
)


def _run(names: tuple[str, ...]) -> str:
    return f"{listed(names)} {'runs' if len(names) == 1 else 'run'}"


def kuke_line(verb: str, cell: Cell, realm: str) -> str:
    """Kukeon's own command for a cell."""
    member = Member("", cell.name, space=cell.space, stack=cell.stack, realm=realm)
    return member.kuke(verb).strip("`")


def path_of(cell: Cell) -> str:
    """`default/default/web`."""
    return f"{cell.space}/{cell.stack}/{cell.name}"
