"""A nerdctl made of shell: it writes down what it was called with, and answers from files."""

import shlex
from pathlib import Path

_SCRIPT = """#!/bin/sh
printf '%s\\n' "$*" >> {log}
env >> {environment}
case "$*" in
{cases}
*) echo 'time="now" level=fatal msg="nothing is known of this"' >&2; exit 1 ;;
esac
"""

INFO = '{"ID":"the-daemon","SecurityOptions":["name=seccomp,profile=builtin"]}\n'


class FakeNerdctl:
    """`answer` says what the calls print that end with these words."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = folder / "nerdctl"
        self._cases: dict[str, str] = {}
        self.answer("--version", stdout="nerdctl version 2.1.6\n")
        self.answer("info --format json", stdout=INFO)

    @property
    def calls(self) -> list[str]:
        """The words of each call."""
        log = self.folder / "nerdctl.log"
        return log.read_text().splitlines() if log.exists() else []

    @property
    def environment(self) -> str:
        """The environments of all calls."""
        return (self.folder / "nerdctl.environment").read_text()

    def answer(self, words: str, *, stdout: str = "", stderr: str = "", exit_code: int = 0) -> None:
        """What a call prints whose words end like this."""
        self._cases[words] = (
            f"printf %s {shlex.quote(stdout)}; printf %s {shlex.quote(stderr)} >&2; "
            f"exit {exit_code}"
        )
        cases = (f"*{shlex.quote(' ' + words)}) {body} ;;" for words, body in self._cases.items())
        self.program.write_text(
            _SCRIPT.format(
                log=shlex.quote(str(self.folder / "nerdctl.log")),
                environment=shlex.quote(str(self.folder / "nerdctl.environment")),
                cases="\n".join(cases),
            )
        )
        self.program.chmod(0o755)
