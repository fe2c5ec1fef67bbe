"""What every changing command shares: extra words for ctr, a question, several things."""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from kuke_ctr.errors import Declined, KukeCtrError, UsageError
from kuke_ctr.render import Output, choose_output, escape, show_error
from kuke_ctr.session import Session

_OURS = ("n", "namespace", "a", "address")
_USER = ("u", "user")
_TOKEN = "refresh"  # noqa: S105 (a flag's name)

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
CreateNamespace = Annotated[
    bool,
    typer.Option(
        "--create-namespace", help="Make the realm's namespace where it is a guess and missing."
    ),
]


class WithExtra(TyperCommand):
    """A command that passes the words after `--` to ctr, among its flags (`Options.extra`)."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The words after `--` as values of the hidden option --extra."""
        if "--" in args:
            cut = args.index("--")
            args = [*args[:cut], *(f"--extra={word}" for word in args[cut + 1 :])]
        return super().parse_args(ctx, args)


def extra_flags(session: Session) -> tuple[str, ...]:
    """The words after `--`, for ctr; what kuke-ctr decides itself is refused there."""
    words = session.options.extra
    if words and not words[0].startswith("-"):
        raise UsageError(
            f"{words[0]!r} is no flag of ctr's",
            hint="what stands after -- goes among ctr's flags; names stand before it",
        )
    for index, word in enumerate(words):
        name, _, value = word.partition("=")
        name = name.lstrip("-") if word.startswith("-") else ""  # ctr takes -user for --user
        if name in _OURS:
            hint = "--namespace and --address are options of kuke-ctr: put them before the --"
            raise UsageError(f"{word} can't be passed on to ctr", hint=hint)
        if name == _TOKEN:
            raise UsageError(
                "a token can't be passed on to ctr: every user of the host could read it",
                hint="use --user NAME with --password-stdin",
            )
        if name in _USER and ":" in (value or "".join(words[index + 1 : index + 2])):
            raise UsageError(
                "a password can't be passed on to ctr: every user of the host could read it",
                hint="use --user NAME with --password-stdin",
            )
    return words


def names_only(session: Session) -> None:
    """Raise UsageError for a form of output that a change does not have: it prints names."""
    options = session.options
    if choose_output(options.output, options.quiet) not in (Output.TABLE, Output.NAME):
        raise UsageError(
            f"this prints the names of what it changed, not {options.output}",
            hint="leave -o out; `ls` of the same noun has every form",
        )


def names_or_all(noun: str, names: Sequence[str] | None, every: bool) -> None:
    """Raise UsageError where neither names nor --all were given, or both."""
    if names and every:
        raise UsageError(
            f"--all and the names of {noun} exclude each other", hint="leave one of them out"
        )
    if not (names or every):
        raise UsageError(f"name the {noun}, or say --all", hint=f"`kuke-ctr {noun} ls` lists them")


def confirm(session: Session, what: str, *, yes: bool) -> None:
    """Ask before something that can't be undone; without a terminal `--yes` is needed.

    `what` is a sentence that says what will go (`3 images of realm main will be removed: ...`).
    """
    if yes or session.options.dry_run:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(what, hint="add --yes if that is meant")
    print(f"{escape(what)}\nGo on? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Declined("declined, nothing was changed")


def each(names: Iterable[str], change: Callable[[str], None], session: Session) -> None:
    """Change several things one after the other: the done are printed, failures told.

    The exit code is that of the worst failure. Ctrl-C ends it at once.
    """
    errors: list[KukeCtrError] = []
    for name in names:
        try:
            change(name)
        except KukeCtrError as error:
            sys.stdout.flush()
            show_error(error)
            errors.append(error)
        else:
            if not session.options.dry_run:
                print(escape(name))
    if errors:
        raise typer.Exit(max(error.exit_code for error in errors))


def counted(number: int, noun: str) -> str:
    """`1 image`, `3 images`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def some(names: Sequence[str], most: int = 20) -> str:
    """The first of the names, for a sentence, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def flags(**given: object) -> tuple[str, ...]:
    """ctr's flags from options: `plain_http=True` is `--plain-http`, `platform=["a", "b"]` is one
    `--platform` each; None, False and empty ones are left out."""
    words: list[str] = []
    for name, value in given.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            words.append(flag)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            words += [word for one in value for word in (flag, str(one))]
        elif value is not None and value is not False:
            words += [flag, str(value)]
    return tuple(words)
