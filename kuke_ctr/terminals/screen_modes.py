"""What a program has switched on in a terminal, and the bytes that switch it off again.

Each control sequence clears some modes and sets others, so its effect is two masks. They are
remembered by the sequence: of a flood of output, most sequences are looked up.
"""

import re
from collections.abc import Callable
from functools import lru_cache, partial
from itertools import count
from typing import NamedTuple

_LONGEST = 256
"""Bytes of the parameters of a sequence; no terminal reads as many."""
_OTHER_KEYS = 4
_ADDED = 2
_DEEPEST = 64
"""Kinds of keyboard reports that are pushed onto each other; terminals keep fewer."""
_REMEMBERED = 1024

_PARAMETERS = rb"[\x00-\x0d\x10-\x17\x19\x1c-?\x7f]"
_IGNORED = bytes([*range(0x20), 0x7F])
"""Control characters in a sequence are obeyed without ending it: to the sequence they are nothing.

ESC, CAN, SUB end it, and SO, SI count by themselves.
"""

_IN_BRACKETS = rb"\[%b{0,%d}+" % (_PARAMETERS, _LONGEST)
_OF_KEYS = rb"\[[\0-\x0d]{0,4}+>%b{0,250}+m" % _PARAMETERS
_WITHOUT_STYLES = rb"\x1b(?:%b[hlnpqru]|%b|\([ -/]?[0-~]|[=>cno])" % (_IN_BRACKETS, _OF_KEYS)
_STYLE = rb"\x1b\[[\x00-\x0d\x10-\x17\x19\x1c-;\x7f]{0,%d}+m" % _LONGEST

_ANY = re.compile(b"|".join([_WITHOUT_STYLES, _STYLE, rb"[\x0e\x0f]"]))
_NOT_STYLE, _ONLY_STYLE = re.compile(_WITHOUT_STYLES), re.compile(_STYLE)
_RESET = re.compile(rb"\x1b(?:c|%bp)" % _IN_BRACKETS)
"""What changes styles without being one."""

_UNFINISHED = re.compile(rb"\x1b(?:%b|[ -/]{1,2}+)?+\Z" % _IN_BRACKETS)
_STRING = re.compile(rb"\x1b[]PX^_]")
_DEVICE_STRING = re.compile(rb"\x1bP")
_REST = re.compile(rb"[^\x07\x18\x1a\x1b]*+")
_REST_OF_DEVICE_STRING = re.compile(rb"(?:[^\x18\x1a\x1b]++|\x1b\x1b)*+")
"""ESC ESC in it is how a terminal in a terminal is spoken to: part of the string."""

_bits = (1 << place for place in count())

_CURSOR_KEYS, _KEYPAD, _ORIGIN, _NO_WRAP, _HIDDEN, _INSERT, _KEYBOARD_OFF, _REGION = (
    next(_bits) for _ in range(8)
)
_CHARACTER_SET, _SHIFTED, _MODIFIED_KEYS, _CURSOR_SHAPE = (next(_bits) for _ in range(4))

_ALTERNATE = {mode: next(_bits) for mode in (1049, 1047, 47)}
_ON_ALTERNATE = sum(_ALTERNATE.values())

_OTHERS = (5, 9, *range(1000, 1007), 1015, 1016, 2004, 2026, 2031, 2048, 9001)
"""Private modes that are usually off, and need nothing but to be switched off again.

The screen in reverse; reports of the mouse, of the focus (1004), of the colours (2031), of the size
(2048); bracketed paste; output that is held back (2026); the keys of Windows.
"""

_PRIVATE = {mode: next(_bits) for mode in _OTHERS} | _ALTERNATE
_PRIVATE |= {1: _CURSOR_KEYS, 6: _ORIGIN, 7: _NO_WRAP, 25: _HIDDEN, 66: _KEYPAD}
_USUALLY_ON = (7, 25)
_ANSI = {2: _KEYBOARD_OFF, 4: _INSERT}

