"""Wrong usage of `cp`, and what it asks ctr for."""

import pytest

from tests.support.fake_ctr import FakeCtr
from tests.support.runtime_host import Capture, N, run


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("cp a b", 2, "neither side names a container"),
        ("cp web:/a ended:/b", 2, "both sides are in containers"),
        ("cp web: b", 2, "web: names no path in the container"),
        ("cp web:/a", 2, "DEST"),
    ],
)
def test_wrong_usage_asks_ctr_for_nothing(
    runtime_host: FakeCtr, capsys: Capture, line: str, code: int, said: str
) -> None:
    found, out, err = run(line, capsys)
    assert (found, out) == (code, "")
    assert said in err
    assert runtime_host.calls == []


def test_a_terminal_gets_no_archive_and_gives_none(
    runtime_host: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    code, _, err = run("cp web:/a -", capsys)
    assert (code, "hint: kuke-ctr cp web:/a - > FILE.tar" in err) == (2, True)
    code, _, err = run("cp - web:/a", capsys)
    assert (code, "hint: kuke-ctr cp - web:/a < FILE.tar" in err) == (2, True)
    assert runtime_host.calls == []


def test_only_root_can_reach_the_files(
    runtime_host: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    code, _, err = run("cp web:/a b", capsys)
    assert code == 126
    assert "only root can reach the files of a container" in err
    assert "sudo" in err
    assert not [call for call in runtime_host.calls if call[:2] == list(N) and "mounts" in call]
