"""The scripts that make a shell ask kuke-ctr, and their installation for one user."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from kuke_ctr.errors import UsageError
from kuke_ctr.processes.shell_words import shell_word

_BASH_COMPLETION = Path("/usr/share/bash-completion/bash_completion")
"""Loads what stands below ~/.local/share/bash-completion, where it is installed."""


class Shell(StrEnum):
    """A shell that has a script."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


class Installed(NamedTuple):
    """The file that was written, and the line that was added to another one, if one was."""

    file: Path
    startup: Path | None
    line: str

    def told(self) -> list[str]:
        """For the user."""
        added = [f"added to {self.startup}: {self.line}"] if self.startup is not None else []
        return [f"wrote {self.file}", *added, "open a new shell to use it"]


def script(shell: Shell) -> str:
    """The script of a shell, without the newline at its end."""
    path = Path(__file__).with_name("shells") / f"kuke-ctr.{shell}"
    return path.read_text(encoding="utf-8").rstrip("\n")


def install(shell: Shell, environ: Mapping[str, str]) -> Installed:
    """Write the script where the shell of this user finds it; UsageError without a home."""
    home = environ.get("HOME")
    if not home:
        raise UsageError("HOME is not set", hint="`kuke-ctr completion bash` prints the script")
    data = Path(environ.get("XDG_DATA_HOME") or f"{home}/.local/share")
    config = Path(environ.get("XDG_CONFIG_HOME") or f"{home}/.config")
    file, startup = {
        Shell.BASH: (data / "bash-completion/completions/kuke-ctr", Path(home) / ".bashrc"),
        Shell.ZSH: (data / "kuke-ctr/completion.zsh", Path(home) / ".zshrc"),
        Shell.FISH: (config / "fish/completions/kuke-ctr.fish", None),
    }[shell]
    if shell is Shell.BASH and _BASH_COMPLETION.exists():
        startup = None
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{script(shell)}\n", encoding="utf-8")
    line = f"source {shell_word(str(file))}"
    return Installed(file, startup if startup is not None and _add(startup, line) else None, line)


def _add(startup: Path, line: str) -> bool:
    """Add a line to a file that a shell reads; False where it is there."""
    text = startup.read_text(encoding="utf-8", errors="surrogateescape") if startup.exists() else ""
    if line in text.splitlines():
        return False
    gap = "" if not text or text.endswith("\n") else "\n"
    with startup.open("a", encoding="utf-8") as file:
        file.write(f"{gap}{line}\n")
    return True