_STYLES = {name: next(_bits) for name in (1, 3, 4, 5, 7, 8, 9, 11, 26, 30, 40, 51, 53, 58, 60, 73)}
"""By the first number that sets them: bold, italic, underlined, ..., the colours."""
_STYLED = sum(_STYLES.values())
_UNDERLINED, _NOT_UNDERLINED = 4, 24
_STYLE_OF = (
    {number: number for number in (1, 3, 4, 5, 7, 8, 9, 26, 53, 58)}
    | {2: 1, 6: 5, 21: 4, 20: 3, 52: 51, 51: 51, 73: 73, 74: 73}
    | dict.fromkeys(range(11, 20), 11)
    | dict.fromkeys([*range(30, 39), *range(90, 98)], 30)
    | dict.fromkeys([*range(40, 49), *range(100, 108)], 40)
    | dict.fromkeys(range(60, 65), 60)
)
_STYLE_ENDED = {22: 1, 23: 3, 24: 4, 25: 5, 27: 7, 28: 8, 29: 9, 10: 11, 50: 26, 39: 30, 49: 40}
_STYLE_ENDED |= {54: 51, 55: 53, 59: 58, 65: 60, 75: 73}
_COLOUR = re.compile(rb"(?<!\d)([345]8)(?:[;:]2(?:[;:]\d*){3}|[;:]5[;:]\d*)")
"""A colour by its numbers, which are no styles. With colons there may be more, to the next `;`."""

_SOFT_RESET = (
    _CURSOR_KEYS | _KEYPAD | _ORIGIN | _NO_WRAP | _HIDDEN | _INSERT | _KEYBOARD_OFF | _REGION
) | (_CHARACTER_SET | _SHIFTED | _STYLED)
"""What DECSTR puts back; it leaves the alternate screen and all reports as they are."""

_OFF: tuple[tuple[int, bytes], ...] = (
    *((_ALTERNATE[mode], b"\x1b[?%dl" % mode) for mode in _ALTERNATE),
    *((_PRIVATE[mode], b"\x1b[?%dl" % mode) for mode in (*_OTHERS, 1)),
    (_KEYPAD, b"\x1b>"),
    (_MODIFIED_KEYS, b"\x1b[>4;0m"),
    (_KEYBOARD_OFF, b"\x1b[2l"),
    (_INSERT, b"\x1b[4l"),
    (_SHIFTED, b"\x0f"),
    (_CHARACTER_SET, b"\x1b(B"),
    (_STYLED, b"\x1b[m"),
    (_NO_WRAP, b"\x1b[?7h"),
    # a region that ends, and an origin, take the cursor to the top: there it would write over text
    (_ORIGIN, b"\x1b[?6l\x1b[9999;1H"),
    (_REGION, b"\x1b7\x1b[r\x1b8"),
    (_CURSOR_SHAPE, b"\x1b[0 q"),
    (_HIDDEN, b"\x1b[?25h"),
)
"""What puts each back, in this order: the alternate screen goes first, since what is saved with the
cursor of the usual screen comes back with it."""


class _Effect(NamedTuple):
    """What a sequence does: modes that stay, modes that it sets, and to the reports of keys."""

    kept: int = -1
    on: int = 0
    keys: Callable[["_Keys"], None] | None = None


class _Keys:
    """The kitty keyboard protocol of one screen: what is pushed, and on what it stands."""

    def __init__(self) -> None:
        self._pushed = 0
        self._on = False

    def push(self) -> None:
        self._pushed = min(self._pushed + 1, _DEEPEST)

    def pop(self, times: int) -> None:
        self._on = self._on and self._pushed >= times
        self._pushed = max(self._pushed - times, 0)

    def set(self, on: bool) -> None:
        """What is set where something was pushed goes with that."""
        self._on = self._on if self._pushed else on

    def off(self) -> bytes:
        pops = b"\x1b[<%du" % self._pushed if self._pushed else b""
        return pops + (b"\x1b[=0u" if self._on else b"")


