"""A line of nerdctl's own at the end of stderr is held back, and nothing else for long."""

import pytest

from kuke_ctr.terminals.last_line import LastLine

OWN = b'time="2026-11-27T10:00:00Z" level=fatal msg="exec failed with exit code 5"\n'


@pytest.mark.parametrize(
    ("parts", "shown", "held"),
    [
        ([b"err\n", OWN], b"err\n", OWN),
        ([b"err", OWN], b"err", OWN),
        ([b"err" + OWN], b"err", OWN),
        ([OWN[:30], OWN[30:]], b"", OWN),
        ([OWN, b"more\n"], OWN + b"more\n", b""),
        ([OWN + b"more"], OWN + b"more", b""),
        ([OWN, OWN], OWN, OWN),
        ([b"a prompt: "], b"a prompt: ", b""),
        ([b'time="' + b"x" * 5000], b'time="' + b"x" * 5000, b""),
    ],
)
def test_what_is_held_back(parts: list[bytes], shown: bytes, held: bytes) -> None:
    line = LastLine()
    assert b"".join(map(line.feed, parts)) == shown
    assert line.held == held
    assert line.said == b"".join(parts)[-4096:]


def test_what_was_held_is_let_go() -> None:
    line = LastLine()
    line.feed(OWN)
    assert line.release() == OWN
    assert line.feed(b"more") == b"more"
