"""Changes of tasks. Each looks at the task's state first: what can't work says why.

A NotFound whose message is `NO_TASK` means that the container has no task, or does not exist.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from signal import Signals

from kuke_ctr.backends.ctr import containers, tasks
from kuke_ctr.backends.ctr.failures import message_of
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import CtrFailed, Interrupted, KukeCtrError, NotFound, UsageError
from kuke_ctr.processes.calls import Result, mask
from kuke_ctr.processes.signals import ending_of, signal_of
from kuke_ctr.recipes.process_facts import drops, seen_by_us
from kuke_ctr.records import Task, TaskStatus

ENDING = ("SIGTERM", "SIGKILL", "SIGINT", "SIGQUIT", "SIGABRT")
"""The signals that are sent to end a process; others may mean `read your configuration again`."""

_STOP_SIGNAL = "io.containerd.image.config.stop-signal"
_EXIT_CODE = re.compile(r"exit with non-zero exit code ([0-9]{1,10})")


class NoTask(NotFound):
    """The container has no task, or there is no such container."""


@dataclass
class Tasks:
    """The tasks of one namespace, listed once, when the first of them is to be changed."""

    scope: Scope

    @cached_property
    def states(self) -> dict[str, Task]:
        """The tasks by their ids."""
        return tasks.states(self.scope)

    def status(self, name: str) -> str:
        """RUNNING, CREATED, PAUSED, PAUSING, STOPPED, or UNKNOWN for a shim that is silent.

        Raises NoTask.
        """
        task = self.states.get(name)
        if task is None:
            raise NoTask(f"the task {name} does not exist")
        if task.status == TaskStatus.UNKNOWN:
            self.scope.ctr.notice(f"{name}: its shim does not answer; this may take a while")
        return task.status

    def kill(self, name: str, words: Sequence[str], *, signal: str, exec_id: str | None) -> None:
        """`ctr tasks kill [FLAG]... ID`; NotFound where the signal reached nobody.

        `words` are the flags; `signal` is empty where they name none.
        """
        status = self.status(name)
        if status == TaskStatus.STOPPED and not ("--all" in words and self._has_processes(name)):
            raise NotFound(
                f"the task {name} has already stopped; no signal was sent",
                hint=f"{self._line('rm', name)} deletes the stopped task",
            )
        dropped = "" if exec_id is not None or "--all" in words else self._dropped(name, signal)
        try:
            planned = self._change("kill", *words, name).planned
        except NotFound as error:
            raise self._nobody(name, exec_id, error) from None
        if dropped and not planned:
            self.scope.ctr.notice(
                f"{name} will ignore {dropped}: the first process of a container gets only "
                f"signals that it handles; {self._line('kill', '-9', name)} ends it"
            )
        if status == TaskStatus.PAUSED and signal != "SIGKILL":
            self.scope.ctr.notice(
                f"{name} is paused; it gets the signal after {self._line('resume', name)}"
            )

    def pause(self, name: str, words: Sequence[str]) -> None:
        """`ctr tasks pause ID`, of a task that runs."""
        self._require(
            name, (TaskStatus.RUNNING, TaskStatus.UNKNOWN), "only a running task can be paused"
        )
        self._change("pause", *words, name)

    def resume(self, name: str, words: Sequence[str]) -> None:
        """`ctr tasks resume ID`, of a task that is paused."""
        self._require(
            name, (TaskStatus.PAUSED, TaskStatus.UNKNOWN), "only a paused task can be resumed"
        )
        self._change("resume", *words, name)

    def remove(self, name: str, words: Sequence[str], *, force: bool) -> str:
        """`ctr tasks rm [FLAG]... ID`; how its process had ended, empty where that was with 0."""
        if not force:
            hint = f"{self.scope.line('stop', name)} stops it; `rm --force` kills it at once"
            self._require(name, (TaskStatus.STOPPED,), "only a stopped task can be deleted", hint)
        self.status(name)
        result = self._change("rm", *words, name)
        if result.planned:
            return ""
        if name in tasks.states(self.scope):
            raise CtrFailed(
                f"ctr reported success, but the task {name} still exists",
                hint=f"{self._line('ls')} shows its state",
                command=mask(result.argv),
            )
        found = _EXIT_CODE.search(result.stderr.decode(errors="replace"))
        return ending_of(int(found[1])) if found else ""

    def remove_process(self, name: str, words: Sequence[str], exec_id: str) -> str:
        """`ctr tasks rm --exec-id EXEC ID`: as `remove`, for a process that `exec` started.

        ctr exits with the process's own exit code, and says nothing then.
        """
        self.status(name)
        result = tasks.change(self.scope, "rm", *words, name)
        if result.exit_code > 0 and not message_of(result.stderr) and not result.stdout:
            return ending_of(result.exit_code)
        try:
            self.scope.ctr.checked(result)
        except NotFound as error:
            raise self._nobody(name, exec_id, error) from None
        return ""

    def checkpoint(self, name: str, words: Sequence[str]) -> str:
        """`ctr tasks checkpoint [FLAG]... ID`; the name of the image that it made, if it did."""
        self._require(
            name,
            (TaskStatus.RUNNING, TaskStatus.PAUSED),
            "only a running or paused task can be checkpointed",
        )
        try:
            result = self._change("checkpoint", *words, name)
        except (KukeCtrError, Interrupted):
            if self.status(name) == TaskStatus.RUNNING:
                self._tell_if_paused(name)
            raise
        return result.stdout.decode(errors="surrogateescape").strip()

    def _dropped(self, name: str, signal: str) -> str:
        """The signal, where the kernel will drop it: for what is root of its pid namespace."""
        pid = self.states[name].pid
        run = self.scope.ctr.processes
        if not pid or run.replays or run.dry_run or not seen_by_us(self.scope.ctr.socket):
            return ""
        chosen = signal or self._stop_signal(name)
        try:
            number = int(chosen) if chosen.isdigit() else Signals[chosen].value
        except (KeyError, ValueError):
            return ""
        return chosen if drops(pid, number) else ""

    def _stop_signal(self, name: str) -> str:
        """What `ctr tasks kill` sends where no signal is given."""
        labels = containers.facts(self.scope, name).labels
        try:
            return signal_of(labels.get(_STOP_SIGNAL, "SIGTERM"))
        except UsageError:
            return ""

    def _tell_if_paused(self, name: str) -> None:
        """ctr pauses a task while it makes the checkpoint; one that was ended leaves it so."""
        task = tasks.states(self.scope).get(name)
        if task is not None and task.status in (TaskStatus.PAUSED, TaskStatus.PAUSING):
            self.scope.ctr.notice(
                f"ctr left {name} paused after the checkpoint; {self._line('resume', name)} "
                "continues it"
            )

    def _line(self, verb: str, *names: str) -> str:
        """A command to go on with, in the very same namespace."""
        return self.scope.line("tasks", verb, *names)

    def has_network_of_ctr(self, name: str) -> bool:
        """Whether `ctr run --cni` made the container: every `ctr tasks kill` takes its network."""
        return containers.CNI in containers.facts(self.scope, name).extensions

    def _change(self, verb: str, *words: str) -> Result:
        result = tasks.change(self.scope, verb, *words)
        if verb == "rm" and result.exit_code == 0:
            return result  # what it says then is the exit code, which we tell ourselves
        return self.scope.ctr.checked(result)

    def _require(
        self, name: str, statuses: Sequence[str], rule: str, hint: str | None = None
    ) -> None:
        status = self.status(name)
        if status not in statuses:
            raise KukeCtrError(f"the task {name} is {status}: {rule}", hint=hint)

    def _has_processes(self, name: str) -> bool:
        """Whether a stopped task has left processes behind, in a pid namespace that it shared."""
        try:
            return bool(tasks.processes(self.scope, name))
        except KukeCtrError:
            return False

    def _nobody(self, name: str, exec_id: str | None, error: NotFound) -> NotFound:
        """The error for a process that is not there."""
        if exec_id is None:
            return NotFound(
                f"the process of {name} has already ended; the signal reached no process",
                hint=f"{self._line('ls')} shows its state",
                command=error.command,
            )
        try:
            found = tasks.processes(self.scope, name)
        except KukeCtrError:
            found = ()
        ids = ", ".join(process.exec_id for process in found if process.exec_id)
        return NotFound(
            f"{name} has no running process with the exec id {exec_id}",
            hint=f"exec ids: {ids or 'none'} ({self._line('ps', name)})",
            command=error.command,
        )
