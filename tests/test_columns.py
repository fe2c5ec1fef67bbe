"""Tables on a terminal: no row is wider, and the names by which a user goes on stay whole."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuke_ctr.columns import cut, fitted, shortened, width
from scripts.lib.seat import Seat
from tests.support.paths import TOP
from tests.support.runner import PROGRAM

HOST = TOP / "fixtures" / "ctr-output" / "kukeon-0.9.1"
HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "space", "at_end", "short"),
    [
        ("linux/amd64", 11, False, "linux/amd64"),
        ("linux/amd64", 8, False, "linu…d64"),
        ("PLATFORMS", 5, False, "PLATF"),
        ("PLATFORMS", 0, False, ""),
        (f"sha256:{HEX[:12]}", 12, True, HEX[:12]),
        (f"sha256:{HEX}", 30, True, f"sha256:{HEX[:22]}…"),
        (HEX, 20, True, f"{HEX[:19]}…"),
        ("default_default_web_app", 20, True, "default_de…t_web_app"),
        ("名名名名名名", 7, False, "名名…名"),
    ],
)
def test_a_long_text_loses_its_middle_and_an_id_its_end(
    text: str, space: int, at_end: bool, short: str
) -> None:
    assert shortened(text, space, at_end=at_end) == short
    assert width(short) <= space


def test_a_name_stays_whole_as_long_as_another_column_can_give_way() -> None:
    rows = [
        ["REF", "DIGEST", "SIZE", "PLATFORMS"],
        ["docker.io/library/busybox:1.36", f"sha256:{HEX[:12]}", "1.0 MiB", "linux/amd64"],
    ]
    kinds = ([True, False, False, False], [False, True, False, False])
    assert fitted(rows, *kinds, 80) == rows
    assert fitted(rows, *kinds, 63) == [
        ["REF", "DIGEST", "SIZE", "PLATFORM"],
        ["docker.io/library/busybox:1.36", HEX[:12], "1.0 MiB", "linu…d64"],
    ]
    assert fitted(rows, *kinds, 54)[1] == [rows[1][0], f"{HEX[:7]}…", "1.0 MiB", "l…4"]
    (_, row) = fitted([rows[0], [f"registry.k8s.io/pause@sha256:{HEX}", *rows[1][1:]]], *kinds, 60)
    assert row[0].startswith("registry.k8s")
    assert row[0].endswith("89abcdef")


@given(
    st.lists(st.tuples(*[st.text(max_size=90)] * 3), min_size=1, max_size=4),
    st.integers(40, 200),
    st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_no_row_is_wider_than_the_terminal(
    rows: list[tuple[str, ...]], room: int, kinds: list[bool]
) -> None:
    for row in fitted(rows, kinds[:3], kinds[3:], room):
        assert sum(map(width, row)) + 4 <= room


def shown(words: str, columns: int, **environment: str) -> list[str]:
    """The lines that a terminal of this width gets from a recorded host."""
    told = {**os.environ, "KUKEON_RUN_PATH": str(HOST / "run"), **environment}
    command: list[str | Path] = [PROGRAM, "--replay", HOST / "ctr", *words.split()]
    with Seat(command, {**told, "LC_ALL": "C.UTF-8"}, size=(24, columns)) as seat:
        seat.wait()
        return seat.whole().decode().replace("\r\n", "\n").splitlines()


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize(
    "words",
    [
        *(f"{noun} ls -r main" for noun in ("images", "containers", "tasks", "snapshots")),
        *("namespaces ls", "realms ls"),
    ],
)
def test_the_lists_fit_a_terminal(words: str, columns: int) -> None:
    lines = shown(words, columns, NO_COLOR="1")
    assert len(lines) > 1
    assert max(map(width, lines)) <= columns
    if "images" in words:
        assert lines[1].startswith("docker.io/library/busybox:latest  ")
    if "containers" in words or "tasks" in words:
        assert lines[1].startswith("default_default_dev_root  ")


def test_wide_and_a_pipe_are_whole(capsys: pytest.CaptureFixture[str]) -> None:
    from kuke_ctr.cli.main import main

    words = "snapshots ls -r main --run-path {0}/run --replay {0}/ctr".format(Path(HOST))
    assert main(words.split()) == 0
    whole = capsys.readouterr().out.splitlines()
    assert max(map(width, whole)) > 100
    assert shown("snapshots ls -r main -o wide", 60) == whole


def test_a_terminal_without_that_character_gets_another_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Path(os.devnull).open("w", encoding="ascii") as plain:
        monkeypatch.setattr(sys, "stdout", plain)
        assert shortened("linux/amd64", 8) == "linu~d64"


@pytest.mark.parametrize(
    ("text", "room", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "abc"),
        ("a\u4e16b", 2, "a"),  # two columns, or none
        ("\x1b[32mRUNNING\x1b[0m  5", 7, "\x1b[32mRUNNING\x1b[0m"),
        ("x \x1b[32mRUNNING\x1b[0m", 4, "x \x1b[32mRU\x1b[0m"),
    ],
)
def test_a_line_is_cut_and_its_colours_end(text: str, room: int, shown: str) -> None:
    assert cut(text, room) == shown
