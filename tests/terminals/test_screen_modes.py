"""What is left on in a terminal: which sequences switch what, however they are cut."""

import time
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuke_ctr.terminals.screen_modes import ScreenModes


def left(*pieces: bytes) -> bytes:
    """What puts a terminal back that was shown this."""
    modes = ScreenModes()
    for piece in pieces:
        modes.feed(piece)
    return modes.reset()


ON_AND_OFF = [
    (b"\x1b[?1049h", b"\x1b[?1049l"),
    (b"\x1b[?1047h", b"\x1b[?1047l"),
    (b"\x1b[?47h", b"\x1b[?47l"),
    (b"\x1b[?25l", b"\x1b[?25h"),
    (b"\x1b[?7l", b"\x1b[?7h"),
    (b"\x1b[?1h", b"\x1b[?1l"),
    *(
        (b"\x1b[?%dh" % mode, b"\x1b[?%dl" % mode)
        for mode in (5, 9, *range(1000, 1007), 1015, 1016, 2004, 2026, 2031, 2048)
    ),
    (b"\x1b=", b"\x1b>"),
    (b"\x1b[>4;2m", b"\x1b[>4;0m"),
    (b"\x1b[>1u", b"\x1b[<1u"),
    (b"\x1b[=5;1u", b"\x1b[=0u"),
    (b"\x1b[4h", b"\x1b[4l"),
    (b"\x1b[31m", b"\x1b[m"),
    (b"\x0e", b"\x0f"),
    (b"\x1b(0", b"\x1b(B"),
    (b"\x1b[4 q", b"\x1b[0 q"),
    (b"\x1b[3;10r", b"\x1b7\x1b[r\x1b8"),
    (b"\x1b[?6h", b"\x1b[?6l\x1b[9999;1H"),
]


@pytest.mark.parametrize(("on", "off"), ON_AND_OFF)
def test_what_is_on_goes_off_and_only_that(on: bytes, off: bytes) -> None:
    assert left(b"text", on, b"more") == off
    assert left(on + off) == left(on, b"x", off) == b""
    assert left(on + b"\x1bc") == b""


def test_nothing_is_written_to_a_terminal_where_nothing_is_on() -> None:
    assert (
        left(b"plain\r\n\ttext \xff\x80 \xe2\x82\xac", b"\x1b[2J\x1b[1;1H\x1b[K\x1b7\x1b8") == b""
    )


def test_several_modes_of_one_sequence_count() -> None:
    assert left(b"\x1b[?1049;25;2004h\x1b[?25;7l") == b"\x1b[?1049l\x1b[?2004l\x1b[?7h\x1b[?25h"
    assert left(b"\x1b[?1049;1006;2004h\x1b[?1049;1006;2004l") == b""


def test_any_way_out_of_the_alternate_screen_counts() -> None:
    assert left(b"\x1b[?1049h", b"\x1b[?47l") == b""
    assert left(b"\x1b[?1047;1049h", b"\x1b[?1047l") == b""


@pytest.mark.parametrize(
    ("shown", "off"),
    [
        (b"\x1b[1;31mx\x1b[22;39m", b""),
        (b"\x1b[1;31mx\x1b[22m", b"\x1b[m"),
        (b"\x1b[38;5;1mx\x1b[39m", b""),  # 1 is no bold here
        (b"\x1b[38;2;1;2;3;48:2::1:2:3mx\x1b[39;49m", b""),
        (b"\x1b[4:3mx\x1b[4:0m", b""),
        (b"\x1b[31;0m\x1b[0;;m", b""),
        (b"\x1b[0;31m", b"\x1b[m"),
        (b"\x1b[97;107m", b"\x1b[m"),
        (b"\x1b[31m\x1b[0m\x1b[32m", b"\x1b[m"),
        (b"\x1b[32m\x1b[!p", b""),
        (b"\x1b[!p\x1b[32m", b"\x1b[m"),
        (b"\x1b[m\x1bc\x1b[7m", b"\x1b[m"),
        (b"\x1b[1m\x0f", b"\x1b[m"),
    ],
)
def test_styles_are_followed_one_by_one(shown: bytes, off: bytes) -> None:
    assert left(shown) == off
    assert left(*(bytes([byte]) for byte in shown)) == off


def test_a_soft_reset_leaves_screens_and_reports() -> None:
    usual = b"\x1b[?1;6;66h\x1b[?7;25l\x1b[4h\x1b[31m\x1b(0\x0e\x1b[2;3r"
    assert left(usual + b"\x1b[!p") == b""
    assert left(b"\x1b[?1049;1000;2004h\x1b[>4;1m\x1b[!p") == (
        b"\x1b[?1049l\x1b[?1000l\x1b[?2004l\x1b[>4;0m"
    )


