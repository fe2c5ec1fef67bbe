"""Containers that are to be removed: which of them are Kukeon's, and what their cells lose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kuke_ctr.backends.ctr import containers
from kuke_ctr.commands.shared.confirm import some
from kuke_ctr.commands.shared.kukeon import (
    by_cell,
    cell_answers,
    confirm_kukeon,
    members_of,
    of_cells,
)
from kuke_ctr.commands.shared.missing import near_containers
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import KukeCtrError, NotFound
from kuke_ctr.kukeon.members import Member
from kuke_ctr.recipes.cell_members import Members
from kuke_ctr.recipes.containers import has_living_task, remove
from kuke_ctr.recipes.nerdctls import changed_by_nerdctl
from kuke_ctr.recipes.task_control import Tasks
from kuke_ctr.records import TaskStatus
from kuke_ctr.session import OpenRealm, Session

if TYPE_CHECKING:
    from kuke_ctr.recipes.nerdctls_changes import NerdctlsOwn


@dataclass(frozen=True)
class Going:
    """The containers in the order in which they go, the roots of cells last.

    `members` are those of Kukeon's that containerd has. With `force` a task that has not stopped is
    killed first.
    """

    realm: OpenRealm
    tasks: Tasks
    names: Sequence[str]
    known: Members
    members: Mapping[str, Member]
    force: bool
    keep_snapshot: bool
    own: "NerdctlsOwn | None"

    @classmethod
    def of(
        cls,
        realm: OpenRealm,
        tasks: Tasks,
        names: Sequence[str],
        *,
        force: bool,
        keep_snapshot: bool,
    ) -> "Going":
        """`ctr containers info` for each that has no record of Kukeon's."""
        known = members_of(realm)
        found = known.among(names)
        existing = containers.names(realm.scope) if found else ()  # a record may name others
        ordered = sorted(names, key=lambda name: name in found and found[name].root)
        members = {name: found[name] for name in ordered if name in found and name in existing}
        theirs = () if keep_snapshot else ordered
        own = changed_by_nerdctl(realm.host, realm.resolution, theirs, "rm")
        return cls(realm, tasks, ordered, known, members, force, keep_snapshot, own)

    def without_kukeons(self) -> "Going":
        """Only what is not Kukeon's; a note tells of the others."""
        if self.members:
            cells = sorted({one.cell for one in self.members.values()})
            number = len(self.members)
            those = "1 container belongs" if number == 1 else f"{number} containers belong"
            which = f"cell {cells[0]}" if len(cells) == 1 else f"cells {some(cells)}"
            note(
                f"{those} to Kukeon's {which} and will not be removed (--kukeon removes them as "
                f"well): {some(list(self.members))}"
            )
        others = [name for name in self.names if name not in self.members]
        return replace(self, names=others, members={})

    def confirm(self, session: Session, *, yes: bool, kukeon: bool) -> None:
        """Ask before a cell loses a container. UsageError, Declined."""
        going = [one for one in self.members.values() if self.force or not self._lives(one.id)]
        if not going:
            return
        what = _what_cells_lose(self.known, going, self.tasks, self.keep_snapshot)
        answer = cell_answers(going)
        confirm_kukeon(session, what, answer, yes=yes, kukeon=kukeon, instead=_deletes(going))

    def remove(self, name: str, words: Sequence[str]) -> str:
        """`ctr containers rm [FLAG]... ID`, `ctr tasks rm --force ID` before it with `force`.

        `nerdctl rm ID` for what nerdctl has made. The id. A container that somebody else removes
        when its task ends (`run --rm`) is removed.
        """
        if name in self.members and self._lives(name) and not self.force:
            raise _runs(self.members[name], self.tasks.states[name].status)
        own = self.own if not words and (self.force or not self._lives(name)) else None
        if own is not None and name in own:
            own.change("rm", *(("--force",) if self.force else ()), name=name)
            return name
        states = dict(self.tasks.states)
        killed = self.force and self._lives(name)
        if killed:
            self.tasks.remove(name, ("--force",), force=True)
            states[name] = states[name].model_copy(update={"status": TaskStatus.STOPPED})
        try:
            with near_containers(self.realm, name):
                remove(self.realm.scope, name, words, states)
        except NotFound:
            if not killed:
                raise
        return name

    def _lives(self, name: str) -> bool:
        return has_living_task(name, self.tasks.states)


def _what_cells_lose(
    known: Members, going: Sequence[Member], tasks: Tasks, keep_snapshot: bool
) -> str:
    living = {name for name in tasks.states if has_living_task(name, tasks.states)}
    files = "their snapshots stay" if keep_snapshot else "what they wrote in their files is lost"
    if len(going) == 1:
        files = "its snapshot stays" if keep_snapshot else "what it wrote in its files is lost"
    return (
        f"this removes {of_cells(known, going, living)}; {files}, and afterwards `kuke start` "
        f"fails ({going[0].id}: container not found)"
    )


def _deletes(going: Sequence[Member]) -> str:
    lines = [parts[0].kuke("delete cell") for parts in by_cell(going).values()]
    whole = "the whole cell" if len(lines) == 1 else "the whole cells"
    return f"to delete {whole} with Kukeon's record: {' and '.join(lines)}"


def _runs(one: Member, status: str) -> KukeCtrError:
    return KukeCtrError(
        f"the task of the container {one.id} is {status}; the container was not removed",
        hint=f"it belongs to Kukeon's cell {one.cell}; to stop the cell: {one.kuke('stop')}",
    )
