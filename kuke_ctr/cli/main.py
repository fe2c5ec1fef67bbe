"""The root of the command line, and the one place where errors become messages and exit codes."""

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.main import get_command

from kuke_ctr.cli.arguments import begins_with_shared, help_of_command, hoist
from kuke_ctr.cli.streams import open_streams
from kuke_ctr.cli.tree import MARKUP, Nouns
from kuke_ctr.cli.words import NAMES, is_noun, path_of
from kuke_ctr.commands.shared.options import show_all
from kuke_ctr.commands.shared.output import show_error
from kuke_ctr.commands.shared.typed_line import TypedLine
from kuke_ctr.errors import (
    INTERRUPTED,
    NO_READER,
    Interrupted,
    KukeCtrError,
    UsageError,
    words_of,
)
from kuke_ctr.render import ENCODABLE

app = typer.Typer(
    cls=Nouns,
    add_completion=False,  # kuke_ctr/completion has its own
    context_settings={"help_option_names": ["--help", "-h"]},
    rich_markup_mode=MARKUP,
    epilog="Options such as --realm stand before or after the command. Exit codes: `kuke-ctr help "
    "output`. More commands: `kuke-ctr --help-all`",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"kuke-ctr {version('kuke-ctr')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
    help_all: Annotated[
        bool,
        typer.Option(
            "--help-all", callback=show_all, is_eager=True, help="Show this page with all commands."
        ),
    ] = False,
) -> None:
    """Run containerd's ctr in a Kukeon realm, get its tables as JSON, and attach safely."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code (docs/output.md lists them)."""
    words = list(sys.argv[1:] if argv is None else argv)
    open_streams()
    try:
        return _finish(_run(words))
    except BrokenPipeError:
        return _reader_gone()
    except KukeCtrError as error:  # stdout is full, or was closed
        show_error(error)
        return error.exit_code
    except KeyboardInterrupt as error:
        return _interrupted(error)


def _run(words: list[str]) -> int:
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors=ENCODABLE)
    try:
        line = help_of_command(hoist(words, is_noun), NAMES.__contains__)
        if begins_with_shared(line):
            asked: list[str] = [word for word in ("--help", "--help-all") if word in line]
            if not asked:
                raise UsageError(
                    "no command was given", hint="`kuke-ctr --help` lists the commands"
                )
            line = asked[-1:]
        TypedLine.words = tuple(line)
        return _invoke(line or ["--help"])
    except KukeCtrError as error:
        show_error(error)
        return error.exit_code
    except typer.TyperException as error:  # what the parser found wrong
        message = error.format_message().rstrip(".")
        hint = f"`{path_of(line)} --help` shows the usage"
        show_error(UsageError(message[:1].lower() + message[1:], hint=hint))
        return 2
    except typer.Abort:
        raise Interrupted("interrupted") from None
    except BrokenPipeError:
        raise
    except OSError as error:
        return _system_said_no(error)
    except Exception:  # noqa: BLE001 - a bug of ours: one sentence, and where the rest is
        return _bug()


def _invoke(line: list[str]) -> int:
    """Parse and run; not by the parser's own `main`, which turns a broken pipe into exit 1."""
    command = get_command(app)
    try:
        with command.make_context("kuke-ctr", line) as context:
            command.invoke(context)
    except typer.Exit as ending:
        return ending.exit_code
    return 0


def _finish(code: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        return _system_said_no(error)
    return code


def _system_said_no(error: OSError) -> int:
    """A full disk under our output, a folder that vanished: the system's own words."""
    try:
        sys.stdout.flush()
    except OSError:
        _drop_output()
    show_error(KukeCtrError(words_of(error)))
    return 1


def _reader_gone() -> int:
    """Nobody reads our output any more: silent."""
    _drop_output()
    return NO_READER


def _interrupted(error: KeyboardInterrupt) -> int:
    """A signal: from now on nobody who does not read is waited for, and the next Ctrl-C ends us."""
    import signal

    from kuke_ctr.processes.farewell import Farewell

    Farewell.begin()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    show_error(error if isinstance(error, Interrupted) else Interrupted("interrupted"))
    return INTERRUPTED


def _drop_output() -> None:
    """What is still in our buffer goes nowhere: Python's own flush at exit must not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _bug() -> int:
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="kuke-ctr-", suffix=".traceback", delete=False, errors="backslashreplace"
    ) as file:
        traceback.print_exc(file=file)
    print(
        f"kuke-ctr: this is a bug in kuke-ctr; please report it with the traceback in {file.name}",
        file=sys.stderr,
    )
    return 70