def test_keys_that_were_pushed_are_popped_on_the_screen_that_they_are_of() -> None:
    assert left(b"\x1b[>1u\x1b[?1049h\x1b[>3u\x1b[>5u") == b"\x1b[<2u\x1b[?1049l\x1b[<1u"
    assert left(b"\x1b[>1u\x1b[>1u\x1b[<u") == b"\x1b[<1u"
    assert left(b"\x1b[>1u\x1b[<9u\x1b[<u") == b""
    assert left(b"\x1b[>1u\x1b[=3u\x1b[<u") == b""  # what was set went with what was pushed
    assert left(b"\x1b[=1;2u\x1b[=1;3u") == b"\x1b[=0u"


def test_modified_keys_are_no_style() -> None:
    assert left(b"\x1b[>4;1m\x1b[>4n") == left(b"\x1b[>4;1m\x1b[>m") == b""
    assert left(b"\x1b[>4;1m\x1b[m") == left(b"\x1b[\n>4;1m\x1b[m") == b"\x1b[>4;0m"


@pytest.mark.parametrize(
    "string",
    [
        b"\x1b]0;a title [?1049h \x0e\x07",
        b"\x1b]8;;http://x\x1b\\",
        b"\x1bP+q\x0e1049\x1b\\",
        b"\x1bPtmux;\x1b\x1b[?1049h\x1b\x1b]0;x\x07\x1b\\",
        b"\x1b_G\x0e;AAAA\x1b\\",
        b"\x1b^\x0e\x18",
        b"\x1bX\x0e\x1a",
    ],
)
def test_what_is_in_a_string_is_no_sequence(string: bytes) -> None:
    for cut in range(len(string) + 1):
        assert left(string[:cut], string[cut:]) == b""
    assert left(string, b"\x1b[?25l") == b"\x1b[?25h"


@pytest.mark.parametrize(
    "shown", [b"\x1b", b"\x1b[", b"\x1b[?10", b"\x1b]0;a", b"\x1bPq", b"\x1b("]
)
def test_a_sequence_without_an_end_is_ended_first(shown: bytes) -> None:
    assert left(b"\x1b[?25l" + shown) == b"\x1b\\\x1b[?25h"


def test_a_sequence_that_another_one_interrupts_has_no_effect() -> None:
    assert left(b"\x1b[?1049\x1b[?25l") == b"\x1b[?25h"
    assert left(b"\x1b[?1049\x18h") == left(b"\x1b[?1049\x80h") == b""


def test_control_characters_in_a_sequence_do_not_end_it() -> None:
    assert left(b"\x1b[?10\r\n49h") == b"\x1b[?1049l"
    assert left(b"\x1b[31m\x1b[\n!p") == b""


def test_what_only_looks_alike_has_no_effect() -> None:
    shown = (
        b"\x1b[?1049$p\x1b[>4;m\x1b[?4m\x1b[6n\x1b[u\x1b[?u\x1b[<?u\x1b[=u\x1b[?1;2r\x1b[q\x1b[>q"
    )
    assert left(shown, b"\x1b[x1m\x1b[4$h\x1b[;h\x1b[?h\x1b)0\x1b[1;2;3$r") == b""


PIECES = st.sampled_from(
    [
        *(on for on, _ in ON_AND_OFF),
        *(off for _, off in ON_AND_OFF),
        *(b"\x1b", b"\x1b[", b"\x1b]", b"\x1bP", b"\x1b\\", b"\x07", b"\x18", b"\x0e", b"\x0f"),
        *(b"?", b";", b":", b"38;2;1;2;3", b"!p", b"m", b"h", b"l", b"u", b"1049", b"(", b"0"),
        *(b"\x1bc", b"\x1b[!p", b"\x1b[\n!p", b"\x1b[0m", b"\x1b[38;2;4;5;6m", b"text", b"\xff"),
        b"\x1b[" + b"1;" * 140,
    ]
)
SHOWN = st.lists(PIECES | st.binary(max_size=4), max_size=20).map(b"".join)


@given(shown=SHOWN, cuts=st.lists(st.integers(0, 400), max_size=6))
def test_it_does_not_matter_where_the_output_is_cut(shown: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(shown)]
    pieces = [shown[a:b] for a, b in pairwise(places)]
    whole = left(shown)
    assert left(*pieces) == whole
    assert left(*(bytes([byte]) for byte in shown)) == whole


@given(shown=SHOWN)
def test_a_reset_leaves_nothing_to_reset(shown: bytes) -> None:
    modes = ScreenModes()
    modes.feed(shown)
    modes.feed(modes.reset())
    assert modes.reset() == b""


@pytest.mark.parametrize(
    "hostile",
    [b"\x1b", b"\x1b[", b"\x1b]0;", b"\x1bP\x1b", b"1;", b"\x1b[>1u", b"\x1b[" + b"9" * 250 + b"h"],
)
def test_hostile_output_costs_little_time_and_room(hostile: bytes) -> None:
    modes = ScreenModes()
    modes.feed(b"\x1b[")
    block = hostile * (65536 // len(hostile))
    tracemalloc.start()
    began = time.process_time()
    for _ in range(16):
        modes.feed(block)
    taken, (kept, _) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < 10  # 1 MiB; tracing makes it slow
    assert kept < 1 << 20
    assert len(modes.reset()) < 100
