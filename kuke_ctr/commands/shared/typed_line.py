"""The command that was typed, for a hint that repeats it in another namespace."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kuke_ctr.commands.shared.option_table import SCOPE
from kuke_ctr.processes.shell_words import shell_line

if TYPE_CHECKING:
    from kuke_ctr.backends.ctr.scope import Scope

_SCOPE = tuple(name for option in SCOPE for name in option.names)
_SECRET = ("-e", "--env")
"""Options whose value may be a secret, which no message shows."""

_CLUSTER = re.compile(r"-[A-Za-z]*[rn].*")
"""Letters among which may be one that says which realm (`-xr main`)."""

_CHANGING = ("checkpoint", "kill", "label", "pause", "resume", "rm", "start")
"""The verbs that nobody should repeat in another tenant's realm only because a hint says so."""

_ONE_CONTAINER = (("attach",), ("exec",), ("logs",), ("tasks", "attach"), ("tasks", "exec"))
"""The commands that are about one container, so that all their words are about it."""


class TypedLine:
    """The words of this process's command line, the shared options behind the command."""

    words: tuple[str, ...] = ()


def again(other: "Scope", name: str) -> str:
    """The command with its options, about the container `name` in another namespace.

    Only the command and the name where it can be about several containers, where a value may be a
    secret, and where it is not sure which words say the realm.
    """
    from kuke_ctr.commands.shared.hints import ALONE  # late: every start loads this module

    words = TypedLine.words
    length = 1 if words[:1] and words[0] in ALONE else 2
    command, rest = words[:length], words[length:]
    if not command or command[-1] in _CHANGING:
        return other.line("containers", "info", name)
    options: tuple[str, ...] = rest
    behind: tuple[str, ...] = ()
    if command[-1] == "exec" and name in rest:  # what stands behind it is the program's
        options, behind = rest[: rest.index(name)], rest[rest.index(name) :]
    own_n = command == ("logs",) and "-n" in rest  # how many lines
    typed = None if own_n else _without_scope(options)
    if command not in _ONE_CONTAINER or name not in rest or typed is None:
        return other.line(*command, name)
    host = () if any(word in typed for word in other.ctr.typed[::2]) else other.ctr.typed
    line = (*command, "--namespace", other.namespace, *host, *typed, *behind)
    return f"`kuke-ctr {shell_line(line)}`"


def _without_scope(words: Sequence[str]) -> tuple[str, ...] | None:
    """The words without the options that say which realm; None where that is not sure."""
    left: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name = word.partition("=")[0]
        if word.startswith(_SECRET):
            return None
        if name in _SCOPE:
            rest = rest if "=" in word else rest[1:]
        elif _CLUSTER.fullmatch(word) and not word.startswith("--"):
            return None
        else:
            left.append(word)
    return tuple(left)
