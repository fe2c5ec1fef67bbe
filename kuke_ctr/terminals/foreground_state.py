"""What is known of a process in the foreground: its start, the signals that came, its end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

_LOOKS = 0.1
"""Seconds between two looks whether the process has started; each is a ctr of its own."""


class Alarm(Enum):
    """What is to be done at a certain time."""

    RELEASE = auto()  # show the first line that was held back
    LOOK = auto()  # look whether the process runs
    FORWARD = auto()  # pass on the signals that waited for that
    NOT_YET = auto()  # it does not start: leave
    LIMIT = auto()  # the time limit of the user
    PIPE = auto()  # tell it again that nobody reads
    LEAVE = auto()  # it has been told, and goes on


@dataclass(slots=True)
class Came:
    """The signals that came: the last one, how many asked for the end, and which still wait."""

    last: int | None = None
    asked: int = 0
    waiting: list[int] = field(default_factory=list)

    def take_waiting(self) -> list[int]:
        """Those that wait; none does any more."""
        taken, self.waiting = self.waiting, []
        return taken


@dataclass(slots=True)
class Start:
    """What is known of the start of the process. `looks` is the number of looks so far."""

    look: Callable[[], bool]
    begin: float = 0.0
    looks: int = 0
    known: bool = False
    has_printed: bool = False

    def ask(self) -> bool:
        """Look once more whether it runs."""
        self.looks += 1
        self.known = self.look()
        return self.known

    def pause(self) -> float:
        """Seconds to the next look."""
        return min(_LOOKS * max(1, self.looks // 10), 1.0)


@dataclass(slots=True)
class End:
    """How it ends: `left` is our exit code and why, where we leave; `status` that of the client.

    `flushing`: it has ended, and its last output waits for a reader, who gets little time since a
    signal has asked for the end; `unheard`: some of it was not read.
    """

    left: tuple[int, str] | None = None
    late: bool = False
    flushing: bool = False
    unheard: bool = False
    status: int | None = None
