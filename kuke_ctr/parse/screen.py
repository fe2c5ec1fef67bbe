"""Output of a container for a person's terminal: text and colours, and nothing it would obey.

A terminal answers some sequences as if the user had typed the answer (the prompt of a shell in a
Kukeon container asks for the cursor's place), and others change its title, its modes, its keys.
"""

import codecs
import re

_KEPT = re.compile(r"\x1b\[[0-9;:]*[mKCDGPX@]")
"""Colours, and what editing within a line is made of."""

_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    r"|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)"  # OSC, DCS and other strings
    r"|\x1b[ -/]*[0-~]"
    r"|[\x00-\x07\x0b-\x0c\x0e-\x1f\x7f-\x9f\udc80-\udc9f]"
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b\n]*\x1b?|[ -/]*)\Z")
_LONGEST = 4096
"""Characters of a sequence that is waited for; a longer one is none."""


class ScreenFilter:
    """Passes a stream of bytes on, piece by piece, without what a terminal would obey.

    What stays: text, newlines, tabs, backspaces, carriage returns, colours, editing within a line.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._waiting = ""
        self._coloured = False

    def show(self, data: bytes) -> bytes:
        """What of these bytes can be shown; the start of a sequence waits for the rest."""
        text = self._waiting + self._decoder.decode(data)
        unfinished = _UNFINISHED.search(text, max(0, len(text) - _LONGEST))
        cut = unfinished.start() if unfinished else len(text)
        text, self._waiting = text[:cut], text[cut:]
        return self._shown(text)

    def end(self) -> bytes:
        """The last bytes; colours that are still on are put off."""
        text = self._waiting + self._decoder.decode(b"", True)
        self._waiting = ""
        shown = self._shown(text)
        return shown + b"\x1b[0m" if self._coloured else shown

    def _shown(self, text: str) -> bytes:
        text = _SEQUENCE.sub(self._kept, text)
        return text.encode("utf-8", "surrogateescape")

    def _kept(self, match: re.Match[str]) -> str:
        sequence = match.group()
        if not _KEPT.fullmatch(sequence):
            return ""
        self._coloured = self._coloured or sequence.endswith("m")
        return sequence