class ScreenModes:
    """A tracker: it is fed all that goes to a terminal, in pieces that may be cut anywhere."""

    def __init__(self) -> None:
        self._modes = 0
        self._keys = (_Keys(), _Keys())
        self._held = b""
        self._string: re.Pattern[bytes] | None = None

    def feed(self, data: bytes) -> None:
        """Note what these bytes do; they are not changed."""
        data, self._held = self._held + data, b""
        at = 0
        while at < len(data):
            at = self._text(data, at) if self._string is None else self._in_string(data, at)

    def reset(self) -> bytes:
        """What switches off all that is on; nothing where nothing is."""
        unfinished = b"\x1b\\" if self._held or self._string is not None else b""
        usual, alternate = self._keys
        return b"".join(
            [
                unfinished,
                alternate.off() if self._modes & _ON_ALTERNATE else b"",
                *(off for mode, off in _OFF if self._modes & mode),
                usual.off(),
            ]
        )

    def _text(self, data: bytes, at: int) -> int:
        """Obey all up to the next string, or to a sequence that is not complete yet.

        In most strings there is no ESC, and so nothing that could be taken for a sequence but SO
        and SI: they need not be looked for.
        """
        shifting = b"\x0e" in data or (self._modes & _SHIFTED and b"\x0f" in data)
        last = data.rfind(b"\x1b", at)
        if last < 0 and not shifting:
            return len(data)
        opening = (_STRING if shifting else _DEVICE_STRING).search(data, at)
        end = opening.end() if opening is not None else len(data)
        self._obey(data[at:end], in_order=bool(shifting))
        if opening is None and last >= 0:
            if _UNFINISHED.match(data, last):
                self._held = data[last:]
            elif opening := _STRING.match(data, last):
                end = opening.end()
        if opening is not None:
            device = _DEVICE_STRING.match(opening[0])
            self._string = _REST_OF_DEVICE_STRING if device else _REST
        return end

    def _in_string(self, data: bytes, at: int) -> int:
        """Pass the rest of a string: what is in it changes no mode."""
        rest = self._string.match(data, at) if self._string is not None else None
        end = rest.end() if rest is not None else at
        if end == len(data):
            return end
        if data[end:] == b"\x1b" and self._string is _REST_OF_DEVICE_STRING:
            self._held = b"\x1b"  # the end, or the first of two
            return len(data)
        self._string = None
        return end

    def _obey(self, text: bytes, in_order: bool) -> None:
        """Most sequences are styles, and of styles only those after the last reset count."""
        if in_order or ((b"!" in text or b"\x1bc" in text) and _RESET.search(text)):
            self._apply(_ANY.findall(text))
            return
        self._apply(_NOT_STYLE.findall(text))
        styles = _ONLY_STYLE.findall(text, max(text.rfind(b"\x1b[0m"), text.rfind(b"\x1b[m"), 0))
        if b"8;2;" in text:
            styles = _ONLY_STYLE.findall(_COLOUR.sub(rb"\1", b"".join(styles)))
        self._apply(styles)

    def _apply(self, sequences: list[bytes]) -> None:
        modes = self._modes
        for kept, on, keys in map(_effect, sequences):
            modes = modes & kept | on
            if keys is not None:
                keys(self._keys[bool(modes & _ON_ALTERNATE)])
            elif not kept:
                self._keys = (_Keys(), _Keys())
        self._modes = modes


@lru_cache(_REMEMBERED)
def _effect(sequence: bytes) -> _Effect:
    """What a sequence does to a terminal."""
    if sequence[:2] != b"\x1b[":
        return _PLAIN.get(sequence) or _switch(_CHARACTER_SET, sequence != b"\x1b(B")
    parameters, final = sequence[2:-1].translate(None, _IGNORED), sequence[-1:]
    prefix = parameters[:1] if parameters[:1] in _PREFIXES else b""
    read = _READERS.get((prefix, final))
    return read(parameters[len(prefix) :]) if read is not None else _Effect()


def _switch(mode: int, on: bool) -> _Effect:
    return _Effect(~mode, mode if on else 0)


_PLAIN = {
    b"\x1bc": _Effect(kept=0),
    b"\x1b=": _switch(_KEYPAD, on=True),
    b"\x1b>": _switch(_KEYPAD, on=False),
    b"\x0e": _switch(_SHIFTED, on=True),
    b"\x0f": _switch(_SHIFTED, on=False),
    b"\x1bn": _switch(_SHIFTED, on=True),
    b"\x1bo": _switch(_SHIFTED, on=True),
}


