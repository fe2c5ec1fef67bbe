"""A ctr made of shell: it writes down what it was called with, and answers from files."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

_SCRIPT = """#!/bin/sh
for word; do printf '%s\\0' "$word"; done >> {log}
printf '\\n' >> {log}
export -p >> {environment}
key=
for word; do key="$key|$word"; done
case "$key" in
{cases}
*) echo "ctr: nothing is known of: $*" >&2; exit 1 ;;
esac
"""


@dataclass(slots=True)
class FakeCtr:
    """`answer` says what a call prints; `calls` are the argvs so far, without the program."""

    folder: Path
    answers: dict[tuple[str, ...], str]

    @property
    def program(self) -> Path:
        """The script."""
        return self.folder / "ctr"

    @property
    def calls(self) -> list[list[str]]:
        """What it was called with."""
        log = self.folder / "log"
        if not log.exists():
            return []
        return [line.split("\0") for line in log.read_text().split("\0\n") if line]

    @property
    def environment(self) -> str:
        """The environments of all calls."""
        return (self.folder / "environment").read_text()

    def answer(
        self, *words: str, stdout: str = "", stderr: str = "", exit_code: int = 0, first: str = ""
    ) -> None:
        """What the call with exactly these words prints; `first` is shell that runs before."""
        number = sum(1 for _ in self.folder.glob("*.out"))
        out, err = self.folder / f"{number}.out", self.folder / f"{number}.err"
        out.write_text(stdout, errors="surrogateescape")
        err.write_text(stderr, errors="surrogateescape")
        complains = f"cat {shlex.quote(str(err))} >&2\n" if stderr else ""
        self.answers[words] = f"{first}\ncat {shlex.quote(str(out))};\n{complains}exit {exit_code}"
        cases = "\n".join(
            f"{shlex.quote(''.join(f'|{word}' for word in words))})\n{body} ;;"
            for words, body in self.answers.items()
        )
        self.program.write_text(
            _SCRIPT.format(
                log=shlex.quote(str(self.folder / "log")),
                environment=shlex.quote(str(self.folder / "environment")),
                cases=cases,
            )
        )
        self.program.chmod(0o755)


@pytest.fixture
def fake_ctr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCtr:
    """The ctr on PATH, called by two words: then no socket is looked at."""
    folder = tmp_path / "fake"
    folder.mkdir()
    fake = FakeCtr(folder, {})
    fake.answer("--version", stdout="ctr containerd.io 1.7.24\n")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("KUKE_CTR_BIN", "env ctr")
    return fake
