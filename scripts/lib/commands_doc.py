"""docs/commands.md, made from the code: each command with what it runs, prints and exits with."""

import argparse
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kuke_ctr.cli.words import ENTRIES, VERB_ALIASES
from kuke_ctr.commands.shared.option_table import GROUPS
from scripts.lib import completion_table, help_pages
from scripts.lib.command_list import Command, commands

PATH = Path(__file__).resolve().parents[2] / "docs" / "commands.md"
RENEW = "scripts/commands-doc"

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
    """Write docs/commands.md, and what the package has of it; with --check say if it is current."""
    parser = argparse.ArgumentParser(prog=RENEW, description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1: it is not current")
    given = parser.parse_args()
    text = document()
    if given.check:
        current = PATH.exists() and PATH.read_text() == text
        print("docs/commands.md is current" if current else f"{PATH} is not current: run {RENEW}")
        return 0 if current else 1
    PATH.write_text(text)
    completion_table.PATH.write_text(completion_table.document())
    for path, page in help_pages.documents().items():
        path.write_text(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
