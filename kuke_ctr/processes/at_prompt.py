"""Calls of ctr while somebody waits at a prompt."""

import time
from collections.abc import Sequence

from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.door import answer_of
from kuke_ctr.processes.far import ASKS_NOBODY, QUIETLY, Far
from kuke_ctr.processes.meanwhile import Meanwhile
from kuke_ctr.processes.runner import Processes


class AtPrompt(Processes):
    """Reading calls, one after the other, with one time limit for all of them together."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._deadline = time.monotonic() + seconds

    def run_all(
        self,
        calls: Sequence[Call],
        meanwhile: Meanwhile | None = None,
        *,
        late_too: bool = False,
    ) -> list[Result]:
        """The results; TimeLimit once the time has passed, other errors as in Processes."""
        del meanwhile, late_too  # nobody looks on at a prompt
        return [self._answer(call) for call in calls]

    def _ssh_options(self, call: Call, far: Far, program: str) -> tuple[str, ...]:
        """Nobody is asked for a password at a prompt, and nobody waits for a dead host."""
        return (*QUIETLY, *ASKS_NOBODY, "-o", "ConnectTimeout=1")

    def _answer(self, call: Call) -> Result:
        ready, program = self._prepare(call._replace(stdin=call.stdin or b""))
        return answer_of(ready, program, self._deadline - time.monotonic())
