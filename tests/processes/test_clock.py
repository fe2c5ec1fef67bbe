import time

import pytest

from kuke_ctr.processes.clock import FOREVER, milliseconds


def test_poll_waits_until_then_and_never_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    assert milliseconds(FOREVER) is None
    assert milliseconds(100.0101) == 11
    assert milliseconds(99.0) == 0
    assert milliseconds(1e12) == 3_600_001
