"""Flags of ctr: from our options, and the words after `--` that are passed on to it."""

from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand

from kuke_ctr.commands.shared.option_table import GROUPS
from kuke_ctr.errors import UsageError
from kuke_ctr.session import Session

_OURS = ("n", "namespace", "a", "address")
_USER = ("u", "user")
_TOKEN = "refresh"  # noqa: S105 (a flag's name)


class WithExtra(TyperCommand):
    """A command that passes the words after `--` to ctr, among its flags (`Options.extra`)."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The words after `--` as values of the hidden option --extra."""
        if "--" in args:
            cut = args.index("--")
            self._refuse_own(args[cut + 1 :])
            args = [*args[:cut], *(f"--extra={word}" for word in args[cut + 1 :])]
        return super().parse_args(ctx, args)

    def _refuse_own(self, words: Sequence[str]) -> None:
        """Raise UsageError for an option of this command's own: kuke-ctr would not know of it."""
        own = {name for one in self.params for name in (*one.opts, *one.secondary_opts)}
        own -= {name for group in GROUPS.values() for option in group for name in option.names}
        for word in words:
            flag = word.partition("=")[0]  # the value may be a secret
            name = flag.lstrip("-")
            found = own & {f"-{name}", f"--{name}"} if word.startswith("-") else ()
            if found and name not in _USER:  # extra_flags says more of that
                raise UsageError(
                    f"{flag} stands behind --, and it is an option of kuke-ctr",
                    hint=f"put {min(found)} before the --",
                )


def extra_flags(session: Session) -> tuple[str, ...]:
    """The words after `--`, for ctr; what kuke-ctr decides itself is refused there."""
    words = session.options.extra
    for index, word in enumerate(words):
        if word.strip("-") == "" or not (word.startswith("-") or _is_value(words, index)):
            raise UsageError(  # ctr would take it for one more name, and nobody has asked about it
                f"{word!r} is not a flag of ctr",
                hint="what follows -- is passed to ctr as flags; put names before it",
            )
        name, _, value = word.partition("=")
        name = name.lstrip("-") if word.startswith("-") else ""  # ctr takes -user for --user
        if name in _OURS:
            hint = "--namespace and --address belong to kuke-ctr; put them before the --"
            raise UsageError(f"{word} cannot be passed to ctr", hint=hint)
        if name == _TOKEN:
            raise UsageError(
                "a token cannot be passed to ctr: every user of this host could read it",
                hint="use --user NAME with --password-stdin",
            )
        if name in _USER and ":" in (value or "".join(words[index + 1 : index + 2])):
            raise UsageError(
                "a password cannot be passed to ctr: every user of this host could read it",
                hint="use --user NAME with --password-stdin",
            )
    return words


def _is_value(words: Sequence[str], index: int) -> bool:
    """Whether a word can be the value of the flag before it."""
    before = words[index - 1] if index else ""
    return before.startswith("-") and "=" not in before


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
