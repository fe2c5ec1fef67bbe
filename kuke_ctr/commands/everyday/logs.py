"""kuke-ctr logs"""

import os
import re
import select
import sys
from collections.abc import Callable, Iterator
from typing import Annotated

import typer

from kuke_ctr.commands.shared.container_argument import one_container
from kuke_ctr.commands.shared.missing import near_containers
from kuke_ctr.commands.shared.option_table import IN_REALM, format_option
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.commands.shared.short_ids import by_id
from kuke_ctr.errors import FoundWrong, Interrupted, KukeCtrError, Reason, UsageError
from kuke_ctr.parse.screen import ScreenFilter
from kuke_ctr.processes.proc import PROC
from kuke_ctr.processes.shell_words import shell_line
from kuke_ctr.recipes.log_file import LogFile, Reader, follow
from kuke_ctr.recipes.logs import FoundLog, LogKind, Until, add_held, find, pid_of
from kuke_ctr.render import Output
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()

Write = Callable[[bytes | None], None]
"""Takes bytes for stdout, and None at the end."""


@app.command()
@takes(IN_REALM, format_option(Output.RAW), own=("-n",))
def logs(
    session: Session,
    container: Annotated[str, one_container("ID")],
    following: Annotated[
        bool, typer.Option("--follow", "-f", help="Continue with new output until the task ends.")
    ] = False,
    tail: Annotated[
        str,
        typer.Option(
            "--tail", "-n", metavar="LINES", help="Number of lines to show from the end; 0, or all."
        ),
    ] = "all",
    since: Annotated[str | None, typer.Option("--since", "--until", hidden=True)] = None,
    times: Annotated[bool, typer.Option("--timestamps", "-t", hidden=True)] = False,
) -> None:
    """Show what a container has printed, without attaching to it.

    Kukeon's logs are shown also while containerd is down. Exit code 5: the output is kept nowhere
    (null IO, FIFOs). 126: the log file is refused. -f: Ctrl-C is 130, --timeout is 0. On a
    terminal, control sequences other than colours are removed; -o raw prints every byte, as to a
    pipe.

    Reads the file that has the output: Kukeon's, that of `kuke-ctr run -d`, kuketty's, or the one
    that the shim writes. The log of a container that nerdctl made is read through nerdctl, where it
    is installed.

    Examples:

        kuke-ctr logs -r main web
        kuke-ctr logs -r main -f -n 100 web

    Runs `ctr containers info ID` and `ctr tasks ls` to find it, and with -f to know when the task
    ends; `nerdctl logs ID`.
    """
    if since is not None or times:
        raise UsageError(
            "the lines of a log have no times",
            hint=f"the last lines: `kuke-ctr logs --tail 100 {container}`",
        )
    lines = _lines(tail)
    realm = session.realm(lenient=True)
    try:
        print_log(
            session,
            realm,
            container,
            lines=lines,
            following=following,
            raw=session.options.output is not None,
        )
    except KeyboardInterrupt:
        raise typer.Exit(Interrupted.exit_code) from None


def print_log(
    session: Session,
    realm: OpenRealm,
    container: str,
    *,
    lines: int | None = None,
    following: bool = False,
    raw: bool = False,
) -> None:
    """Write the log of a container to stdout: the last lines or all (None), and what comes.

    Raises as `recipes.logs.find`, and BrokenPipeError where nobody reads.
    """
    if realm.ctr.far is not None:
        _print_far(realm, container, _writer(raw), lines, following=following)
        return
    here = session.options.replay is None  # else the processes are another host's
    container, log = by_id(
        realm, container, lambda one: (one, _found(realm, one, here=here)), offline=True
    )
    if isinstance(log, FoundWrong):
        _print_nerdctls(session, realm, container, log, lines=lines, follow=following, raw=raw)
        return
    if session.options.dry_run:
        print(_command(log.file.path, lines, following))
        return
    if log.kind in (LogKind.STALE, LogKind.SETUP):
        note(f"note: showing {log.file.path} ({log.kind})")
    elif session.options.trace:
        note(f"# reads {log.file.path}: {log.kind}")
    with Reader(log.file) as reader:
        write = _writer(raw)
        try:
            _write_all(reader.last(lines), write)
            if following and here:
                _follow(session, realm, container, reader, write, log.then)
        finally:
            write(None)


