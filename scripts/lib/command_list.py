"""Every command of kuke-ctr, with what its help says, for the documents that are made of it."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from inspect import cleandoc
from typing import Any

from kuke_ctr.cli import tree
from kuke_ctr.cli.words import ENTRIES
from kuke_ctr.commands.shared.option_table import GROUPS

_NUMBERS = frozenset(["0", "1", "2", "3", "4", "5", "70", "124", "125", "126", "127", "130", "141"])
_SHARED_PANEL = "Shared options"
_EXAMPLES = "Examples:"


@dataclass(frozen=True)
class Command:
    """One command: its words after `kuke-ctr`, its docstring, its parameters as typer built them.

    `same` are the words of another command that is this very one, under another name.
    """

    words: tuple[str, ...]
    doc: str
    parameters: Sequence[Any]
    same: tuple[str, ...] = ()
    build: Callable[[], Any] = lambda: None

    @property
    def name(self) -> str:
        """As one types it, without `kuke-ctr`."""
        return " ".join(self.words)

    @property
    def summary(self) -> str:
        """The one line of its help: the first paragraph of the docstring."""
        return _joined(self.doc.split("\n\n")[0])

    @property
    def details(self) -> list[str]:
        """The other paragraphs, without the examples."""
        parts = self.doc.split("\n\n")[1:]
        return [_joined(part) for part in parts if part != _EXAMPLES and part[:4].strip()]

    @property
    def examples(self) -> list[str]:
        """The lines of its examples, as they can be typed."""
        _, found, rest = self.doc.partition(f"{_EXAMPLES}\n\n")
        return [line.strip() for line in rest.split("\n\n")[0].split("\n")] if found else []

    @property
    def runs(self) -> list[str]:
        """ctr's commands in the text, each once."""
        found = re.findall(r"`(ctr [^`]*)`", " ".join(self.details))
        return list(dict.fromkeys(found))

    @property
    def says_what_it_runs(self) -> bool:
        """Whether the text has a sentence about it, `Runs nothing` included."""
        return re.search(r"\bRuns\b", " ".join(self.details)) is not None

    @property
    def records(self) -> str:
        """What stands behind `Records:`, up to the end of the sentence; empty where it has none."""
        found = re.search(r"\bRecords: ([^.]+)\.", " ".join(self.details))
        return found[1] if found else ""

    @property
    def codes(self) -> list[str]:
        """The exit codes that the text names, in the order of their numbers."""
        found: set[str] = set()
        for sentence in re.split(r"(?<=\.)\s", " ".join(self.details)):
            if re.search(r"\bexits?\b|\bcode\b", sentence, re.IGNORECASE):
                found |= set(re.findall(r"(?<![\w.-])\d+(?![\w.]*\w)", sentence))
            found |= set(re.findall(r"(?:^|; )(\d+):", sentence))
        return sorted(found & _NUMBERS, key=int)

    @property
    def arguments(self) -> list[Any]:
        """The positional ones."""
        return [each for each in self.parameters if each.param_type_name == "argument"]

    @property
    def options(self) -> list[Any]:
        """Its own options, without those that every command shares and those that are hidden."""
        return [
            each
            for each in self.parameters
            if each.param_type_name == "option"
            and not each.hidden
            and getattr(each, "rich_help_panel", None) != _SHARED_PANEL
        ]

    @property
    def shared(self) -> dict[str, list[str]]:
        """The shared options that it takes: group -> their names, only the group for all of it."""
        mine = {
            name
            for each in self.parameters
            if getattr(each, "rich_help_panel", None) == _SHARED_PANEL
            for name in each.opts
        }
        found: dict[str, list[str]] = {}
        for title, group in GROUPS.items():
            names = [name for option in group for name in option.names]
            taken = [name for name in names if name in mine]
            if taken:
                found[title] = [] if taken == names else taken
        return found

    @property
    def formats(self) -> str:
        """What -o takes: `json, yaml or raw`."""
        return next((each.help for each in self.parameters if "--output" in each.opts), "")


def _joined(text: str) -> str:
    return " ".join(text.split())


def commands() -> Iterator[Command]:
    """Every command of the tree in the order of ENTRIES; a command of two nouns comes twice."""
    seen: dict[Any, tuple[str, ...]] = {}
    for noun, entry in ENTRIES.items():
        for module, verbs in entry.modules.items():
            for verb, info in infos(module).items():
                if verb not in (verbs or (entry.same or noun,)):
                    continue  # another noun's, in a module that several have
                words = (noun, verb) if entry.verbs else (noun,)
                built = tree.command_of(info)
                doc = cleandoc(info.callback.__doc__ or "")
                same = seen.get(info.callback, ())
                yield Command(words, doc, built.params, same, partial(tree.command_of, info))
                seen.setdefault(info.callback, words)


def infos(module: str) -> dict[str, Any]:
    """The commands in a module of `commands/`, by name."""
    app = import_module(f"kuke_ctr.commands.{module}").app
    return {info.name or info.callback.__name__: info for info in app.registered_commands}
