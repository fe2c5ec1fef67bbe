"""Calls of ctr while somebody waits at a prompt."""

import os
import time
from collections.abc import Sequence

from kuke_ctr.processes.calls import Call, Result, time_limit
from kuke_ctr.processes.child_setup import child_environment
from kuke_ctr.processes.meanwhile import Meanwhile
from kuke_ctr.processes.runner import Processes


class AtPrompt(Processes):
    """Reading calls, one after the other, with one time limit for all of them together.

    Not by sh, whose import takes longer than everything else that a completion does. A child stays
    in the shell's process group, where Ctrl-C reaches it.
    """

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
        return [self._run(call) for call in calls]

    def _run(self, call: Call) -> Result:
        import subprocess  # noqa: TID251 (see above)

        program = self._prepare(call)
        begin = time.monotonic()
        try:
            done = subprocess.run(
                call.argv,
                executable=program,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=child_environment(os.environ),
                timeout=max(0.0, self._deadline - begin),
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise time_limit(call) from None
        return Result(call.argv, done.returncode, done.stdout, b"", time.monotonic() - begin)
