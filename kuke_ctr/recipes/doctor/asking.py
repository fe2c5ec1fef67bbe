"""Asks ctr many things, and goes on where some of the answers do not come."""

from collections.abc import Sequence
from dataclasses import replace

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.tables import ListCall, R, fetch
from kuke_ctr.errors import KukeCtrError, TimeLimit
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.records import Listing


class Asking:
    """The ctr of a host, for reading calls only; each is a probe.

    An error stands in the place of an answer. After a call that the time limit ended nothing more
    is asked: a hung containerd costs one limit. What ctr says on stderr is not shown: a check says
    what it means.
    """

    def __init__(self, ctr: Ctr) -> None:
        self.ctr = replace(ctr, notice=lambda text: None)
        self.late: TimeLimit | None = None

    def lists(
        self, table: ListCall[R], namespaces: Sequence[str], flags: Sequence[str] = ()
    ) -> dict[str, Listing[R] | KukeCtrError]:
        """The table of each namespace, side by side."""
        if self.late is not None:
            return dict.fromkeys(namespaces, self.late)
        try:
            answers = fetch(self.ctr, table, namespaces, flags, probe=True)
        except KukeCtrError as error:
            if isinstance(error, TimeLimit):
                self.late = error
            if len(namespaces) < 2 or self.late is not None:  # noqa: PLR2004
                return dict.fromkeys(namespaces, error)
            return {  # one of them could not be asked at all
                name: answer
                for each in namespaces
                for name, answer in self.lists(table, [each], flags).items()
            }
        return dict(zip(namespaces, answers, strict=True))

    def run(self, calls: Sequence[Call]) -> list[Result | KukeCtrError]:
        """What each call gave, side by side; an exit code other than 0 is an error."""
        if self.late is not None:
            return [self.late for _ in calls]
        try:
            results = self.ctr.processes.run_all(calls)
        except KukeCtrError as error:
            if isinstance(error, TimeLimit):
                self.late = error
            if len(calls) < 2 or self.late is not None:  # noqa: PLR2004
                return [error for _ in calls]
            return [answer for call in calls for answer in self.run([call])]
        return [self._checked(result) for result in results]

    def _checked(self, result: Result) -> Result | KukeCtrError:
        try:
            return self.ctr.checked(result)
        except KukeCtrError as error:
            return error
