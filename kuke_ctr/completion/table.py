"""table.json: the commands, their options, and what kind of value each takes."""

import json
from pathlib import Path
from typing import Any, NamedTuple

Kind = str | list[str] | None
"""What a value is: a word of values.py, a list of all values, "" for anything; None of a flag."""

_HELP: list[Any] = [None, "Show the help"]


class Option(NamedTuple):
    """An option by its long name; `kind` None is a flag."""

    name: str
    kind: Kind
    help: str


class Command(NamedTuple):
    """A command: what it takes. `ends`: options end at the first argument."""

    options: dict[str, Option]
    arguments: list[tuple[Kind, bool]]
    ends: bool = False

    def argument(self, number: int) -> Kind:
        """The kind of an argument, the first is 0; the last one may stand for many."""
        if number < len(self.arguments):
            return self.arguments[number][0]
        return self.arguments[-1][0] if self.arguments and self.arguments[-1][1] else ""


class Table:
    """All of it."""

    def __init__(self) -> None:
        path = Path(__file__).with_name("table.json")
        self._all: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        self._nouns: dict[str, Any] = self._all["nouns"]
        self._commands: dict[str, Any] = self._all["commands"]

    def noun(self, word: str) -> str | None:
        """The noun, or the command without a noun, that a word means."""
        if word in self._nouns:
            return word
        return next((name for name, one in self._nouns.items() if word in one["aliases"]), None)

    def verb(self, noun: str, word: str) -> str | None:
        """The verb that a word means behind a noun."""
        verbs = self._nouns[noun]["verbs"]
        found = word if word in verbs else self._all["verb_aliases"].get(word)
        return found if found in verbs else None

    def has_verbs(self, noun: str) -> bool:
        """Whether a verb follows."""
        return bool(self._nouns[noun]["verbs"])

    def nouns(self) -> list[tuple[str, str]]:
        """The words after `kuke-ctr`, each with its help."""
        return [(name, one["help"]) for name, one in self._nouns.items()]

    def verbs(self, noun: str) -> list[tuple[str, str]]:
        """The words behind a noun, each with its help."""
        return [(verb, self._help(f"{noun} {verb}")) for verb in self._nouns[noun]["verbs"]]

    def _help(self, name: str) -> str:
        return str(self._commands.get(name, {}).get("help", ""))

    def commands(self) -> list[tuple[str, str]]:
        """Every command, `images ls`, with its help."""
        return [(name, one["help"]) for name, one in self._commands.items()]

    def shared(self) -> list[tuple[str, str]]:
        """The options that most commands have, `--realm, -r`, each with its help."""
        every = self._all["shared"]
        named = {name: [name] for name, entry in every.items() if not isinstance(entry, str)}
        for short, name in every.items():
            if isinstance(name, str):
                named[name].append(short)
        return [(", ".join(names), every[name][1]) for name, names in named.items()]

    def command(self, noun: str | None, verb: str | None) -> Command:
        """What was typed so far; without a verb that of the list, without a noun all shared."""
        name = " ".join(filter(None, (noun, verb)))
        found = self._commands.get(name) or self._commands.get(f"{noun} ls") or {}
        shared = {name: self._all["shared"][name] for name in found.get("shared", ())}
        every = {**(shared if found else self._all["shared"]), **found.get("own", {})}
        every = {name: entry for name, entry in every.items() if not isinstance(entry, str)}
        every["--help"] = _HELP
        return Command(
            {name: self._option(name, entry, found) for name, entry in every.items()},
            [(kind, many) for kind, many in found.get("arguments", ())],
            bool(found.get("ends")),
        )

    def _option(self, name: str, entry: list[Any], command: dict[str, Any]) -> Option:
        kind, text = entry
        if kind == "forms":
            kind = command.get("forms", [])
        elif kind in ("columns", "column"):
            kind = [kind, *command.get("columns", [])]
        return Option(name, kind, text)

    def long_name(self, noun: str | None, verb: str | None, name: str) -> str:
        """`--realm` for `-r`; where the letter means something else in the command, that."""
        command = self._commands.get(" ".join(filter(None, (noun, verb))), {})
        for names in (command.get("own", {}), self._all["shared"]):
            if name in names:
                return names[name] if isinstance(names[name], str) else name
        return "--help" if name == "-h" else name
