"""kuke-ctr exec"""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from kuke_ctr.backends.ctr import tasks, versions
from kuke_ctr.backends.ctr.container_flags import folder_inside
from kuke_ctr.backends.ctr.failures.starting import start_failure
from kuke_ctr.commands.shared.container_argument import one_container
from kuke_ctr.commands.shared.ctr_flags import flags
from kuke_ctr.commands.shared.kukeon import members_of
from kuke_ctr.commands.shared.launch import (
    own_failures,
    print_id,
    require_terminal,
)
from kuke_ctr.commands.shared.missing import no_container
from kuke_ctr.commands.shared.option_table import HOST, RECORD, SCOPE, TRACE
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.commands.shared.process_options import Detach, ForceTty, Interactive, Tty
from kuke_ctr.commands.shared.program_words import program_words
from kuke_ctr.commands.shared.short_ids import by_id, whole_ids
from kuke_ctr.errors import TIME_PASSED, KukeCtrError, NotFound, Reason, UsageError
from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.patience import patient
from kuke_ctr.recipes import start
from kuke_ctr.recipes.nerdctls import changed_by_nerdctl
from kuke_ctr.recipes.start import Outcome
from kuke_ctr.session import OpenRealm, Session
from kuke_ctr.terminals.attachment import AttachOptions
from kuke_ctr.terminals.foreground import UserStreams

if TYPE_CHECKING:
    from kuke_ctr.recipes.nerdctls_changes import NerdctlsOwn

app = typer.Typer()

Command = Annotated[list[str], typer.Argument(metavar="CMD", help="The program and its arguments.")]
User = Annotated[str | None, typer.Option("--user", "-u", help="User and group, names or numbers.")]
Cwd = Annotated[
    str | None,
    typer.Option("--cwd", "--workdir", "-w", help="Working directory in the container."),
]
Env = Annotated[
    list[str] | None,
    typer.Option(
        "--env",
        "-e",
        metavar="K=V",
        help="Environment variable NAME=VALUE (runs `env NAME=VALUE CMD`).",
    ),
]


@app.command("exec", context_settings={"allow_interspersed_args": False})
@takes(SCOPE, TRACE, HOST, RECORD)
def exec_(
    session: Session,
    container: Annotated[str, one_container("ID", "running container")],
    command: Command,
    tty: Tty = False,
    interactive: Interactive = False,
    force_tty: ForceTty = False,
    detach: Detach = False,
    user: User = None,
    cwd: Cwd = None,
    env: Env = None,
) -> None:
    """Run a command in a running container.

    Options end at ID. The exit code is that of the command; 125: ctr or kuke-ctr failed, 126: the
    program cannot be executed, 127: there is no such program. Signals are forwarded to the command;
    with -t it gets HUP when kuke-ctr ends. --env needs the program `env` in the container, and
    everybody on the host can read the value.

    Examples:

        kuke-ctr exec -r main -it web sh
        kuke-ctr exec -r main web cat /etc/hosts

    Runs `ctr tasks exec --exec-id NEW [-t] -- ID CMD...`.
    """
    with own_failures():
        _refuse_what_cannot_be(cwd, detach=detach, stays=tty or interactive)
        require_terminal(tty and not session.options.dry_run, force_tty)
        typed = program_words(command, "ID")
        words = _with_environment(typed, env or [])
        if not words:
            raise UsageError("a command to run is missing", hint="kuke-ctr exec ID CMD...")
        if user is not None:
            versions.require(session.ctr, "tasks", "exec", "--user")
        realm = session.realm(changing=True)
        exec_id = start.unique_id("kuke-ctr")
        log = "file:///dev/null" if detach else None  # FIFOs that nobody reads would block it
        given = flags(user=user, cwd=cwd, detach=detach, log_uri=log, tty=tty)
        of_nerdctl = (flags(user=user, workdir=cwd, env=env or []), typed, tty, interactive)

        def run(one: str) -> Outcome:
            operation = "exec -d" if detach else "exec"
            own = changed_by_nerdctl(realm.host, realm.resolution, [one], operation)
            if own is not None:
                return _by_nerdctl(session, realm, own, one, of_nerdctl)
            if env and session.options.trace:
                note("note: ctr exec has no --env; the command runs as `env NAME=VALUE... CMD`")
            call = tasks.exec_in(realm.scope, one, words, exec_id=exec_id, flags=given)
            with _explained(realm, one):
                return _run(session, realm, call, one, exec_id, words, (tty, interactive))

        if interactive and not tty:  # a ctr that fails would have taken some of stdin
            (container,) = whole_ids(realm, [container], ())
        outcome = by_id(realm, container, run, changing=True)
    raise typer.Exit(outcome.exit_code)


