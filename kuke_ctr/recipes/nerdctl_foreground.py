"""A process that nerdctl runs in the foreground: as `recipes/start.py` for ctr."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from kuke_ctr.backends.nerdctl.client import Nerdctl
from kuke_ctr.backends.nerdctl.processes import Ended
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.farewell import Farewell
from kuke_ctr.recipes.start import Outcome, outcome_of
from kuke_ctr.terminals.attachment import AttachOptions, Ending, EndKind
from kuke_ctr.terminals.foreground import UserStreams, run_in_foreground
from kuke_ctr.terminals.last_line import LastLine

Reads = Callable[[Call, Ended], int | None]
"""Call and the end of nerdctl -> the process's exit code, where nerdctl's line tells it; raises
what kept the process from starting (`backends/nerdctl/processes.py`)."""


def on_pipes(
    nerdctl: Nerdctl, call: Call, streams: UserStreams, started: Callable[[], bool], reads: Reads
) -> Outcome:
    """Run a nerdctl whose process has no terminal; raises what `reads` raises."""
    run = nerdctl.processes
    if run.dry_run:
        return Outcome(0, planned=run.run(call).planned)
    finish = run_in_foreground(lambda: run.open_pipes(call), streams, started, LastLine())
    outcome = outcome_of(finish)
    code = None
    if finish.status is not None and finish.status > 0:
        code = reads(call, Ended(finish.said, finish.status, finish.ran, finish.opened))
    if code is None:
        with suppress(OSError):
            Farewell.write(streams.stderr, finish.held)
    elif finish.exit_code == finish.status:  # else the time limit, or a reader that has gone
        outcome = replace(outcome, exit_code=code)
    return outcome


def on_terminal(nerdctl: Nerdctl, call: Call, options: AttachOptions, reads: Reads) -> Outcome:
    """Run a nerdctl whose process has a terminal; only nerdctl itself writes to stderr then."""
    from kuke_ctr.terminals.attach_ways import attach_pty

    endings: list[Ending] = []

    def run(call: Call) -> Result:
        ending = attach_pty(call, options)
        endings.append(ending)
        code = ending.exit_code if ending.status is None else ending.status
        return Result(call.argv, code, b"", ending.said, 0.0)

    result = nerdctl.processes.run_by(call, run)
    if not endings:
        return Outcome(0, planned=result.planned)
    ending = endings[0]
    if ending.kind is not EndKind.ENDED:
        return Outcome(
            ending.exit_code,
            False,
            signal=ending.signal,
            why=ending.why,
            ran=ending.printed,
            process=ending.process,
        )
    code = reads(call, Ended(ending.said, ending.status)) if ending.status else None
    if code is None:
        nerdctl.pass_on(ending.said)
    return Outcome(ending.exit_code if code is None else code)
