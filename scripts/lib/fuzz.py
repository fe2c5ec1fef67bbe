"""Feed mutations of recorded output and of Kukeon's files to every reader: each must stay polite.

Polite is a record, a refused row, or an error that kuke-ctr can explain; anything else is a bug.
"""

import argparse
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from kuke_ctr.backends.ctr.failures import failure_of
from kuke_ctr.backends.ctr.failures.starting import start_failure
from kuke_ctr.backends.ctr.versions import numbers_of
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.cells import CellDocument
from kuke_ctr.kukeon.credentials import RegistryDocument
from kuke_ctr.kukeon.first_files import Instance, KukeonSettings, OwnSettings, RealmDocument
from kuke_ctr.kukeon.first_files import read as read_first
from kuke_ctr.kukeon.realm_files import manifest_namespace, namespace_in
from kuke_ctr.kukeon.schemas import Document, read
from kuke_ctr.parse.amounts import memory_in_bytes
from kuke_ctr.parse.check import problems_in
from kuke_ctr.parse.container_info import parse_container_info
from kuke_ctr.parse.manifest import CONFIGS, Descriptor, read_config, read_document
from kuke_ctr.parse.metrics import metrics_of
from kuke_ctr.parse.mounts import parse_mount_commands, parse_mountinfo
from kuke_ctr.parse.nouns import RECORDS, parser_of
from kuke_ctr.parse.references import INDEXES, MANIFESTS, children_of, content_references
from kuke_ctr.parse.screen import ScreenFilter
from kuke_ctr.parse.times import from_go
from kuke_ctr.parse.transfers import parse_import
from kuke_ctr.parse.units import labels_of, size_in_bytes
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.environments import mask_environment
from kuke_ctr.processes.player import Player
from kuke_ctr.processes.signals import signal_of
from kuke_ctr.recipes.environment import environment_of
from kuke_ctr.records import Record
from kuke_ctr.render import Output, escape, make_view, render
from kuke_ctr.terminals.detach_keys import parse_keys

TOP = Path(__file__).resolve().parents[2]
RECORDINGS = TOP / "fixtures" / "ctr-output"
SAID = TOP / "tests" / "backends" / "ctr" / "failures"
"""What ctrs said when they failed, in files of JSON lines."""
SLOWEST = 5.0
"""Seconds that a reader may take for a text; the machine may be busy."""

_LONGEST_SEED = 8_000
_MEMORY = 2 << 30
"""Bytes that the whole may take."""

Reader = Callable[[str], object]

FILES: Mapping[str, str] = {
    "realm": json.dumps(
        {
            "kind": "Realm",
            "metadata": {"name": "main"},
            "spec": {
                "namespace": "kukeon-main",
                "registryCredentials": [{"username": "u", "password": "p", "serverAddress": "r"}],
                "containers": [{"id": "a", "containerdId": "s_t_c_a", "root": False}],
            },
        },
        indent=1,
    ),
    "manifest": "kind: Realm\nmetadata: &m {name: main}\nspec:\n  namespace: a\n---\nkind: Space\n"
    "metadata: {<<: *m, name: b}\n",
    "settings": "realm: main\nrun_path: /opt/kukeon\nctr: ctr\nrealms:\n  main: {namespace: a}\n",
    "kukeon": "spec:\n  runPath: /opt/kukeon\n  containerdNamespaceSuffix: kukeon.io\n",
    "instance": '{"containerdNamespaceSuffix": "kukeon.io"}',
    "recording": '{"argv": ["ctr", "-n", "a", "images", "ls"], "stdout": "REF", "stderr": "",\n'
    '"exit_code": 0, "seconds": 0.1, "timed_out": false, "sizes": {"stdout": 3}, "note": ""}',
    "environment": 'A=1\n# none\n B=2\r\nHOME\nC="x y"\n',
    "words": "2026-11-23 15:24:39.1 +0000 UTC",
    "size": "1004.8 KiB",
    "keys": "ctrl-],ctrl-p,a",
}

DOCUMENTS: Mapping[str, str] = {
    "index": json.dumps(
        {
            "mediaType": INDEXES[0],
            "manifests": [
                {"digest": "sha256:" + "a" * 64, "size": 3, "platform": {"os": "linux"}},
            ],
        }
    ),
    "config": json.dumps({"os": "linux", "architecture": "amd64", "history": [{"created": "x"}]}),
}

