"""The names of recordings in fixtures/, and the INDEX.md of each folder that holds some."""

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from kuke_ctr.processes.recordings import LONGEST_NAME

RECORDINGS = Path(__file__).parents[2] / "fixtures" / "ctr-output"
INDEX = "INDEX.md"
RENEW = "scripts/record-fixtures --index"

_TAIL = 12
"""The characters at the end that a name which is cut in the middle keeps."""
_SIGN = {"\n": r"\n", "\t": r"\t"}


def file_name(number: int, argv: Sequence[str]) -> str:
    """`011-kukeon-main-content-ls-digest-0758ad4b.json` for that call of ctr.

    A digest is its first eight digits, and of several filters the first is shown and the others
    are counted: `-and-2`.
    """
    words = [word for word in argv[1:] if word not in ("-n", "--namespace")]
    more = [word for word in words if "==" in word][1:]
    words = [word for word in words if word not in more] + ([f"and-{len(more)}"] if more else [])
    parts = [re.sub(r"[^A-Za-z0-9_.]+", "-", _short_digest(word)).strip("-") for word in words]
    return fitting(f"{number:03}-{'-'.join(filter(None, parts))}")


def fitting(stem: str) -> str:
    """The name of the file; of a stem that is too long, the middle is `..`."""
    room = LONGEST_NAME - len(".json")
    if len(stem) > room:
        stem = f"{stem[: room - _TAIL - len('..')]}..{stem[-_TAIL:]}"
    return f"{stem}.json"


def _short_digest(word: str) -> str:
    return re.sub(r"sha256:([0-9a-f]{8})[0-9a-f]{56}", r"\1", word)


def folders(top: Path = RECORDINGS) -> Iterator[Path]:
    """The folders that hold recordings: a state of a version, or the `ctr` of a Kukeon host."""
    for folder in sorted(top.glob("*/*/")):
        if any(_numbered(folder)):
            yield folder


def index(folder: Path) -> str:
    """The text of INDEX.md: a line for each recording, in the order of replay."""
    names = [path.name for path in _numbered(folder)]
    width = max(map(len, names), default=0)
    lines = [f"    {name:{width}}  <- {_call(folder / name)}\n" for name in names]
    return (
        f"# {folder.parent.name}/{folder.name}\n\n"
        f"The ctr call that each file answers. Written by `{RENEW}`; do not edit.\n\n"
        f"{''.join(lines)}"
    )


def write(folder: Path) -> None:
    """Bring INDEX.md of this folder up to date."""
    (folder / INDEX).write_text(index(folder), encoding="utf-8")


def _numbered(folder: Path) -> list[Path]:
    found = [path for path in folder.glob("*.json") if re.match(r"\d+-", path.name)]
    return sorted(found, key=lambda path: (int(path.name.partition("-")[0]), path.name))


def _call(path: Path) -> str:
    """The call as a line for a shell, and how it ended unless it exited 0."""
    recording = json.loads(path.read_text(encoding="utf-8"))
    line = shlex.join(recording["argv"])
    for character, sign in _SIGN.items():
        line = line.replace(character, sign)
    ends = [f"exit code {recording['exit_code']}"] if recording["exit_code"] else []
    ends += ["time limit"] if recording.get("timed_out") else []
    return f"{line}  ({', '.join(ends)})" if ends else line
