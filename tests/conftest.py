"""What every test gets: nothing of this machine's Kukeon, containerd, settings or nohup.

Where KUKE_CTR_TESTS_NO_SKIP=1 (CI), a test that skips itself, for whatever reason, has failed.
"""

import os
import signal
from collections.abc import Generator
from pathlib import Path

import pytest

pytest_plugins = ["tests.fake_ctr", "tests.integration.inside", "tests.scripts"]

_READ = (
    *("KUKE_CTR_REALM", "KUKE_CTR_BIN", "KUKEON_RUN_PATH", "KUKEON_CONTAINERD_SOCKET"),
    *("KUKEON_NAMESPACE_SUFFIX", "KUKE_CONFIGURATION", "CONTAINERD_ADDRESS", "SUDO_USER"),
    *("CONTAINERD_NAMESPACE", "XDG_CONFIG_HOME", "KUKE_CTR_CONFIG"),
)

signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and os.environ.get("KUKE_CTR_TESTS_NO_SKIP") == "1":
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _READ:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KUKEON_RUN_PATH", str(tmp_path / "opt" / "kukeon"))