def _refuse_what_cannot_be(cwd: str | None, *, detach: bool, stays: bool) -> None:
    if cwd is not None:
        folder_inside(cwd)
    if detach and stays:
        raise UsageError(
            "-d cannot be combined with -t or -i: it does not wait for the process",
            hint="leave it out",
        )


@contextmanager
def _explained(realm: OpenRealm, container: str) -> Iterator[None]:
    """An error inside says what is wrong with the container: not there, or not running."""
    try:
        yield
    except NotFound as error:
        raise no_container(realm, container, error) from None
    except KukeCtrError as error:
        if error.reason is not Reason.NOT_RUNNING:
            raise
        raise _not_running(realm, container, error) from None


def _run(
    session: Session,
    realm: OpenRealm,
    call: Call,
    container: str,
    exec_id: str,
    words: list[str],
    how: tuple[bool, bool],
) -> Outcome:
    ctr, (tty, interactive) = realm.ctr, how
    if "--detach" in call.argv[: call.argv.index("--")]:
        result = ctr.processes.run(call._replace(timeout=ctr.change_timeout))
        if result.exit_code != 0:
            raise start_failure(result.stderr, call, words) or ctr.failure(result)
        if not result.planned:
            shows = realm.scope.line("tasks", "ps", container)
            ends = _ending(realm, container, exec_id)
            hint = f"{shows} shows it, {ends} kills it"
            print_id(exec_id, f"the process {exec_id} in {container}", hint)
        return Outcome(0)
    limit = session.options.timeout or None
    with patient():
        if tty:
            options = AttachOptions(keys=b"", timeout=limit, last_typed=b"\x04")
            outcome = start.on_terminal(ctr, call, options, words)
        else:
            streams = UserStreams(take_input=interactive, timeout=limit)
            started = start.exec_started(realm.scope, container, exec_id)
            outcome = start.on_pipes(ctr, call, streams, started, words)
        if not outcome.finished:
            _put_in_order(realm, container, exec_id, outcome, tty=tty)
    return outcome


def _by_nerdctl(
    session: Session,
    realm: OpenRealm,
    own: "NerdctlsOwn",
    container: str,
    how: tuple[Sequence[str], Sequence[str], bool, bool],
) -> Outcome:
    from kuke_ctr.recipes.nerdctl_exec import NerdctlExec

    given, words, tty, interactive = how
    process = NerdctlExec(own, realm.scope, container)
    limit = session.options.timeout or None
    with patient(), _explained(realm, container):
        outcome = process.run(given, words, tty=tty, interactive=interactive, timeout=limit)
        if not outcome.finished:
            _put_in_order(realm, container, outcome.process, outcome, tty=tty)
    return outcome


def _put_in_order(
    realm: OpenRealm, container: str, exec_id: str | None, outcome: Outcome, *, tty: bool
) -> None:
    """ctr is gone, the process perhaps not: it gets HUP, or what ctr could not pass on.

    One whose exec id is not known (None) gets nothing: it could be that of somebody else.
    """
    if exec_id is None:
        start.tell(
            f"kuke-ctr: {outcome.why or 'kuke-ctr has left'}; the process may still be running in "
            f"{container}: {realm.scope.line('tasks', 'ps', container)} shows its processes"
        )
        return
    number = signal.SIGHUP if tty else outcome.signal
    ended = number is not None and start.hang_up(realm.scope, container, exec_id, number)
    if ended and outcome.exit_code == TIME_PASSED:
        start.tell(f"kuke-ctr: {outcome.why}: the process got SIGHUP and has ended")
    if not ended:
        start.tell(
            f"kuke-ctr: {outcome.why or 'kuke-ctr has left'}; the process is still running in "
            f"{container}: {_ending(realm, container, exec_id)} kills it"
        )


def _ending(realm: OpenRealm, container: str, exec_id: str) -> str:
    kill = ("tasks", "kill", "--exec-id", exec_id, "-s", "KILL", container)
    return realm.scope.line(*kill)


def _with_environment(command: list[str], env: list[str]) -> list[str]:
    for one in env:
        if "=" not in one or one.startswith("="):
            raise UsageError(
                f"--env {one!r}: exec needs NAME=VALUE",
                hint="ctr cannot pass a value without showing it in `ps`; use a file, or "
                "stdin with -i",
            )
    return ["env", *env, *command] if env else command


def _not_running(realm: OpenRealm, container: str, error: KukeCtrError) -> KukeCtrError:
    """The error for a container that does not run: one of Kukeon's is started by `kuke`."""
    found = members_of(realm).of(container)
    return error.but(hint=found.start_hint) if found is not None else error
