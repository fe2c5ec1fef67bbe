"""What ending a task of Kukeon's does to its cell: asked about before, or told after it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kuke_ctr.commands.shared.confirm import confirm
from kuke_ctr.commands.shared.kukeon import members_of
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.members import Member
from kuke_ctr.recipes.cell_members import Members
from kuke_ctr.recipes.containers import has_living_task
from kuke_ctr.records import Task
from kuke_ctr.session import OpenRealm, Session

ALWAYS, ON_FAILURE = "always", "on-failure"


@dataclass
class Ending:
    """Tasks that are to end, and which of them are Kukeon's."""

    session: Session
    states: Mapping[str, Task]
    known: Members
    found: Mapping[str, Member]
    told: set[tuple[str, str, str]] = field(default_factory=set)

    @classmethod
    def of(
        cls, session: Session, realm: OpenRealm, states: Mapping[str, Task], names: Sequence[str]
    ) -> "Ending":
        """`ctr containers info` for each that has a task and no record."""
        known = members_of(realm)
        return cls(session, states, known, known.among(name for name in names if name in states))

    @classmethod
    def of_none(cls, session: Session, realm: OpenRealm) -> "Ending":
        """For tasks that are known to be nobody's."""
        return cls(session, {}, members_of(realm), {})

    def confirm(self, *, yes: bool, killed: bool = False) -> None:
        """Ask before the root of a cell ends, or a workload with which its cell would be deleted.

        `killed`: by SIGKILL, which gives an exit code that keeps the cell. A dry run only tells.
        """
        going = [one for one in self.found.values() if has_living_task(one.id, self.states)]
        roots = [one for one in going if one.root]
        told = [self._without_root(one) for one in roots]
        told += [] if killed else [self._deleted(one) for one in going if self._deletes(one)]
        if not told:
            return
        said = "; ".join(dict.fromkeys(told))
        if self.session.options.dry_run:
            note(f"note: {said}")
        stops = " and ".join(dict.fromkeys(one.kuke("stop") for one in roots))
        confirm(self.session, said, yes=yes, instead=f"to stop the cell: {stops}" if stops else "")

    def refuse_running(self, name: str) -> None:
        """Raise KukeCtrError for one of Kukeon's that has not ended: Kukeon's way is the better."""
        one = self.found.get(name)
        if one is not None and has_living_task(name, self.states):
            status = self.states[name].status
            stops = one.kuke("stop")
            raise KukeCtrError(
                f"the task {name} is {status}: only a stopped task can be deleted",
                hint=f"it belongs to Kukeon's cell {one.cell}; to stop the cell: {stops}",
            )

    def roots_last(self, names: Sequence[str]) -> list[list[str]]:
        """The ids in two parts: a cell's root holds the network of its workloads."""
        roots = [name for name in names if name in self.found and self.found[name].root]
        return [part for part in ([name for name in names if name not in roots], roots) if part]

    def tell_of_stop(self, name: str) -> None:
        """Say what Kukeon does after a stop, and once for each cell how it would stop the cell."""
        self.tell(name)
        one = self.found.get(name)
        if one is None or _cell(one) in self.told:
            return
        self.told.add(_cell(one))
        stops = one.kuke("stop")
        note(f"note: {name} belongs to Kukeon's cell {one.cell}; to stop the cell: {stops}")

    def tell(self, name: str) -> None:
        """Say what Kukeon does after the end of a workload."""
        one = self.found.get(name)
        if one is None or one.root or not self._root_stays(one):
            return
        when = {
            ALWAYS: "in about half a minute",
            ON_FAILURE: "if its exit code is not 0",
        }.get(one.restart_policy or "")
        if when is not None:
            self.told.add(_cell(one))
            note(
                f"note: Kukeon starts {one.id} again {when} (restartPolicy: {one.restart_policy}); "
                f"to stop the cell: {one.kuke('stop')}"
            )

    def tell_of_removal(self, name: str) -> None:
        """Say what Kukeon makes of a task that was deleted: from it, it reads how it ended."""
        one = self.found.get(name)
        if one is not None:
            note(
                f"note: Kukeon cannot find out any more how {name} has ended, and may call the "
                f"cell Unknown; to start it again: {one.kuke('stop')}, then {one.kuke('start')}"
            )

    def _without_root(self, one: Member) -> str:
        others = [other for other in self._others(one) if has_living_task(other, self.states)]
        said = f"{one.id} is the root container of Kukeon's cell {one.cell}"
        if not others:
            return f"{said}: the cell cannot be used without it, and Kukeon does not start it again"
        go_on = "goes on without it" if len(others) == 1 else "go on without it"
        return (
            f"{said}: {', '.join(others)} {go_on}, and Kukeon starts nothing in the cell before "
            f"{one.kuke('restart')}"
        )

    def _deletes(self, one: Member) -> bool:
        """Whether no workload of its cell goes on, and Kukeon would delete the cell for it."""
        stay = (self.known.by_id(name) for name in self._others(one))
        alive = (
            has_living_task(other.id, self.states) for other in stay if other and not other.root
        )
        return one.auto_delete and not one.root and one.restart_policy != ALWAYS and not any(alive)

    def _deleted(self, one: Member) -> str:
        return (
            f"Kukeon deletes the cell {one.cell} with all its files when {one.id} has ended with "
            f"exit code 0 (autoDelete)"
        )

    def _others(self, one: Member) -> Iterable[str]:
        """The ids of the cell's other containers that are not to end."""
        for name in self.states:
            other = self.known.by_id(name) if name not in self.found else None
            if other is not None and _cell(other) == _cell(one):
                yield name

    def _root_stays(self, one: Member) -> bool:
        """Whether the cell keeps its root, without which Kukeon starts nothing in it."""
        roots = [other.id for other in self.known.of_cell(one) if other.root]
        return all(has_living_task(root, self.states) and root not in self.found for root in roots)


def _cell(one: Member) -> tuple[str, str, str]:
    return (one.space, one.stack, one.cell)
