"""What the word at the cursor is: a command, an option, a value of some kind."""

from collections.abc import Sequence
from typing import NamedTuple

from kuke_ctr.completion.table import Command, Kind, Table


class Candidate(NamedTuple):
    """A word that may stand there, and its help."""

    value: str
    help: str = ""


class Asked(NamedTuple):
    """What is asked for.

    Either the `candidates` are known, or a value of a `kind` is wanted, of which `front` is the
    beginning. `before` is what stands in the same word before the value (`--realm=`). `given` are
    the options so far, long name -> value. `joined`: more may follow in the same word.
    """

    candidates: list[Candidate]
    kind: Kind
    front: str
    before: str
    given: dict[str, str]
    joined: bool = False


class _Walk:
    """The words before the cursor, one after the other."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.noun: str | None = None
        self.verb: str | None = None
        self.given: dict[str, str] = {}
        self.waiting: str | None = None  # an option that waits for its value
        self.arguments = 0
        self.dashes = False
        self.lost = False  # a word that is no command: nobody knows what follows

    @property
    def command(self) -> Command:
        return self.table.command(self.noun, self.verb)

    @property
    def is_at_command(self) -> bool:
        """Whether a noun or a verb is due."""
        if self.dashes:
            return False
        return self.noun is None or (self.verb is None and self.table.has_verbs(self.noun))

    def take(self, word: str) -> None:
        if self.waiting is not None:
            self.given[self.waiting], self.waiting = word, None
        elif self.dashes or word == "-" or not word.startswith("-"):
            self._take_word(word)
        elif word == "--":
            self.dashes = True
        elif word.startswith("--"):
            name, equals, value = word.partition("=")
            self._take_option(name, value if equals else None)
        else:
            self._take_letters(word[1:])

    def _take_word(self, word: str) -> None:
        if not self.is_at_command:
            self.arguments += 1
            self.dashes = self.dashes or self.command.ends
        elif self.noun is None:
            self.noun = self.table.noun(word)
            self.lost = self.noun is None
        else:
            self.verb = self.table.verb(self.noun, word)
            self.lost = self.verb is None

    def _take_option(self, name: str, value: str | None) -> None:
        name = self.table.long_name(self.noun, self.verb, name)
        option = self.command.options.get(name)
        if option is None or option.kind is None:
            return
        if value is None:
            self.waiting = name
        else:
            self.given[name] = value

    def _take_letters(self, letters: str) -> None:
        for place, letter in enumerate(letters):
            name = self.table.long_name(self.noun, self.verb, f"-{letter}")
            option = self.command.options.get(name)
            if option is not None and option.kind is not None:
                self._take_option(name, letters[place + 1 :] or None)
                return


def asked(table: Table, words: Sequence[str], current: str) -> Asked | None:
    """What is asked for behind these words of `kuke-ctr`; None where nothing is known."""
    walk = _Walk(table)
    for word in words:
        walk.take(word)
        if walk.lost:
            return None
    given = walk.given
    if walk.waiting is not None:
        return _value(walk.command.options[walk.waiting].kind, current, "", given)
    if current.startswith("-") and not walk.dashes:
        name, equals, value = current.partition("=")
        option = walk.command.options.get(walk.table.long_name(walk.noun, walk.verb, name))
        if equals and option is not None and option.kind is not None:
            return _value(option.kind, value, f"{name}=", given)
        options = [Candidate(one.name, one.help) for one in walk.command.options.values()]
        options += [Candidate("--version", "Show the version")] if walk.noun is None else []
        return Asked(options, "", current, "", given)
    if walk.is_at_command:
        known = table.nouns() if walk.noun is None else table.verbs(walk.noun)
        return Asked([Candidate(*one) for one in known], "", current, "", given)
    return _value(walk.command.argument(walk.arguments), current, "", given)


def _value(kind: Kind, front: str, before: str, given: dict[str, str]) -> Asked:
    """A value of that kind; of columns, `ref,size`, the last is asked for."""
    if isinstance(kind, list) and kind[:1] == ["columns"]:
        done, comma, _ = front.rpartition(",")
        names = [name for name in kind[1:] if name not in done.split(",")]
        values = [Candidate(f"{done}{comma}{name}") for name in names]
        return Asked(values, "", front, before, given, joined=True)
    if isinstance(kind, list) and kind[:1] == ["column"]:
        sign = "-" if front.startswith("-") else ""
        return Asked([Candidate(f"{sign}{name}") for name in kind[1:]], "", front, before, given)
    if isinstance(kind, list):
        return Asked([Candidate(value) for value in kind], "", front, before, given)
    return Asked([], kind, front, before, given)
