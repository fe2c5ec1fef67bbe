"""Detach keys: the notation, and the bytes that pass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuke_ctr.errors import UsageError
from kuke_ctr.terminals.detach_keys import DEFAULT_KEYS, KeyWatch, describe_keys, parse_keys


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("ctrl-p,ctrl-q", b"\x10\x11"),
        ("ctrl-]", b"\x1d"),
        ("CTRL-A", b"\x01"),
        ("ctrl-@", b"\x00"),
        ("ctrl-\\,ctrl-_", b"\x1c\x1f"),
        ("a,b", b"ab"),
        ("-", b"-"),
        (DEFAULT_KEYS, b"\x1d\x1d"),
    ],
)
def test_dockers_notation_is_read(text: str, keys: bytes) -> None:
    assert parse_keys(text) == keys


@pytest.mark.parametrize("text", ["", "ctrl-", "ctrl-1", "alt-a", "ab", "a,,b", "é", "a,"])
def test_other_notations_are_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="not a sequence of detach keys"):
        parse_keys(text)


def test_keys_are_shown_in_the_same_notation() -> None:
    assert describe_keys(b"\x1d\x1d") == "ctrl-] ctrl-]"
    assert describe_keys(b"\x10q") == "ctrl-p q"


def test_a_beginning_is_held_back_and_passes_with_the_next_byte() -> None:
    watch = KeyWatch(b"\x1d\x1d")
    assert watch.feed(b"a\x1d") == (b"a", False)
    assert watch.feed(b"b") == (b"\x1db", False)


def test_keys_that_are_split_over_reads_are_seen_and_not_passed() -> None:
    watch = KeyWatch(b"\x10\x11")
    assert watch.feed(b"x\x10") == (b"x", False)
    assert watch.feed(b"\x11y") == (b"", True)


def test_a_beginning_within_a_beginning_is_not_lost() -> None:
    watch = KeyWatch(b"aab")
    assert watch.feed(b"aa") == (b"", False)
    assert watch.feed(b"a") == (b"a", False)
    assert watch.feed(b"b") == (b"", True)


def test_without_keys_everything_passes() -> None:
    assert KeyWatch(b"").feed(b"\x1d\x1d\x10\x11") == (b"\x1d\x1d\x10\x11", False)


LETTERS = st.integers(97, 98)
"""Few, so that keys are often typed, and often nearly."""


@given(
    st.lists(LETTERS, min_size=1, max_size=3).map(bytes),
    st.lists(st.lists(LETTERS, max_size=4).map(bytes)),
)
def test_however_it_is_split_the_bytes_before_the_keys_pass(
    keys: bytes, pieces: list[bytes]
) -> None:
    watch, passed, complete = KeyWatch(keys), b"", False
    for piece in pieces:
        more, complete = watch.feed(piece)
        passed += more
        if complete:
            break
    before, found, _ = b"".join(pieces).partition(keys)
    assert complete == bool(found)
    if complete:
        assert passed == before
    else:
        assert before.startswith(passed)
        assert len(before) - len(passed) < len(keys)
