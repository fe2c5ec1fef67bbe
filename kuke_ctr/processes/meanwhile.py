"""Who looks after a call while it runs, because it may take long."""

from typing import Protocol


class Meanwhile(Protocol):
    """Looks at a running call again and again, and changes nothing of it."""

    every: float
    """Seconds between two looks."""

    def look(self, pid: int, stdout: int) -> None:
        """The call runs as this process; `stdout` is the file with what it has printed, or -1."""

    def over(self) -> None:
        """The call has ended, however; it may be told more than once."""
