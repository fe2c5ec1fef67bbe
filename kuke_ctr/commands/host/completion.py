"""kuke-ctr completion"""

import os
from pathlib import Path
from typing import Annotated

import typer

from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note, print_lines
from kuke_ctr.completion.scripts import Shell, install, script
from kuke_ctr.errors import UsageError
from kuke_ctr.session import Session

app = typer.Typer()


@app.command("bash")
@takes()
def bash(session: Session) -> None:
    """Print the script that completes kuke-ctr's commands in bash.

    Examples:

        kuke-ctr completion bash
        kuke-ctr completion bash > /etc/bash_completion.d/kuke-ctr

    Runs nothing.
    """
    del session
    print_lines([script(Shell.BASH)])


@app.command("zsh")
@takes()
def zsh(session: Session) -> None:
    """Print the script that completes kuke-ctr's commands in zsh.

    Examples:

        kuke-ctr completion zsh
        kuke-ctr completion zsh > /usr/local/share/zsh/site-functions/_kuke-ctr

    Runs nothing.
    """
    del session
    print_lines([script(Shell.ZSH)])


@app.command("fish")
@takes()
def fish(session: Session) -> None:
    """Print the script that completes kuke-ctr's commands in fish.

    Examples:

        kuke-ctr completion fish
        kuke-ctr completion fish > ~/.config/fish/completions/kuke-ctr.fish

    Runs nothing.
    """
    del session
    print_lines([script(Shell.FISH)])


@app.command("install")
@takes()
def install_command(
    session: Session,
    shell: Annotated[
        Shell | None,
        typer.Option("--shell", metavar="SHELL", help="bash, zsh or fish; default: $SHELL."),
    ] = None,
) -> None:
    """Set up completion for you, in the shell that you use.

    It writes one file below your home. Where the shell does not read that by itself, it adds one
    line to ~/.bashrc or ~/.zshrc. Running it again replaces the file.

    Examples:

        kuke-ctr completion install
        kuke-ctr completion install --shell zsh

    Runs nothing.
    """
    del session
    done = install(shell or _own_shell(), os.environ)
    for line in done.told():
        note(line)


def _own_shell() -> Shell:
    """The user's own shell, by $SHELL."""
    name = Path(os.environ.get("SHELL", "")).name
    if name not in list(Shell):
        said = f"there is no completion for {name}" if name else "SHELL does not say which shell"
        raise UsageError(said, hint="choose one: `kuke-ctr completion install --shell bash`")
    return Shell(name)
