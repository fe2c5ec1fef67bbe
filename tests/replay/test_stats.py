"""`stats` and `top` on what real hosts have said."""

import json

import pytest

from kuke_ctr.cli.main import main
from tests.support.paths import FIXTURES

Capture = pytest.CaptureFixture[str]
VERSIONS = ("1.6.20", "1.7.24", "2.1.9")


def replayed(version: str, *words: str) -> int:
    return main([*words, "-n", "kukeon-main", "--replay", str(FIXTURES / version / "reads")])


@pytest.mark.parametrize("version", VERSIONS)
def test_the_processes_of_a_recording_are_shown_without_this_hosts_facts(
    version: str, capsys: Capture
) -> None:
    assert replayed(version, "top", "web", "-o", "json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows
    for row in rows:
        assert row["pid"] > 0
        assert {row[name] for name in ("uid", "command", "memory_bytes", "pid_inside")} == {None}
