"""What was begun is put in order before a signal ends us."""

import os
import signal

from kuke_ctr.processes.patience import patient


def test_a_first_signal_is_noted_and_the_handlers_come_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with patient() as came:
        assert not came
        os.kill(os.getpid(), signal.SIGTERM)
        assert list(came) == [signal.SIGTERM]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
