"""Answers that are kept in memory: a command runs on them, and tells which ones it lacks.

A fleet runs a command for each host so: what it wants is asked of the host, and then the command
runs again from its start. A command that only reads is a function of its answers.
"""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from kuke_ctr.errors import KukeCtrError, Unreadable, UsageError
from kuke_ctr.processes.calls import Call, Result, mask, time_limit, write_all

if TYPE_CHECKING:
    from kuke_ctr.processes.runner import Processes

Answer = Result | KukeCtrError | None
"""What a call gave; the error if it could not be started, None where its time limit ended it."""

_Key = tuple[tuple[str, ...], bytes | None]


_MOST = 10_000
"""Calls of one command on one host: more are a mistake of ours."""


class Answerer(Protocol):
    """Answers calls in place of processes: recordings (`Player`), or a fleet's `Answers`."""

    @property
    def host(self) -> str | None:
        """The far host that all calls ran on; None for this one, and for several."""

    def expect(self, calls: Sequence[Call]) -> None:
        """Hear which calls are made together, before they are answered one after the other."""

    def answer(self, call: Call, *, late_too: bool = False) -> Result:
        """What the call gave; `late_too`: also where its time limit ended it."""


class Wanted(BaseException):
    """Calls without an answer. It is no failure: nobody who goes on after one may catch it."""

    def __init__(self, calls: Sequence[Call]) -> None:
        super().__init__(f"{len(calls)} calls have no answer yet")
        self.calls = tuple(calls)


class Answers:
    """What the calls of one command gave, equal calls in the order in which they were made."""

    host = None
    """No recording says where it is from."""

    def __init__(self) -> None:
        self._known: dict[_Key, list[Answer]] = {}
        self._given: Counter[_Key] = Counter()

    def begin(self) -> None:
        """The command starts again: the first answers are given first."""
        self._given.clear()

    def add(self, call: Call, result: Answer) -> None:
        """An answer has come."""
        self._known.setdefault(_key(call), []).append(result)

    def expect(self, calls: Sequence[Call]) -> None:
        """These calls are made together: raises Wanted with all of them that have no answer.

        RuntimeError where there seems to be no end of it.
        """
        given = self._given.copy()
        wanted = []
        for call in calls:
            key = _key(call)
            if given[key] >= len(self._known.get(key, ())):
                wanted.append(call)
            given[key] += 1
        if wanted:
            if sum(map(len, self._known.values())) > _MOST:
                raise RuntimeError(f"a command wants ever more answers, now: {wanted[0].line}")
            raise Wanted(wanted)

    def answer(self, call: Call, *, late_too: bool = False) -> Result:
        """The answer of a call; it goes to `call.stdout` where that is set.

        Raises Wanted where there is none, TimeLimit where the time limit passed; with `late_too`
        that is a result, too. Raises the error of a call that could not be started.
        """
        self.expect([call])
        key = _key(call)
        result = self._known[key][self._given[key]]
        self._given[key] += 1
        if isinstance(result, KukeCtrError):
            raise result
        if result is None and not late_too:
            raise time_limit(call)
        result = result or Result(call.argv, -9, b"", b"", call.timeout or 0.0)
        if call.stdout is not None:
            write_all(call.stdout, result.stdout)
            return result._replace(stdout=b"")
        return result


def recorded_of(processes: "Processes", calls: Sequence[Call]) -> list[Result | None]:
    """What the calls gave, asked together; None for one that a recording does not have."""
    try:
        return processes.run_needed(calls, lambda i, result: range(len(calls)))
    except Unreadable:  # it has none of them
        return [None] * len(calls)


def _key(call: Call) -> _Key:
    if isinstance(call.stdin, int):
        raise UsageError(
            f"`{call.line}` reads a file of this host, which cannot be sent to many hosts",
            hint="use --host with one host at a time",
            command=mask(call.argv),
        )
    return call.argv, call.stdin