def _numbers(parameters: bytes) -> list[int]:
    """The parameters that are numbers; what is left out is 0."""
    texts = parameters.split(b";")
    return [int(text or b"0") for text in texts if not text or text.isdigit()]


def _private(parameters: bytes, on: bool) -> _Effect:
    kept, came = -1, 0
    for number in _numbers(parameters):
        mode = _PRIVATE.get(number, 0)
        off = mode if on or not mode & _ON_ALTERNATE else _ON_ALTERNATE
        kept, came = kept & ~off, came & ~off
        if on is not (number in _USUALLY_ON):
            came |= mode
    return _Effect(kept, came)


def _ansi(parameters: bytes, on: bool) -> _Effect:
    modes = sum({_ANSI[number] for number in _numbers(parameters) if number in _ANSI})
    return _switch(modes, on)


def _styled(parameters: bytes) -> _Effect:
    kept, on = -1, 0
    for text in _COLOUR.sub(rb"\1", parameters).split(b";"):
        number, colon, more = text.partition(b":")
        if number and not number.isdigit():
            continue
        style = int(number or b"0")
        if style == _UNDERLINED and colon and not more.strip(b"0"):
            style = _NOT_UNDERLINED
        if style == 0:
            kept, on = kept & ~_STYLED, 0
        elif style in _STYLE_ENDED:
            ended = _STYLES[_STYLE_ENDED[style]]
            kept, on = kept & ~ended, on & ~ended
        elif style in _STYLE_OF:
            on |= _STYLES[_STYLE_OF[style]]
    return _Effect(kept, on)


def _modified_keys(parameters: bytes, on: bool) -> _Effect:
    """modifyOtherKeys: `> 4 ; n m`; `> 4 n` and n = 0 switch it off, as `> m` does all of these."""
    which, *value = _numbers(parameters) or [-1]
    if which not in (0, _OTHER_KEYS):
        return _Effect()
    return _switch(_MODIFIED_KEYS, on and which == _OTHER_KEYS and any(value))


def _pop_keys(parameters: bytes) -> _Effect:
    times = max([*_numbers(parameters), 1])
    return _Effect(keys=lambda keys: keys.pop(times))


def _set_keys(parameters: bytes) -> _Effect:
    """`= flags ; how u`: how 1 sets just these, 2 adds them, 3 takes them away."""
    flags, how, *_ = [*_numbers(parameters), 0, 0]
    if how in (0, 1) or (how == _ADDED and flags):
        return _Effect(keys=lambda keys: keys.set(flags != 0))
    return _Effect()


def _region(parameters: bytes) -> _Effect:
    """DECSTBM; without a last line it is the whole screen again."""
    if parameters.strip(b"0123456789;"):
        return _Effect()
    top, bottom, *_ = [*_numbers(parameters), 0, 0]
    return _switch(_REGION, top > 1 or bottom > 0)


def _soft_reset(parameters: bytes) -> _Effect:
    return _Effect(kept=~_SOFT_RESET)


def _cursor_shape(parameters: bytes) -> _Effect:
    if not parameters.endswith(b" "):
        return _Effect()
    return _switch(_CURSOR_SHAPE, any(_numbers(parameters[:-1])))


_PREFIXES = (b"?", b">", b"<", b"=", b"!")
_READERS: dict[tuple[bytes, bytes], Callable[[bytes], _Effect]] = {
    (b"?", b"h"): partial(_private, on=True),
    (b"?", b"l"): partial(_private, on=False),
    (b"", b"h"): partial(_ansi, on=True),
    (b"", b"l"): partial(_ansi, on=False),
    (b"", b"m"): _styled,
    (b">", b"m"): partial(_modified_keys, on=True),
    (b">", b"n"): partial(_modified_keys, on=False),
    (b">", b"u"): lambda _: _Effect(keys=_Keys.push),
    (b"<", b"u"): _pop_keys,
    (b"=", b"u"): _set_keys,
    (b"", b"r"): _region,
    (b"", b"q"): _cursor_shape,
    (b"!", b"p"): _soft_reset,
}
"""What reads the parameters of a sequence, by what these begin with and by its last byte."""
