"""`--hosts`: a command that reads, run for many hosts side by side, and shown together.

The command knows nothing of it. It runs on the answers of one host that are there (`Answers`); what
it lacks is asked of that host, and then it runs again. What it finds goes to a receiver.
"""

import gc
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from itertools import starmap

import typer

from kuke_ctr.commands.shared.fleet_output import FleetOutput
from kuke_ctr.commands.shared.frames import Taken
from kuke_ctr.commands.shared.hints import scoped
from kuke_ctr.commands.shared.output import ALOUD, note
from kuke_ctr.errors import KukeCtrError, UsageError
from kuke_ctr.processes.answers import Answer, Answers, Wanted
from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.clock import FOREVER
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.runner import Processes
from kuke_ctr.processes.tell import Teller
from kuke_ctr.records import Record
from kuke_ctr.render import View
from kuke_ctr.session import Session, make_processes
from kuke_ctr.shared_options import SharedOptions

Run = Callable[[Session], None]

_COLLECTS = (1000, 10, 10)
"""How often Python looks for garbage: a start turns that nearly off, and here are many hosts."""


def over_hosts(options: SharedOptions, run: Run) -> None:
    """Run a command for each of the hosts, and print what all have; the worst exit code counts."""
    try:
        from kuke_ctr.processes import fleet_door
    except ImportError:
        raise UsageError(
            "--hosts needs ClusterShell, which is not installed",
            hint="`pip install 'kuke-ctr[fleet]'` installs it; --host needs nothing but ssh",
        ) from None
    gc.set_threshold(*_COLLECTS)
    names = fleet_door.names_of(options.hosts or "")
    for name in names:
        Far.parse(name, "--hosts")
    output = FleetOutput(options, names, fleet_door.folded)
    door = make_processes(options, (), ALOUD)

    def work(index: int, name: str) -> _Work:
        mine = options._replace(hosts=None, host=name)
        return _Work(mine, run, door, partial(output.host_done, index))

    try:
        fleet_door.run_all(starmap(work, enumerate(names)), door, options.fanout)
    finally:
        output.over()
    output.finish()
    if output.worst:
        raise typer.Exit(output.worst)


class HostAnswer:
    """What the command found on one host: the receiver of its session."""

    def __init__(self) -> None:
        self.view: View | None = None
        self.records: list[Record] = []
        self.documents: list[object] = []
        self.errors: list[KukeCtrError] = []
        self.planned: list[str] = []
        self.code = 0
        self.out: tuple[bytes, ...] = ()
        self.err: tuple[bytes, ...] = ()

    def rows(self, view: View, rows: Sequence[Record]) -> None:
        """Records."""
        self.view = view
        self.records += rows

    def document(self, value: object) -> None:
        """A document."""
        self.documents.append(value)

    def failed(self, error: KukeCtrError) -> None:
        """An error of a part; the others are shown all the same."""
        self.errors.append(error)
        self.code = max(self.code, error.exit_code)


class _Work:
    """One host: the command runs, as often as it takes, until it has all answers."""

    def __init__(
        self,
        options: SharedOptions,
        run: Run,
        door: Processes,
        done: Callable[[HostAnswer], None],
    ) -> None:
        self._options = options
        self._run = run
        self._door = door
        self._done = done
        self._answers = Answers()
        self.until = FOREVER

    def go_on(self) -> Sequence[Call]:
        """Run the command on what is known; the calls that it lacks, or none: it is done."""
        self._answers.begin()
        answer = HostAnswer()
        try:
            self._run_into(answer)
        except Wanted as wanted:
            if self.until == FOREVER and self._options.timeout:
                self.until = time.monotonic() + self._options.timeout
            return wanted.calls
        self._answers = Answers()
        self._done(answer)
        return ()

    def answered(self, call: Call, result: Answer) -> None:
        """What the host said."""
        self._answers.add(call, result)

    def _run_into(self, answer: HostAnswer) -> None:
        tell = Teller(planned=answer.planned.append)
        processes = self._door  # recordings have all answers
        if not processes.replays:
            processes = Processes(dry_run=processes.dry_run, tell=tell, replay=self._answers)
        session = Session(self._options, note, tell, answer, processes)
        out, err = Taken(sys.stdout), Taken(sys.stderr)
        with redirect_stdout(out), redirect_stderr(err):
            try:
                self._run(session)
            except typer.Exit as ending:
                answer.code = max(answer.code, ending.exit_code)
            except KukeCtrError as error:
                answer.failed(scoped(error, self._options))
        answer.out, answer.err = out.taken, err.taken
