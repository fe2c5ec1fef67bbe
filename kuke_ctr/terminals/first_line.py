"""The first line on the stderr of a ctr on pipes: its own complaint, or the process's words."""

_LIMIT = 4096
_OWN = b"ctr: "


class FirstLine:
    """Holds back a line of ctr's own at the very start: it may be all there is to say.

    `said` is the end of everything that came, `held` what of it nobody has been shown.
    """

    at_start = True
    """Once the process has printed something, no line is its client's."""

    def __init__(self) -> None:
        self.said = b""
        self.held = b""
        self._holding = True

    def feed(self, data: bytes) -> bytes:
        """What is to be shown by now."""
        self.said = (self.said + data)[-_LIMIT:]
        if not self._holding:
            return data
        self.held += data
        own = self.held[: len(_OWN)] == _OWN[: len(self.held)]
        if own and len(self.held) <= _LIMIT and b"\n" not in self.held[:-1]:
            return b""
        return self.release()

    def release(self) -> bytes:
        """What was held; nothing is from now on."""
        held, self.held = self.held, b""
        self._holding = False
        return held