def _print_nerdctls(
    session: Session,
    realm: OpenRealm,
    container: str,
    kept: FoundWrong,
    *,
    lines: int | None,
    follow: bool,
    raw: bool,
) -> None:
    """Write the log that nerdctl keeps; `kept` is raised where there is no nerdctl to ask."""
    nerdctl = session.host.nerdctl_for("logs")
    if nerdctl is None:
        raise kept
    from kuke_ctr.recipes.nerdctl_logs import copy_log, log_call  # late: most logs are Kukeon's

    call = log_call(nerdctl, realm.scope, container, lines=lines, follow=follow)
    if session.options.dry_run:
        print(call.line)
        return
    seconds = (session.options.timeout or None) if follow else None
    out, err = _writer(raw), _writer(raw, sys.stderr.fileno())
    if lines == 0 and not follow:
        out = err = _leave_out
    try:
        copy_log(nerdctl, call, out, err, output=_stdout(), seconds=seconds)
    finally:
        out(None)
        err(None)


def _print_far(
    realm: OpenRealm, container: str, write: Write, lines: int | None, *, following: bool
) -> None:
    from kuke_ctr.recipes.far_logs import blocks, call_for, far_log

    with near_containers(realm, container):
        path = by_id(
            realm, container, lambda one: far_log(realm.host, realm.resolution, one), offline=True
        )
    call = call_for(realm.host, path, lines, following=following)
    if realm.ctr.processes.dry_run:
        print(call.line)
        return
    try:
        _write_all(blocks(realm.host, call), write)
    finally:
        write(None)


def _follow(
    session: Session,
    realm: OpenRealm,
    container: str,
    reader: Reader,
    write: Write,
    then: LogFile | None,
) -> None:
    limit = session.options.timeout or None
    pid = _pid(realm, container)
    other = add_held(reader, pid, realm.namespace, container) if pid else None
    if other is not None:
        note(f"note: the task writes to {other}; it is followed as well")
    with Until(pid, lambda: reader.identities, output=_stdout(), seconds=limit) as over:
        if then is None:
            _write_all(follow(reader, over), write)
        else:
            _follow_both(reader, then, over, write)


def _follow_both(reader: Reader, then: LogFile, over: Callable[[], bool], write: Write) -> None:
    """Follow a log up to where another one begins, and that one from there."""

    def begins() -> bool:
        return over() or os.path.lexists(then.path)

    _write_all(follow(reader, begins), write)
    if os.path.lexists(then.path):
        note(f"note: showing {then.path} ({LogKind.CAPTURE})")
        with Reader(then) as next_one:
            _write_all(next_one.last(), write)
            _write_all(follow(next_one, over), write)


def _found(realm: OpenRealm, container: str, *, here: bool = True) -> FoundLog | FoundWrong:
    """The log of a container of the realm; an error for one that there is not names the nearest.

    The error that nerdctl keeps the log is given: it is known which container is meant.
    """
    proc = PROC if here else None
    with near_containers(realm, container):
        try:
            return find(realm.host, realm.resolution, container, proc=proc)
        except FoundWrong as error:
            if error.reason is Reason.KEPT_BY_NERDCTL:
                return error
            raise


def _lines(tail: str) -> int | None:
    if tail == "all":
        return None
    if not re.fullmatch("[0-9]{1,18}", tail):
        raise UsageError(
            f"--tail {tail!r} is not a number of lines",
            hint="use 0, 100 or all; after `logs`, -n is the number of lines and the "
            "namespace is --namespace",
        )
    return int(tail)


def _pid(realm: OpenRealm, container: str) -> int | None:
    """The pid of the task, 0 where it has ended, None (with a note) where it is not known."""
    try:
        return pid_of(realm.host, realm.namespace, container)
    except KukeCtrError as error:
        note(f"note: ctr does not say when the task ends ({error.message}); press Ctrl-C to stop")
        return None


def _command(path: os.PathLike[str], lines: int | None, following: bool) -> str:
    """What does the same, for a dry run."""
    count = "+1" if lines is None else str(lines)
    return shell_line(["tail", "-n", count, *(["-F"] if following else []), "--", str(path)])


def _stdout() -> int:
    return sys.stdout.fileno()


def _write_all(blocks: Iterator[bytes], write: Write) -> None:
    for block in blocks:
        write(block)


def _leave_out(_data: bytes | None) -> None:
    """The one line that nerdctl gives where none is wanted."""


def _writer(raw: bool, output: int | None = None) -> Write:
    """Writes bytes to stdout, for a terminal without what it would obey; None is the end."""
    sys.stdout.flush()
    output = _stdout() if output is None else output
    screen = ScreenFilter() if os.isatty(output) and not raw else None

    def write(data: bytes | None) -> None:
        if screen is not None:
            data = screen.end() if data is None else screen.show(data)
        view = memoryview(data or b"")
        while view:
            try:
                view = view[os.write(output, view) :]
            except BlockingIOError:  # somebody else made it so
                select.select([], [output], [])

    return write
