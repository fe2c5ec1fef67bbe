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

    def table(
        self, table: ListCall[R], namespace: str, flags: Sequence[str] = ()
    ) -> Listing[R] | KukeCtrError:
        """The table of a namespace."""
        if self.late is not None:
            return self.late
        try:
            (answer,) = fetch(self.ctr, table, [namespace], flags, probe=True)
        except KukeCtrError as error:
            answer = error
        self._heed([answer])
        return answer

    def run(self, calls: Sequence[Call]) -> list[Result | KukeCtrError]:
        """What each call gave, side by side; an exit code other than 0 is an error."""
        if self.late is not None:
            return [self.late for _ in calls]
        try:
            results = self.ctr.processes.run_all(calls)
        except KukeCtrError as error:
            self._heed([error])
            if self.late is not None or len(calls) == 1:
                return [error for _ in calls]
            return [answer for call in calls for answer in self.run([call])]
        checked = [self._checked(result) for result in results]
        self._heed(checked)
        return checked

    def _heed(self, answers: Sequence[object]) -> None:
        """ctr has a limit of its own, when it waits for containerd to accept its connection."""
        self.late = next((one for one in answers if isinstance(one, TimeLimit)), None)

    def _checked(self, result: Result) -> Result | KukeCtrError:
        try:
            return self.ctr.checked(result)
        except KukeCtrError as error:
            return error
