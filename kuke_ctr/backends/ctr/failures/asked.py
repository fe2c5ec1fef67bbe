"""What a call asked of ctr, read from its argv: the verb, the flags, the name."""

from collections.abc import Sequence
from dataclasses import dataclass

from kuke_ctr.backends.ctr.lines import line_in

_ALONE = ("events", "info", "run", "version")
"""The commands that have no verb."""

_NOUNS = {
    *("containers", "content", "deprecations", "images", "leases", "namespaces", "plugins"),
    *("sandboxes", "snapshots", "tasks", *_ALONE),
}
_NAMESPACE = ("-n", "--namespace")
_ADDRESS = ("-a", "--address")


@dataclass(frozen=True, slots=True)
class Asked:
    """One call of ctr.

    `command` is noun and verb (`images pull`, `run`), empty where it is none that we know. `flags`
    are the names of its flags, `snapshotter` the value of one of them, `name` its first positional
    where `--` stands before it, else its last word. `typed` are the options by
    which the user named the host.
    """

    command: str
    flags: frozenset[str]
    name: str
    namespace: str | None = None
    typed: tuple[str, ...] = ()
    snapshotter: str | None = None

    @property
    def noun(self) -> str:
        """The first word of the command."""
        return self.command.partition(" ")[0]

    @property
    def of_far(self) -> bool:
        """Whether the call was one on another host."""
        return self.typed[:1] == ("--host",) and self.typed[1] != "local"

    def given(self, *flags: str) -> bool:
        """Whether one of these flags was given."""
        return not self.flags.isdisjoint(flags)

    def line(self, *words: str) -> str:
        """A command of kuke-ctr for a hint, for the same namespace and containerd."""
        return line_in(self.namespace, *words, typed=self.typed)

    def host_line(self, *words: str) -> str:
        """The same, for a command that is about the whole host."""
        return line_in(None, *words, typed=self.typed)


def asked(argv: Sequence[str], typed: tuple[str, ...] = (), name: str | None = None) -> Asked:
    """What an argv asks: the program's words, ctr's global flags, the command, its words.

    `name` is what it is about, where somebody knows that.
    """
    start = _start_of_command(argv)
    words = list(argv[start:])
    before = words[: words.index("--")] if "--" in words else words
    after = words[len(before) + 1 :]
    verb = _verb(before)
    return Asked(
        command=" ".join([*before[:1], *verb]),
        flags=frozenset(word.partition("=")[0] for word in before if word.startswith("-")),
        name=name or (after or words or [""])[0 if after else -1],
        namespace=_value(argv[:start], _NAMESPACE),
        typed=typed,
        snapshotter=_value(before, ("--snapshotter",)),
    )


def _start_of_command(argv: Sequence[str]) -> int:
    """Where the noun stands; a namespace may be named as one."""
    for index in range(1, len(argv)):
        if argv[index] in _NOUNS and argv[index - 1] not in (*_NAMESPACE, *_ADDRESS):
            return index
    return len(argv)


def _verb(words: Sequence[str]) -> list[str]:
    """The verb after a noun; the snapshotter stands before the verb of snapshots."""
    if not words or words[0] in _ALONE:
        return []
    rest = words[3:] if words[1:2] == ["--snapshotter"] else words[1:]
    return [word for word in rest[:1] if not word.startswith("-")]


def _value(words: Sequence[str], names: Sequence[str]) -> str | None:
    """The value of a flag; the last one counts."""
    found = None
    for word, following in zip(words, (*words[1:], None), strict=False):
        name, equals, value = word.partition("=")
        if name in names:
            found = value if equals else following
    return found
