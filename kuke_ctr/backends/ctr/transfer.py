"""`ctr images pull`, `push`, `import`, `export`: how they are run."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.failures import failure_of, reader_gone
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.jobs import check_the_way
from kuke_ctr.processes.meanwhile import Meanwhile

Verb = Literal["pull", "push", "import", "export"]


@dataclass(frozen=True, slots=True)
class TransferStreams:
    """Where a transfer reads and writes.

    `stdin` is the archive's descriptor, `source` the program that writes there; `stdout` takes what
    ctr prints (None: it is collected); `called` is its name for messages, `reads` and `writes`
    those of the files that they are, `terminal` is one that shows ctr's own progress, `secret` the
    password that ctr will ask for. `meanwhile` looks after a transfer without these two.
    """

    stdin: int | None = None
    source: tuple[str, ...] = ()
    stdout: int | None = None
    called: str | None = None
    reads: str | None = None
    writes: str | None = None
    terminal: int | None = None
    secret: str | None = field(default=None, repr=False)
    meanwhile: Meanwhile | None = None


def run(
    scope: Scope,
    verb: Verb,
    flags: Sequence[str],
    names: Sequence[str],
    *,
    streams: TransferStreams,
) -> Result:
    """Run `ctr images VERB FLAGS NAMES`, without a time limit but that of the user.

    Raises BrokenPipeError where the reader of stdout went away.
    """
    call = scope.call("images", verb, *flags, *names)._replace(
        timeout=scope.ctr.change_timeout,
        stdin=streams.stdin,
        stdout=streams.stdout,
        source=streams.source,
        reads=streams.reads,
        writes=streams.writes,
    )
    result = _start(scope.ctr, call, streams)
    if reader_gone(result):
        raise BrokenPipeError
    if result.exit_code != 0:
        name = names[1 if verb == "export" else 0]  # the file stands first there
        error = failure_of(result, typed=scope.ctr.typed, output=streams.called, name=name)
        raise scope.ctr.there(error)
    return scope.ctr.checked(result)


def _start(ctr: Ctr, call: Call, streams: TransferStreams) -> Result:
    secret, terminal = streams.secret, streams.terminal
    if secret is None and terminal is None:
        return ctr.processes.run(call, streams.meanwhile)
    from kuke_ctr.terminals.pexpect_door import answer_password, watch

    if secret is not None:
        show = terminal if terminal is not None else streams.stdout
        call = call._replace(stdout=None)  # the pseudo terminal takes it
        known = secret
        result = ctr.processes.run_by(call, lambda call: answer_password(call, known, show=show))
    else:
        assert terminal is not None
        shown = terminal
        result = ctr.processes.run_by(call, lambda call: watch(call, show=shown))
    check_the_way(call, result)
    return result


def nowhere() -> int:
    """A descriptor that takes what nobody reads."""
    return os.open(os.devnull, os.O_WRONLY)
