"""docs/commands.md, made from the code: each command with what it runs, prints and exits with."""

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from typing import Any

from kuke_ctr.cli import tree
from kuke_ctr.cli.words import ENTRIES, VERB_ALIASES
from kuke_ctr.commands.shared.option_table import GROUPS

PATH = Path(__file__).resolve().parents[2] / "docs" / "commands.md"
RENEW = "scripts/commands-doc"

_NUMBERS = frozenset(["0", "1", "2", "3", "4", "5", "70", "124", "125", "126", "127", "130", "141"])
_SHARED_PANEL = "Shared options"
_EXAMPLES = "Examples:"

_HEAD = f"""\
# Commands

This file is made from the code: `{RENEW}` renews it, and a test fails while it is not current.

Most commands have a noun and a verb, as in ctr. Nouns have other names: {{nouns}}.
So have two verbs: {{verbs}}. What is said of a command here is what its `--help` says.

In the table, "ctr" are the commands of ctr that a command is made of, "records" what `-o json`
prints (`kuke-ctr schema NOUN` has their fields), and "exit codes" those that have a meaning of
their own there. Any command can also end with 0 (done), 1 (ctr failed), 2 (wrong usage), 3 (no such
thing, or no such namespace), 4 (what ctr printed could not be read), 70, 124, 126, 127, 130 and
141: [output.md](output.md) explains them.
"""


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


def document() -> str:
    """The whole text of docs/commands.md."""
    found = list(commands())
    parts = [_head(), _table(found), _shared()]
    noun = ""
    for command in found:
        if command.words[0] != noun:
            noun = command.words[0]
            parts.append(f"## {noun}\n\n{ENTRIES[noun].help}")
        parts.append(_section(command))
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _head() -> str:
    nouns = "; ".join(
        f"`{noun}` {_listed(entry.aliases)}" for noun, entry in ENTRIES.items() if entry.aliases
    )
    names: dict[str, list[str]] = {}
    for alias, verb in VERB_ALIASES.items():
        names.setdefault(verb, []).append(alias)
    verbs = "; ".join(f"`{verb}` {_listed(others)}" for verb, others in names.items())
    return _HEAD.format(nouns=nouns, verbs=verbs)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(found: Iterable[Command]) -> str:
    rows = ["| command | ctr | records | exit codes |", "|---|---|---|---|"]
    for command in found:
        runs = "<br>".join(f"`{_cell(words)}`" for words in command.runs) or "nothing"
        records, codes = _cell(command.records), " ".join(command.codes)
        link = f"[{command.name}](#{_anchor(command)})"
        rows.append(f"| {link} | {runs} | {records} | {codes} |")
    return "\n".join(rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _anchor(command: Command) -> str:
    return _heading(command).replace(" ", "-")


def _heading(command: Command) -> str:
    return f"kuke-ctr {command.name}"


def _shared() -> str:
    lead = (
        "They mean the same in every command that has them, and may stand before the command or "
        "behind it. Each command below names the groups that it takes."
    )
    parts = ["## Shared options", lead]
    for title, group in GROUPS.items():
        rows = [_row(each.names, each.metavar or "", each.help, default="") for each in group]
        parts.append("\n".join([f"### {title}", "", *_OPTION_HEAD, *rows]))
    return "\n\n".join(parts)


_OPTION_HEAD = ["| option | value | |", "|---|---|---|"]


def _row(names: Iterable[str], metavar: str, text: str, *, default: str) -> str:
    shown = f"{text} [{default}]" if default else text
    value = f"`{_cell(metavar)}`" if metavar else ""
    return f"| {_listed(names)} | {value} | {_cell(shown)} |"


def _section(command: Command) -> str:
    title = f"### {_heading(command)}"
    usage = " ".join(["kuke-ctr", *command.words, "[OPTION]...", *map(_metavar, command.arguments)])
    if command.same:
        other = " ".join(["kuke-ctr", *command.same])
        link = f"[{other}](#{other.replace(' ', '-')})"
        return f"{title}\n\n    {usage}\n\nThe same as {link}."
    *details, last = command.details
    examples = "\n".join(f"    {line}" for line in command.examples)
    parts = [title, f"    {usage}", command.summary, *details, "For example:", examples, last]
    arguments = [each for each in command.arguments if each.help]
    if arguments or command.options:
        rows = [f"| `{_cell(_metavar(each))}` | | {_cell(each.help)} |" for each in arguments]
        rows += [_option(each) for each in command.options]
        parts.append("\n".join([*_OPTION_HEAD, *rows]))
    if command.shared:
        groups = [
            f"{title.lower()} ({_listed(names)})" if names else title.lower()
            for title, names in command.shared.items()
        ]
        formats = f" `-o` takes {command.formats}" if command.formats else ""
        parts.append(f"[Shared options](#shared-options): {'; '.join(groups)}.{formats}")
    return "\n\n".join(parts)


def _metavar(argument: Any) -> str:
    """As the usage line has it: `[FILTER]...`, `IMAGE`."""
    text = str(argument.metavar or argument.name.upper())
    if argument.nargs == -1 and not text.endswith("..."):
        text += "..."
    return text if argument.required or text.startswith("[") else f"[{text}]"


def _option(option: Any) -> str:
    metavar = "" if option.is_flag or option.count else option.metavar or option.name.upper()
    text = str(option.help or "")
    several = option.multiple and not re.search("repeat|more than once|several", text)
    times = " Can be given more than once." if several else ""
    default = option.default
    plain = isinstance(default, str | int | float) and not isinstance(default, bool)
    shown = f"default: {default}" if plain and not option.count and default != "" else ""
    names = (*option.opts, *option.secondary_opts)
    return _row(names, metavar, f"{text}{times}".strip(), default=shown)


def main() -> int:
    """Write docs/commands.md, or with --check say whether it is current."""
    parser = argparse.ArgumentParser(prog=RENEW, description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1: it is not current")
    given = parser.parse_args()
    text = document()
    if given.check:
        current = PATH.exists() and PATH.read_text() == text
        print("docs/commands.md is current" if current else f"{PATH} is not current: run {RENEW}")
        return 0 if current else 1
    PATH.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
