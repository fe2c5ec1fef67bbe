"""Changing things: the question before, several one after the other, and how they are counted."""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated

import typer

from kuke_ctr.commands.shared.hints import scoped
from kuke_ctr.commands.shared.output import show_error
from kuke_ctr.errors import Declined, KukeCtrError, UsageError
from kuke_ctr.render import escape
from kuke_ctr.session import Session

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]

CreateNamespace = Annotated[
    bool,
    typer.Option("--create-namespace", help="Create the realm's namespace if it does not exist."),
]


def names_or_all(noun: str, names: Sequence[str] | None, every: bool) -> None:
    """Raise UsageError where neither names nor --all were given, or both."""
    if names and every:
        raise UsageError(
            f"--all and names of {noun} cannot be combined", hint="leave one of them out"
        )
    if not (names or every):
        raise UsageError(
            f"name the {noun}, or use --all", hint=f"`kuke-ctr {noun} ls` lists the {noun}"
        )


def confirm(session: Session, what: str, *, yes: bool, instead: str = "") -> None:
    """Ask before something that can't be undone; without a terminal `--yes` is needed.

    `what` is a sentence that says what will go (`3 images of realm main will be removed: ...`),
    `instead` a hint at a better way.
    """
    if yes or session.options.dry_run:
        return
    if not can_ask():
        raise UsageError(
            what, hint=f"{instead}; to do it: add --yes" if instead else "add --yes to do it"
        )
    if ask(what, "Continue? [y/N]").lower() not in ("y", "yes"):
        raise Declined("you answered no; nothing was changed")


def can_ask() -> bool:
    """Whether somebody sits at a terminal and can answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(what: str, question: str) -> str:
    """What was answered, without blanks around it."""
    print(f"{escape(what)}\n{escape(question)} ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def each(names: Iterable[str], change: Callable[[str], str | None], session: Session) -> None:
    """Change several things one after the other: the done are printed, failures told.

    `change` may give another name to print: what was typed can be the front of it. The exit code
    is that of the worst failure. Ctrl-C ends it at once.
    """
    errors: list[KukeCtrError] = []
    for name in names:
        try:
            done = change(name)
        except KukeCtrError as error:
            sys.stdout.flush()
            show_error(scoped(error, session.options))
            errors.append(error)
        else:
            if not session.options.dry_run:
                print(escape(done or name))
    if errors:
        raise typer.Exit(max(error.exit_code for error in errors))


def counted(number: int, noun: str) -> str:
    """`1 image`, `3 images`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def some(names: Sequence[str], most: int = 20) -> str:
    """The first of the names, for a sentence, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
