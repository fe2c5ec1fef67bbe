"""The last line on the stderr of a nerdctl on pipes: its own complaint, or the process's words."""

_LIMIT = 4096
_LONGEST = 2048
_OWN = b'time="'


class LastLine:
    """Holds back what may be a line of nerdctl's own at the very end: it says how it ended.

    `said` is the end of everything that came, `held` what of it nobody has been shown. The process
    may have said something without a line break before it.
    """

    at_start = False

    def __init__(self) -> None:
        self.said = b""
        self.held = b""

    def feed(self, data: bytes) -> bytes:
        """What is to be shown by now."""
        self.said = (self.said + data)[-_LIMIT:]
        data = self.held + data
        begin = data.rfind(_OWN)
        if begin < 0 or b"\n" in data[begin:-1] or len(data) - begin > _LONGEST:
            begin = len(data)
        shown, self.held = data[:begin], data[begin:]
        return shown

    def release(self) -> bytes:
        """What was held: nothing has come behind it for a while."""
        held, self.held = self.held, b""
        return held