PIECES = (
    *("", " ", "\t", "\n", "\r", "\0", "\x1b[2J", "\u200b", "\u202e", "\udcff", "²", "٣", "NaN"),
    *("1" * 5000, "9" * 400, "0x" + "f" * 5000, "1e999", "-Infinity", ".inf", "-1", "12²4", "2.5"),
    *(
        "[" * 2000,
        "{" * 2000,
        '{"a":' * 2000,
        "]" * 500,
        "[" * 90 + "]" * 90,
        '"',
        "'",
        "\\",
        "\\u",
    ),
    *(
        "!!timestamp q",
        "!!bool q",
        "!!binary q",
        '!!int ""',
        "!!float ''",
        "!!set {a}",
        "&a",
        "*a",
        "<<: *a",
        "? ",
        "- ",
        ": ",
        "---\n",
    ),
    *("null", "true", "{}", "[]", "[1, {}]", "%", "=", ",", "../..", "sha256:", "a" * 300),
)


def readers(folder: Path) -> dict[str, Reader]:
    """Every reader by name; those of files write the text below the folder first."""
    found: dict[str, Reader] = {noun: partial(_parsed, noun) for noun in RECORDS}
    media = {"index": INDEXES[0], "document": MANIFESTS[0], "config": CONFIGS[0]}
    found |= {
        "metrics": partial(metrics_of, "task"),
        "container info": parse_container_info,
        "import": parse_import,
        "problems": problems_in,
        "mount commands": lambda text: parse_mount_commands(text.split("\n"), "/mnt"),
        "mountinfo": lambda text: list(parse_mountinfo(text)),
        "references": lambda text: (children_of(text), list(content_references(text))),
        "memory": memory_in_bytes,
        "config blob": lambda text: read_config(_bytes(text)),
    }
    found |= _short_texts()
    found |= {_name_of(argv): partial(_failure, argv) for argv in failures()}
    found["recording"] = partial(_file, folder / "001-x.json", lambda: Player(folder))
    env = folder / "variables"
    found["environment"] = partial(_file, env, partial(_environment, env))
    for name, kind in media.items():
        about = Descriptor(kind, "sha256:" + "a" * 64)
        found[f"{name} blob"] = partial(_blob, about)
    path = folder / "metadata.json"
    models: tuple[type[Document], ...] = (CellDocument, RegistryDocument)
    for model in models:
        found[model.__name__] = partial(_file, path, partial(read, path, model))
    found |= {
        "realm": partial(_file, path, partial(read_first, path, RealmDocument)),
        "instance": partial(_file, path, partial(read_first, path, Instance)),
        "kukeon settings": partial(_file, path, partial(read_first, path, KukeonSettings)),
        "own settings": partial(_file, path, partial(read_first, path, OwnSettings)),
    }
    found["namespace"] = partial(_file, path, partial(_namespace, path))
    found["manifest"] = partial(_file, path, partial(manifest_namespace, path, "main"))
    return found


def _short_texts() -> dict[str, Reader]:
    """What reads a word, or a stream of bytes."""
    return {
        "version": numbers_of,
        "signal": signal_of,
        "keys": parse_keys,
        "time": from_go,
        "size": size_in_bytes,
        "labels": labels_of,
        "screen": _screen,
        "masked": mask_environment,
        "escaped": _escaped,
    }


def _screen(text: str) -> bytes:
    screen, data = ScreenFilter(), _bytes(text)
    return b"".join([*(screen.show(data[i : i + 7]) for i in range(0, len(data), 7)), screen.end()])


def _escaped(text: str) -> None:
    if not escape(text).isprintable():
        raise ValueError("not all of it can be shown")


def _environment(path: Path) -> None:
    found = environment_of([], [str(path)], {})
    if found.hidden >= 0:
        os.close(found.hidden)


def _failure(argv: tuple[str, ...], text: str) -> None:
    """An error that ctr's words mean; it says something, and nothing that a terminal obeys."""
    stderr = b"ctr: " + _bytes(text)
    for error in (
        failure_of(Result(argv, 1, b"", stderr, 0.0)),
        start_failure(stderr, Call(argv), ["sh"]),
    ):
        if error is not None and not error.message:
            raise ValueError("an error without a word")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _blob(about: Descriptor, text: str) -> object:
    return read_document(_bytes(text), about)


