"""What of a container's output a terminal gets."""

import pytest

from kuke_ctr.parse.screen import ScreenFilter


def shown(*pieces: bytes) -> bytes:
    screen = ScreenFilter()
    return b"".join(map(screen.show, pieces)) + screen.end()


@pytest.mark.parametrize(
    "text",
    [
        b"plain\nlines\r\n\ttab\b",
        "ünïcödé 漢字 😀".encode(),
        b"\xff\xfe latin \xe9",
        b"progress\r\x1b[K",
    ],
)
def test_text_is_left_as_it_is(text: bytes) -> None:
    assert shown(text) == text


def test_colours_stay_and_are_put_off_at_the_end() -> None:
    assert shown(b"\x1b[1;31mred") == b"\x1b[1;31mred\x1b[0m"


@pytest.mark.parametrize(
    "sequence",
    [
        b"\x1b[6n",  # answers with the place of the cursor
        b"\x1b[c",
        b"\x1b[>0q",
        b"\x1b[?1049h",
        b"\x1b[2J",
        b"\x1b[1;1H",
        b"\x1b]0;title\x07",
        b"\x1b]52;c;YWJj\x1b\\",
        b"\x1bP$q m\x1b\\",
        b"\x1b(0",
        b"\x1bc",
        b"\x1b7",
        b"\x07",
        b"\x0e",
        b"\x00",
        b"\x7f",
        b"\x1b",
        b"\xc2\x9b",  # CSI as one character
        b"\x9b",
    ],
)
def test_what_a_terminal_would_obey_is_left_out(sequence: bytes) -> None:
    assert shown(b"a" + sequence + b"\nb") == b"a\nb"
    every_byte = [bytes([byte]) for byte in b"a" + sequence + b"\nb"]
    assert shown(*every_byte) == b"a\nb"


def test_a_sequence_without_an_end_swallows_no_later_line() -> None:
    assert shown(b"\x1b]0;never ended\nnext\n") == b"0;never ended\nnext\n"
    assert shown(b"\x1b[12", b"\nnext\n") == b"12\nnext\n"


def test_a_sequence_of_any_length_is_not_waited_for_without_end() -> None:
    long = b"\x1b]0;" + b"x" * 10_000
    screen = ScreenFilter()
    assert screen.show(long + b"\n").endswith(b"x\n")


def test_a_character_may_come_in_pieces() -> None:
    assert shown(b"\xe6\xbc", b"\xa2") == "漢".encode()
