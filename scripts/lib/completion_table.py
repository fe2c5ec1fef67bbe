"""kuke_ctr/completion/table.json, made from the code: what a shell is told of each command.

A completion must not import the commands: that takes longer than everything else that it does.
"""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from kuke_ctr import records
from kuke_ctr.cli.words import ENTRIES, VERB_ALIASES
from kuke_ctr.commands.shared.option_table import SHARED
from kuke_ctr.pages import TOPICS
from kuke_ctr.parse.nouns import DESCRIBED, NOUNS
from kuke_ctr.render import Output
from scripts.lib.command_list import Command, commands

PATH = Path(__file__).resolve().parents[2] / "kuke_ctr" / "completion" / "table.json"

_SNAPSHOTTERS = ["overlayfs", "native", "btrfs", "devmapper", "zfs"]
_SIGNALS = ["SIGTERM", "SIGKILL", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"]

_FORMS = [form.value for form in Output]

Kind = str | list[str] | None
"""What a value is: a word of values.py, some values of their own, "" where nothing is known."""

_OF_OPTION: dict[str, Kind] = {
    "--realm": "realm",
    "--output": "forms",
    "--columns": "columns",
    "--sort-by": "column",
    "--snapshotter": _SNAPSHOTTERS,
    "--signal": _SIGNALS,
}
_OF_METAVAR: dict[str, Kind] = {
    "REALM": "realm",
    "NS": "namespace",
    "NAMESPACE": "namespace",
    "FILE": "file",
    "[FILE|-]": "file",
    "SOCKET": "file",
    "PROGRAM": "file",
    "PATH": "file",
    "SRC:DST[:ro]": "file",
    "DIR": "dir",
    "CONTAINER": "container",
    "TASK": "task",
    "IMAGE": "image",
    "REF": "image",
    "REF|PATTERN": "image",
    "SRC": "image",
    "DIGEST": "digest",
    "NOUN": sorted(DESCRIBED),
    "[[SPACE/]STACK/]CELL": "cell",
    "KEY": "snapshot",
    "PARENT": "snapshot",
}
_OF_ANY_ARGUMENT: dict[str, Kind] = {"ID": "container", "ID|REF": "container"}
_OF_ARGUMENT: dict[tuple[str, str], Kind] = {
    ("containers create", "CONTAINER"): "",
    ("content fetch", "REF"): "",
    ("cp", "SRC"): "copied",
    ("cp", "DEST"): "copied",
    ("content ingest", "REF"): "",
    ("exec", "ID"): "task",
    ("tasks exec", "ID"): "task",
    ("attach", "CONTAINER"): "task",
    ("stop", "CONTAINER"): "task",
    ("wait", "CONTAINER"): "task",
    ("tasks attach", "CONTAINER"): "task",
    ("leases rm", "ID"): "lease",
    ("namespaces create", "NAMESPACE"): "",
    ("realms resolve", "NAME"): "realm",
    ("realms show", "NAME"): "realm",
    ("parse", "NOUN"): sorted(NOUNS),
    ("help", "TOPIC"): [*TOPICS, *ENTRIES],
}


def document() -> str:
    """The whole text of the table: a line for each command, so that changes stay apart."""
    nouns = {
        noun: {"help": entry.help, "aliases": entry.aliases, "verbs": entry.verbs}
        for noun, entry in ENTRIES.items()
    }
    parts = {
        "nouns": _lines(nouns),
        "verb_aliases": json.dumps(VERB_ALIASES),
        "shared": _lines(_options(_shared())),
        "commands": _lines({one.name: _entry(one) for one in commands()}),
    }
    body = ",\n".join(f'"{name}": {text}' for name, text in parts.items())
    return f"{{\n{body}\n}}\n"


def _lines(found: dict[str, Any]) -> str:
    return "{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in found.items()) + "\n}"


_Named = tuple[Sequence[str], Kind, str]
"""The names of an option, the kind of its value (None: a flag), its help."""


def _shared() -> list[_Named]:
    return [
        (one.names, None if one.metavar is None else _kind("", one.names[0], one.metavar), one.help)
        for one in SHARED
    ]


def _options(named: Iterable[_Named]) -> dict[str, Any]:
    """Long name -> kind and help; another name -> the long one."""
    found: dict[str, Any] = {}
    for names, kind, help_text in named:
        first = next((name for name in names if name.startswith("--")), names[0])
        found[first] = [kind, _brief(help_text)]
        found.update({name: first for name in names if name != first})
    return found


def _brief(text: str) -> str:
    """The first sentence."""
    return text.partition(". ")[0].rstrip(".")


def _entry(command: Command) -> dict[str, Any]:
    taken = {name for each in command.parameters for name in each.opts if _is_shared(each)}
    own = [_own(command, each) for each in command.options]
    entry: dict[str, Any] = {
        "help": command.summary.rstrip("."),
        "shared": [one.names[0] for one in SHARED if taken & set(one.names)],
        "own": _options(own),
        "arguments": [
            [_kind(command.name, "", str(each.metavar)), each.nargs != 1]
            for each in command.arguments
        ],
    }
    if command.formats:
        entry["forms"] = [form for form in re.findall(r"[a-z]+", command.formats) if form in _FORMS]
        entry["columns"] = _columns(command)
    if not command.build().context_settings.get("allow_interspersed_args", True):
        entry["ends"] = True
    return entry


def _is_shared(parameter: Any) -> bool:
    return getattr(parameter, "rich_help_panel", None) == "Shared options" and not parameter.hidden


def _own(command: Command, option: Any) -> _Named:
    names = [*option.opts, *option.secondary_opts]
    metavar = str(option.metavar or "")
    is_flag = option.is_flag or option.count
    return names, None if is_flag else _kind(command.name, names[0], metavar), str(option.help)


def _columns(command: Command) -> list[str]:
    name = re.match(r"[A-Z]\w*", command.records)
    if name is None:
        return []
    record = getattr(records, name[0])
    return [field for field in record.model_fields if field not in ("extra", "host", "realm")]


def _kind(command: str, name: str, metavar: str) -> Kind:
    """Of an option by its name, of an argument (no name) by its command; else by the metavar."""
    if name:
        return _OF_OPTION.get(name, _OF_METAVAR.get(metavar, ""))
    metavar = metavar.removesuffix("...")
    known = {**_OF_METAVAR, **_OF_ANY_ARGUMENT}
    return _OF_ARGUMENT.get((command, metavar), known.get(metavar, ""))
