"""A host web3 behind a fake ssh, with a ctr and programs of its own: nothing there is from here."""

import shlex
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.fake_ctr import FakeCtr
from tests.support.fake_ssh import FakeSsh


class FarHost(NamedTuple):
    """`ctr` answers there; `commands` are all that ssh ran there."""

    ssh: FakeSsh
    ctr: FakeCtr

    @property
    def commands(self) -> list[str]:
        """The lines for the shell there."""
        return [call[-1] for call in self.ssh.commands]

    def program(self, name: str, script: str) -> None:
        """A program there, made of shell."""
        file = self.ctr.folder / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    def ran(self, program: str) -> list[list[str]]:
        """The words of each call of a program there."""
        lines = [shlex.split(line)[5:] for line in self.commands]  # exec sh -c SCRIPT sh
        return [words for words in lines if words[:1] == [program]]


@pytest.fixture
def far_host(
    fake_ssh: FakeSsh, fake_ctr: FakeCtr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FarHost:
    """It has the namespace team-a; this host has no ctr."""
    run_path = tmp_path / "far-run"
    run_path.mkdir()
    fake_ssh.write(cases=f"export PATH={fake_ctr.folder}:$PATH KUKEON_RUN_PATH={run_path}")
    fake_ctr.answer("namespaces", "ls", "-q", stdout="team-a\n")
    monkeypatch.delenv("KUKE_CTR_BIN")
    monkeypatch.setenv("PATH", f"{fake_ssh.folder}:/usr/bin:/bin")
    return FarHost(fake_ssh, fake_ctr)
