"""What every test gets: nothing of this machine's Kukeon, containerd, settings or nohup.

Where KUKE_CTR_TESTS_NO_SKIP=1 (CI), a test that skips itself, for whatever reason, has failed.
"""

import os
import signal
import subprocess  # noqa: TID251 (for what tests start)
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from kuke_ctr.parse.container_info import LOGS
from kuke_ctr.processes.farewell import Farewell
from kuke_ctr.recipes import logs
from tests.support.nerdctls import NERDCTL, NOT_RUN

pytest_plugins = [
    "tests.support.scripts",
    "tests.support.fake_ctr",
    "tests.support.fake_ssh",
    "tests.support.far_host",
    "tests.support.attach_host",
    "tests.support.changes_host",
    "tests.support.desk",
    "tests.support.fleet_hosts",
    "tests.support.images_host",
    "tests.support.inside",
    "tests.support.log_host",
    "tests.support.runtime_host",
    "tests.support.cell_host",
    "tests.support.ending_host",
    "tests.support.storage_host",
    "tests.support.storage_lab",
    "tests.support.transfer_host",
    "tests.support.copy_host",
    "tests.support.store_host",
]

# no example has a time limit: a busy machine may stop us for a moment at any of them
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

LONGEST = {
    *("test_attach.py", "test_run_like_docker.py", "test_run.py", "test_odd_registry.py"),
    *("test_exec.py", "test_archives.py", "test_storage.py", "test_unread.py", "test_registry.py"),
}
"""Files of the real ring."""

_REAL = "tests/integration/"

_NO_SKIP = "KUKE_CTR_TESTS_NO_SKIP"
NO_SKIP = os.environ.get(_NO_SKIP) == "1"
"""Read once: whatever a test does with the environment, it does not get around this."""

_READ = (
    *(
        "KUKE_CTR_REALM",
        "KUKE_CTR_BIN",
        "KUKE_CTR_HOST",
        "KUKEON_RUN_PATH",
        "KUKEON_CONTAINERD_SOCKET",
    ),
    *("KUKEON_NAMESPACE_SUFFIX", "KUKE_CONFIGURATION", "CONTAINERD_ADDRESS", "SUDO_USER"),
    *("CONTAINERD_NAMESPACE", "XDG_CONFIG_HOME", "KUKE_CTR_CONFIG", "KUKE_CTR_NICE"),
    *("KUKE_CTR_BACKEND", "KUKE_CTR_NERDCTL", "NERDCTL_TOML"),
    _NO_SKIP,
)

# `nohup`, and `&` in a script, would have every program of the tests ignore them
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)

_logs_were_there = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    """See `pytest_unconfigure`."""
    config.stash[_logs_were_there] = LOGS.exists()


def pytest_unconfigure(config: pytest.Config) -> None:
    """The folder of logs goes when all have ended: no worker knows who else is writing there."""
    if not hasattr(config, "workerinput") and not config.stash.get(_logs_were_there, True):
        with suppress(OSError):
            LOGS.rmdir()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say plainly that tests of the real ring did not run for want of a nerdctl."""
    reports = (one for kind in ("passed", "failed") for one in terminalreporter.getreports(kind))
    if NERDCTL is None and any(report.nodeid.startswith(_REAL) for report in reports):
        terminalreporter.write_line(NOT_RUN)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first: in the end no worker is alone with such a file."""
    first = Path(__file__).parent / "integration"
    items.sort(key=lambda item: (item.path.parent != first, item.path.name not in LONGEST))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and NO_SKIP:
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {report.longrepr}"
    if report.failed and call.when == "call" and call.excinfo is not None:
        for entry in call.excinfo.traceback:
            _end_all(entry.frame.f_locals.values())
    return report


def _end_all(values: Iterable[object]) -> None:
    """What a failed test had started and not ended would be a warning, and so fail, another one."""
    for process in values:
        if isinstance(process, subprocess.Popen):
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[None]:
    for name in _READ:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    run_path = tmp_path_factory.getbasetemp() / "no-kukeon"
    run_path.mkdir(exist_ok=True)
    monkeypatch.setenv("KUKEON_RUN_PATH", str(run_path))
    if request.path.parent.name != "integration":  # there it is ours
        monkeypatch.setattr(logs, "LOGS", tmp_path / "no-logs")
    yield
    Farewell.forget()  # a command line that was ended in this process
    signal.signal(signal.SIGINT, signal.default_int_handler)
