"""What is taken for granted of the insides of pexpect: where that fails, read its message."""

import io
from collections.abc import Iterator

from pexpect.spawnbase import SpawnBase  # noqa: TID251 (the insides of it)

from kuke_ctr.terminals import pexpect_door
from kuke_ctr.terminals.pexpect_door import Listener

ADVICE = (
    "pexpect has changed inside. Read SpawnBase in its source: kuke_ctr/terminals/pexpect_door.py "
    "shortens the buffer `_before` (`Listener`), which else keeps all output. Make that fit, or "
    "hold pexpect to the version before in pyproject.toml."
)


def test_pexpect_has_inside_what_its_door_uses() -> None:
    base: SpawnBase[bytes] = SpawnBase()
    assert isinstance(getattr(base, "_before", None), io.BytesIO), ADVICE
    assert getattr(base, "buffer_type", None) is io.BytesIO, ADVICE


def _pieces(*pieces: bytes) -> Listener:
    rest: Iterator[bytes] = iter(pieces)
    return Listener(lambda size: next(rest, b""))


def test_what_is_awaited_is_seen_and_the_end_is_told() -> None:
    listener = _pieces(b"na", b"me: x", b"rest")
    assert listener.expect(b"n.me: ")
    assert listener.seen == b"name: "
    assert not listener.expect(b"never")
    assert listener.seen == b"xrest"


def test_a_flood_is_not_kept() -> None:
    count = 2 * pexpect_door._REMEMBERED // 10_000
    listener = _pieces(*[b"x" * 10_000] * count, b"needle")
    assert listener.expect(b"xneedle")
    assert not listener.expect(b"more")
    kept = listener._base._before  # type: ignore[attr-defined]
    assert len(kept.getvalue()) < pexpect_door._REMEMBERED, ADVICE


def test_a_flood_that_is_awaited_in_vain_is_not_kept_either() -> None:
    count = 3 * pexpect_door._REMEMBERED // 10_000
    listener = _pieces(*[b"x" * 10_000] * count)
    assert not listener.expect(b"needle")
    assert len(listener.seen) < 2 * pexpect_door._REMEMBERED, ADVICE
