"""The form of the tables: which words of ctr mean what, for which commands."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kuke_ctr.backends.ctr.failures.asked import Asked
from kuke_ctr.errors import CtrFailed, KukeCtrError, Reason


@dataclass(frozen=True, slots=True)
class Failed:
    """A call that failed: what was asked, what ctr said, and the match of the row that fits."""

    asked: Asked
    said: str
    match: re.Match[str]

    def group(self, name: str) -> str:
        """A part of the match; empty where it is not there."""
        return self.match.groupdict().get(name) or ""

    def line(self, *words: str) -> str:
        """A command of kuke-ctr for a hint, for the same namespace and containerd."""
        return self.asked.line(*words)


Text = str | Callable[[Failed], str]


@dataclass(frozen=True, slots=True)
class Row:
    """One failure. `says` is searched in ctr's message.

    `given` and `absent` are flags of which one must, or none may, have been given. `message` says
    in a clause what happened, ctr's own words follow it; without one they are the message.
    """

    says: str
    hint: Text | None = None
    kind: type[KukeCtrError] = CtrFailed
    reason: Reason | None = None
    message: Text | None = None
    given: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    def failed(self, asked: Asked, said: str) -> Failed | None:
        """The failure, if it is this one."""
        if (self.given and not asked.given(*self.given)) or asked.given(*self.absent):
            return None
        match = re.search(self.says, said)
        return Failed(asked, said, match) if match is not None else None

    def error(self, failed: Failed, command: Sequence[str]) -> KukeCtrError:
        """The error that it is."""
        said = f"ctr: {failed.said}"
        message = f"{_text(self.message, failed)} ({said})" if self.message is not None else said
        hint = _text(self.hint, failed) if self.hint is not None else None
        return self.kind(message, hint=hint or None, command=command, reason=self.reason)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows for some commands (`images pull`, or `snapshots` for all its verbs); none: for all."""

    rows: tuple[Row, ...]
    commands: tuple[str, ...] = ()

    def is_about(self, asked: Asked) -> bool:
        """Whether the table holds for this call."""
        return not self.commands or not {asked.command, asked.noun}.isdisjoint(self.commands)


def _text(text: Text, failed: Failed) -> str:
    return text if isinstance(text, str) else text(failed)
