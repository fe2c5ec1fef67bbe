"""docs/commands.md is what the code says, and the tree of commands is what tree.py says it is."""

import re
import shlex

import pytest

from kuke_ctr import records
from kuke_ctr.cli.words import ENTRIES
from scripts.lib import command_list, commands_doc, completion_table, help_pages
from scripts.lib.command_list import Command
from scripts.lib.commands_doc import RENEW

COMMANDS = list(command_list.commands())
EVERY = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)


def test_the_file_is_current() -> None:
    text = commands_doc.PATH.read_text()
    assert text == commands_doc.document(), f"docs/commands.md is not current: run {RENEW}"


def test_the_pages_of_help_are_current() -> None:
    for path, text in help_pages.documents().items():
        assert path.read_text() == text, f"{path} is not current: run {RENEW}"


def test_the_table_of_completions_is_current() -> None:
    text = completion_table.PATH.read_text()
    assert text == completion_table.document(), f"completion/table.json is not current: run {RENEW}"


@EVERY
def test_a_command_has_one_line_of_help(command: Command) -> None:
    assert command.summary.endswith("."), "a sentence"
    assert command.summary.count(". ") == 0, "one sentence; the rest is a paragraph of its own"


@EVERY
def test_a_command_says_what_it_runs(command: Command) -> None:
    assert command.says_what_it_runs, "its docstring has no `Runs ...`"


@EVERY
def test_the_records_of_a_command_exist(command: Command) -> None:
    name = re.match(r"[A-Z]\w*", command.records)
    if name is not None:
        assert issubclass(getattr(records, name[0]), records.Record)


@EVERY
def test_every_option_and_argument_of_a_command_says_what_it_is(command: Command) -> None:
    silent = [each.name for each in (*command.options, *command.arguments) if not each.help]
    assert silent == []


@pytest.mark.parametrize(
    ("noun", "module"),
    [(noun, each) for noun, entry in ENTRIES.items() if entry.verbs for each in entry.modules],
)
def test_the_verbs_that_cli_names_are_those_of_the_module(noun: str, module: str) -> None:
    assert set(ENTRIES[noun].modules[module]) == set(command_list.infos(module))


@pytest.mark.parametrize("noun", [noun for noun, entry in ENTRIES.items() if not entry.verbs])
def test_a_command_without_a_verb_is_its_modules_only_one_or_that_of_a_noun(noun: str) -> None:
    (module,) = ENTRIES[noun].modules
    name = ENTRIES[noun].same or noun
    of_noun = (name in entry.modules.get(module, ()) for entry in ENTRIES.values())
    assert set(command_list.infos(module)) == {noun} or any(of_noun)


def test_no_two_commands_have_the_same_words() -> None:
    words = [command.words for command in COMMANDS]
    assert len(set(words)) == len(words)
    names = [name for noun, entry in ENTRIES.items() for name in (noun, *entry.aliases)]
    assert len(set(names)) == len(names)


@EVERY
def test_a_help_has_two_examples_and_says_last_what_it_runs(command: Command) -> None:
    assert len(command.examples) == 2
    assert command.details[-1].startswith(("Runs ", "Reads "))


EXAMPLES = [(one, line) for one in COMMANDS for line in one.examples]


@pytest.mark.parametrize(
    ("command", "line"), EXAMPLES, ids=lambda value: getattr(value, "name", "")
)
def test_an_example_is_right_as_it_is_typed(command: Command, line: str) -> None:
    words = shlex.split(line, comments=True)
    words = words[words.index("kuke-ctr") + 1 :]
    end = next((i for i, word in enumerate(words) if word in ("|", "<", ">")), len(words))
    names = (command.words, command.same, command.words[-1:])
    typed = next(name for name in names if name and tuple(words[: len(name)]) == name)
    command.build().make_context("kuke-ctr", words[len(typed) : end])