def _file(path: Path, reader: Callable[[], object], text: str) -> object:
    path.write_bytes(_bytes(text))
    return reader()


def _namespace(path: Path) -> object:
    found = read_first(path, RealmDocument)
    return None if found is None else namespace_in(path, found)


def _parsed(noun: str, text: str) -> object:
    found = [one for one in parser_of(noun)(text.split("\n")) if isinstance(one, Record)]
    for form in (Output.JSON, Output.WIDE, Output.YAML):
        list(render(found, make_view(RECORDS[noun], output=form)))
    return found


def seeds() -> dict[str, list[str]]:
    """Texts by the noun that ctr printed them for; files and documents are of every reader's."""
    found: dict[str, list[str]] = {"": [*FILES.values(), *DOCUMENTS.values()]}
    for path in sorted(RECORDINGS.rglob("*.json")):
        recording = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(recording, dict):  # what Kukeon's own client said
            continue
        text, argv = recording.get("stdout"), recording.get("argv")
        if isinstance(text, str) and isinstance(argv, list) and 0 < len(text) < _LONGEST_SEED:
            for noun in RECORDS:
                if noun.partition("-")[0] in argv:
                    found.setdefault(noun, []).append(text)
    for argv, texts in failures().items():
        found[_name_of(argv)] = texts
    return found


def failures() -> dict[tuple[str, ...], list[str]]:
    """What ctrs said, by the calls that failed so."""
    found: dict[tuple[str, ...], list[str]] = {}
    for path in sorted(SAID.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            found.setdefault(tuple(row["argv"]), []).append(row["said"])
    return found


def _name_of(argv: tuple[str, ...]) -> str:
    return f"failure of {' '.join(argv)}"


def mutated(text: str, chance: random.Random) -> str:
    """The text with some of it cut, doubled, moved, or replaced by a piece that hurts."""
    for _ in range(chance.choice((0, 1, 1, 2, 3, 8))):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice((0, 1, 1, 3, 10, 80)))
        piece = chance.choice(PIECES)
        kind = chance.randrange(5)
        if kind == 0:
            piece = text[start:end] * 2
        elif kind == 1:
            numbers = [i for i, char in enumerate(text) if char.isdigit()]
            start = chance.choice(numbers) if numbers else start
            end = start + 1
        elif kind == 2:  # noqa: PLR2004
            words = text.split(" ")
            chance.shuffle(words)
            text, piece = " ".join(words), text[start:end]
        text = text[:start] + piece + text[end:]
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")


def problems(
    seed: int, *, seconds: float = float("inf"), texts: float = float("inf"), most: int = 10
) -> Iterator[str]:
    """What went wrong in so many seconds or texts: the reader, the error, the text."""
    chance = random.Random(seed)  # noqa: S311 (no secret)
    known = seeds()
    with tempfile.TemporaryDirectory() as folder:
        every = sorted(readers(Path(folder)).items())
        until, found, tried = time.monotonic() + seconds, 0, 0
        while time.monotonic() < until and tried < texts and found < most:
            tried += 1
            name, reader = chance.choice(every)
            own = known.get(name) if chance.random() < 0.8 else None  # noqa: PLR2004
            text = mutated(chance.choice(own or known[""]), chance)
            problem = _tried(reader, text)
            if problem is not None:
                found += 1
                yield f"{name}: {problem}: {text[:2000]!r}"


def _tried(reader: Reader, text: str) -> str | None:
    started = time.process_time()
    try:
        reader(text)
    except KukeCtrError as error:
        return _too_long(error)
    except Exception as error:  # noqa: BLE001 (this is what is looked for)
        return f"{type(error).__name__}: {str(error)[:200]}"
    took = time.process_time() - started
    return f"{took:.1f} seconds" if took > SLOWEST else None


def _too_long(error: KukeCtrError) -> str | None:
    size = len(error.message) + len(error.hint or "")
    return f"a message of {size} characters" if size > 4 * _LONGEST_SEED else None


def main() -> int:
    """Run for some seconds; 1 where something went wrong."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("seconds", type=float, nargs="?", default=60, help="default: 60")
    parser.add_argument("--seed", type=int, default=None, help="that of an earlier run")
    given = parser.parse_args()
    seed = time.time_ns() if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)
    found = 0
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    for problem in problems(seed, seconds=given.seconds):
        found += 1
        print(problem, flush=True)
    print(f"{found} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
