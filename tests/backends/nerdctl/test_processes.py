"""Whose words the end of stderr is, nerdctl's or those of the process that it ran."""

import pytest

from kuke_ctr.backends.nerdctl.processes import Ended, exec_code, run_code
from kuke_ctr.errors import KukeCtrError, NotStarted
from kuke_ctr.processes.calls import Call

CALL = Call(("nerdctl", "run", "x:1"))
FATAL = 'time="t" level=fatal msg="{}"\n'
OF_A_PROGRAM = FATAL.format("open /etc/app.yaml: file not found").encode()
MISSING = r"OCI runtime create failed: exec: \"no\": executable file not found in $PATH"


@pytest.mark.parametrize(
    "ended",
    [
        Ended(OF_A_PROGRAM, 1, ran=True),
        Ended(OF_A_PROGRAM, 1, opened=True),
        Ended(FATAL.format(MISSING).encode(), 1, ran=True),
        Ended(b"file not found", 1),
        Ended(OF_A_PROGRAM, 2),
    ],
)
def test_a_process_of_run_may_say_what_it_likes(ended: Ended) -> None:
    assert run_code(CALL, ended) is None


def test_a_run_that_started_nothing() -> None:
    for opened in (True, False, None):
        with pytest.raises(NotStarted):
            run_code(CALL, Ended(FATAL.format(MISSING).encode(), 1, opened=opened))
    for opened in (False, None):
        with pytest.raises(KukeCtrError, match="image not available"):
            said = FATAL.format("image not available").encode()
            run_code(CALL, Ended(said, 1, opened=opened))


def test_the_last_line_of_exec_is_always_nerdctls() -> None:
    said = OF_A_PROGRAM + FATAL.format("exec failed with exit code 5").encode()
    assert exec_code(CALL, Ended(said, 1, ran=True)) == 5
