"""Stopping containers side by side: the stop signal, a wait, SIGKILL. Their tasks stay."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from kuke_ctr.backends.ctr import tasks
from kuke_ctr.errors import KukeCtrError, NotFound
from kuke_ctr.processes.calls import in_seconds, mask
from kuke_ctr.recipes.task_control import NoTask, Tasks
from kuke_ctr.recipes.task_ends import TaskEnds
from kuke_ctr.records import Task, TaskStatus

if TYPE_CHECKING:
    from kuke_ctr.recipes.nerdctls_changes import NerdctlsOwn

_KILLED = 128 + 9
_KILL_SECONDS = 10.0
"""How long a process may take to end after SIGKILL: one that waits for a disk takes long."""


class Stopped(NamedTuple):
    """What became of a container.

    `code` is the exit code, None where nobody could tell. `ran` is false where it had stopped
    before, `killed` says that SIGKILL ended it. With an `error` it was not stopped.
    """

    id: str
    code: int | None = None
    ran: bool = True
    killed: bool = False
    error: KukeCtrError | None = None


@dataclass
class Stop:
    """A stop of several tasks of one namespace.

    `signal` is empty for the stop signal of each image (TERM without one), `seconds` how long it
    may take until SIGKILL (0: that at once). `own` are those that nerdctl stops: it notes that they
    are not to be started again. `left` are the tasks that get a signal and were not seen to end,
    `sent` those that have got it, `over` those that have ended, `slow` those for which nerdctl has
    waited as long as it may.
    """

    tasks: Tasks
    ends: TaskEnds
    signal: str
    seconds: float
    own: "NerdctlsOwn | None" = None
    left: dict[str, Task] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)
    over: set[str] = field(default_factory=set)
    slow: set[str] = field(default_factory=set)

    def all(self, names: Sequence[str]) -> Iterator[Stopped]:
        """Stop these side by side; each as soon as it is known what became of it.

        `ctr tasks kill [--signal SIGNAL] ID`, `ctr tasks resume ID` for one that is paused, after
        the time `ctr tasks kill --signal SIGKILL ID`. In a dry run the last is left out.
        """
        living = []
        for name in names:
            known = self._known(name)
            if known is not None:
                yield known
            else:
                living.append(name)
        signal = self.signal if self.seconds else "SIGKILL"
        theirs = [name for name in living if self.own is not None and name in self.own]
        yield from self._signal([name for name in living if name not in theirs], signal)
        if signal != "SIGKILL":
            self._thaw()
        until = time.monotonic() + self.seconds
        if self.own is not None:  # it waits for the ends: the others have their signal by now
            yield from self._by_nerdctl(self.own, theirs)
        if self.tasks.scope.ctr.processes.dry_run:
            yield from (Stopped(name) for name in self.left)
            return
        yield from self._ended(until, killed=signal == "SIGKILL")
        if self.left:
            yield from self._signal(list(self.left), "SIGKILL")
            yield from self._ended(time.monotonic() + _KILL_SECONDS, killed=True)
        for name in list(self.left):
            yield Stopped(name, error=self._immortal(name, self.left.pop(name)))

    def _known(self, name: str) -> Stopped | None:
        """What needs no signal, or can get none; None for what lives."""
        task = self.tasks.states.get(name)
        if task is None:
            return Stopped(name, error=NoTask(f"the task {name} does not exist"))
        if task.status == TaskStatus.STOPPED:
            return Stopped(name, self.ends.code_of(name), ran=False)
        if task.status == TaskStatus.UNKNOWN:
            line = self.tasks.scope.line("tasks", "ps", name)
            said = f"the shim of {name} does not answer: no signal can be sent to its process"
            return Stopped(name, error=KukeCtrError(said, hint=f"{line} shows if it answers again"))
        return None

    def _signal(self, names: Sequence[str], signal: str) -> Iterator[Stopped]:
        """Send it to all; one that has ended meanwhile is waited for, as the others are."""
        scope, states = self.tasks.scope, self.tasks.states
        flags = ("--signal", signal) if signal else ()
        self.left.update((name, states[name]) for name in names)
        answers = tasks.change_all(scope, "kill", flags, names)
        self.sent.update(names)
        for name, said in zip(names, answers, strict=True):
            error = scope.ctr.failure(said) if said.exit_code != 0 else None
            if error is not None and not isinstance(error, NotFound):
                del self.left[name]
                yield Stopped(name, error=error)

    def _by_nerdctl(self, own: "NerdctlsOwn", names: Sequence[str]) -> Iterator[Stopped]:
        """`nerdctl stop --time SECONDS ID` for each, which sends SIGKILL as well, and waits.

        A time limit that ended it before that would leave the container without the SIGKILL.
        """
        self.left.update((name, self.tasks.states[name]) for name in names)
        calls = [own.call("stop", "--time", f"{self.seconds:g}", name=name) for name in names]
        least = self.seconds + _KILL_SECONDS
        calls = [call._replace(timeout=call.timeout and max(call.timeout, least)) for call in calls]
        self.sent.update(names)
        for name, said in zip(names, self.tasks.scope.ctr.processes.run_all(calls), strict=True):
            if said.exit_code != 0:
                del self.left[name]
                yield Stopped(name, error=own.failure(said))
            elif said.seconds >= self.seconds:
                self.slow.add(name)

    def _thaw(self) -> None:
        """What is paused gets its signal when it goes on."""
        states = self.tasks.states
        frozen = [name for name in self.left if states[name].status == TaskStatus.PAUSED]
        for name, said in zip(
            frozen, tasks.change_all(self.tasks.scope, "resume", (), frozen), strict=True
        ):
            if said.exit_code == 0 and not said.planned:
                self.tasks.scope.ctr.notice(f"{name} was paused; it was resumed to get the signal")

    def _ended(self, until: float, *, killed: bool) -> Iterator[Stopped]:
        for one in self.ends.until(self.left, until):
            del self.left[one.id]
            self.over.add(one.id)
            by_nerdctl = self.own is not None and one.id in self.own
            its_end = one.id in self.slow and one.code == _KILLED
            yield Stopped(one.id, one.code, killed=its_end if by_nerdctl else killed)

    def _immortal(self, name: str, task: Task) -> KukeCtrError:
        argv = self.tasks.scope.call("tasks", "kill", "--signal", "SIGKILL", name).argv
        return KukeCtrError(
            f"{name} is still running {in_seconds(_KILL_SECONDS)} after SIGKILL (pid {task.pid}): "
            "the kernel has not ended it yet",
            hint="a process that waits for a disk or a network file system ends when that answers",
            command=mask(argv),
        )
