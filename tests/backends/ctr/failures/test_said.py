"""What ctr 1.6, 1.7 and 2.1 said in real situations, and what each of them means.

The `.jsonl` files hold one situation a line: the call, ctr's words, the error (`kind`, `code`)
that they are, the clause that kuke-ctr puts before ctr's words (`says`), and the hint.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from kuke_ctr import errors
from kuke_ctr.backends.ctr.failures import failure_of
from kuke_ctr.backends.ctr.failures.starting import start_failure
from kuke_ctr.processes.calls import Call, Result

HERE = Path(__file__).parent
ROWS = [
    json.loads(line)
    for path in sorted(HERE.glob("*.jsonl"))
    for line in path.read_text().splitlines()
]
ABSENT = re.compile(r"not found$|404 Not Found$|image might be filtered out$")


def meaning(argv: list[str], said: str) -> errors.KukeCtrError:
    """The error that the command would raise."""
    stderr = f"ctr: {said}\n".encode()
    started = None
    if argv[3] == "run":
        command = argv[argv.index("--") + 3 :]
        started = start_failure(stderr, Call(tuple(argv)), command)
    return started or failure_of(Result(tuple(argv), 1, b"", stderr, 0.0))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['what']} {row['versions'][-1]}")
def test_what_ctr_said_means_the_same_in_every_version(row: dict[str, Any]) -> None:
    error = meaning(row["argv"], row["said"])
    assert type(error) is getattr(errors, row["kind"])
    assert error.exit_code == row["code"]
    assert error.hint == row["hint"]
    if row["says"] is None:
        assert error.message.startswith("ctr: ")
    else:
        assert error.message.partition(" (ctr: ")[0] == row["says"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['what']} {row['versions'][-1]}")
def test_3_is_said_only_where_ctr_says_that_something_is_absent(row: dict[str, Any]) -> None:
    if row["code"] == 3:
        assert ABSENT.search(row["said"])


def test_a_situation_means_the_same_in_every_version() -> None:
    found: dict[str, set[tuple[str, int, str | None]]] = {}
    for row in ROWS:
        # 1.6 looks for the content first; the gzipped archive is a good one for 2.x
        if row["what"] not in ("push missing", "import halfgz.tar", "pull snapshotter"):
            found.setdefault(row["what"], set()).add((row["kind"], row["code"], row["hint"]))
    assert {what: kinds for what, kinds in found.items() if len(kinds) > 1} == {}
