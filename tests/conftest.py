"""What every test gets: nothing of this machine's Kukeon, containerd or settings."""

from pathlib import Path

import pytest

pytest_plugins = ["tests.fake_ctr", "tests.integration.inside", "tests.scripts"]

_READ = (
    *("KUKE_CTR_REALM", "KUKE_CTR_BIN", "KUKEON_RUN_PATH", "KUKEON_CONTAINERD_SOCKET"),
    *("KUKEON_NAMESPACE_SUFFIX", "KUKE_CONFIGURATION", "CONTAINERD_ADDRESS", "SUDO_USER"),
    *("CONTAINERD_NAMESPACE", "XDG_CONFIG_HOME", "KUKE_CTR_CONFIG"),
)


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _READ:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KUKEON_RUN_PATH", str(tmp_path / "opt" / "kukeon"))
