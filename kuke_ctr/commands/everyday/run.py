"""kuke-ctr run"""

import os
import uuid
from collections.abc import Sequence
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import tasks
from kuke_ctr.backends.ctr.container_flags import RUN
from kuke_ctr.commands.shared.confirm import CreateNamespace
from kuke_ctr.commands.shared.container_flags import ContainerFlags, with_container_flags
from kuke_ctr.commands.shared.ctr_flags import flags as ctr_flags
from kuke_ctr.commands.shared.launch import (
    Launch,
    launch,
    own_failures,
    require_terminal,
    without_dashes,
)
from kuke_ctr.commands.shared.options import HOST, RECORD, SCOPE, TRACE, takes
from kuke_ctr.commands.shared.process_options import (
    Detach,
    Env,
    EnvFile,
    Fifo,
    ForceTty,
    Interactive,
    LogFile,
    NullIo,
    Tty,
)
from kuke_ctr.errors import NotFound, UsageError
from kuke_ctr.recipes.environment import environment_of
from kuke_ctr.recipes.run import RUN_LABEL, Made, RunLog, make_log, name_for, no_image, undo
from kuke_ctr.recipes.volumes import mount_of, require_sources
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()


Image = Annotated[str, typer.Argument(metavar="IMAGE", help="The image, as `images ls` shows it.")]
Command = Annotated[
    list[str] | None,
    typer.Argument(metavar="CMD", help="The command to run; default: the image's own."),
]
Name = Annotated[
    str | None,
    typer.Option("--name", "--id", metavar="ID", help="The container's id; default: a new one."),
]
Remove = Annotated[bool, typer.Option("--rm", help="Remove the container when it ends.")]
Volumes = Annotated[
    list[str] | None,
    typer.Option(
        "--volume",
        "-v",
        metavar="SRC:DST[:ro]",
        help="A bind mount, as in docker; SRC must exist.",
    ),
]


@app.command("run", context_settings={"allow_interspersed_args": False})
@takes(SCOPE, TRACE, HOST, RECORD)
@with_container_flags(RUN)
def run(
    session: Session,
    image: Image,
    command: Command = None,
    *,
    name: Name = None,
    rm: Remove = False,
    detach: Detach = False,
    tty: Tty = False,
    interactive: Interactive = False,
    force_tty: ForceTty = False,
    env: Env = None,
    env_file: EnvFile = None,
    volume: Volumes = None,
    log_file: LogFile = None,
    null_io: NullIo = False,
    fifo: Fifo = False,
    create_namespace: CreateNamespace = False,
    flags: ContainerFlags,
) -> None:
    """Create a container from an image and start it.

    Options end at IMAGE. In the foreground the exit code is that of the command; 125: ctr or
    kuke-ctr failed, 126: the program cannot be executed, 127: there is no such program. With -d the
    output goes to /var/log/kuke-ctr/NAMESPACE/ID.log (`kuke-ctr logs ID` shows it). A run that
    fails leaves nothing behind.

    Runs `ctr run [--rm | -d] [-t] FLAG... -- IMAGE ID CMD...`.
    """
    with own_failures():
        _exclude(rm=rm, detach=detach, tty=tty, log_file=log_file, null_io=null_io, fifo=fifo)
        require_terminal(tty and not detach and not session.options.dry_run, force_tty)
        flags.require_version(session.ctr)
        mounts = _mounts(session, flags, volume or [])
        flags.words(mount=mounts)  # wrong usage is found before anything is made
        environment = environment_of(env or [], env_file or [], os.environ)
        scope = (realm := session.realm(changing=True, create=create_namespace)).scope
        container = name_for(scope, image, name)
        logs = detach and not (tty or null_io or fifo)
        log = _log(session, realm, container, log_file) if logs else None
        made = Made(container, uuid.uuid4().hex[:12], log, flags.text("snapshotter"))
        how = ctr_flags(
            rm=rm, detach=detach, tty=tty, null_io=null_io, log_uri=log.uri if log else None
        )
        words = (*environment.flags, *how, *flags.words(mount=mounts, label=_labels(flags, made)))
        try:
            code = launch(
                _launch(session, realm, (image, container), words, command or []),
                detach=detach,
                tty=tty,
                interactive=interactive,
                undo=lambda: undo(scope, made),
                discard=(lambda: undo(scope, made, running=True)) if rm else None,
            )
        except NotFound as error:
            raise no_image(scope, image, error) from None
    raise typer.Exit(code)


def _log(session: Session, realm: OpenRealm, container: str, asked: str | None) -> RunLog:
    """A new log file, or in a dry run only its name."""
    return make_log(realm.namespace, container, asked, dry=session.options.dry_run)


def _labels(flags: ContainerFlags, made: Made) -> list[str]:
    """Those that were given, and those by which the container and its log are known again."""
    ours = [f"{RUN_LABEL}={made.token}", *([made.log.label] if made.log else [])]
    return [*flags.texts("label"), *ours]


def _launch(
    session: Session,
    realm: OpenRealm,
    names: tuple[str, str],
    words: Sequence[str],
    command: Sequence[str],
) -> Launch:
    """The call for an image and a container; what stands behind them is the program."""
    image, container = names
    program = without_dashes(command)
    call = tasks.run(realm.scope, image, container, program, words)
    return Launch(session, realm, call, container, tuple(program))


def _mounts(session: Session, flags: ContainerFlags, volumes: list[str]) -> list[str]:
    """ctr's mounts; UsageError for one whose source this host has not."""
    mounts = [*flags.texts("mount"), *map(mount_of, volumes)]
    if session.ctr.socket is not None:  # else the host that is meant may be another one
        require_sources(mounts)
    return mounts


def _exclude(
    *, rm: bool, detach: bool, tty: bool, log_file: str | None, null_io: bool, fifo: bool
) -> None:
    outputs = [
        flag
        for flag, given in (("--log-file", log_file), ("--null-io", null_io), ("--fifo", fifo))
        if given
    ]
    if rm and detach:
        raise UsageError(
            "--rm and -d cannot be combined: kuke-ctr has left before the container ends",
            hint="leave --rm out; after the container has ended, `kuke-ctr containers rm ID` "
            "removes it, its snapshot and its log",
        )
    if outputs and not detach:
        raise UsageError(f"{outputs[0]} is for -d/--detach", hint="redirect stdout instead")
    if len(outputs) > 1:
        raise UsageError(f"{' and '.join(outputs)} cannot be combined", hint="use one of them")
    if tty and outputs and outputs != ["--fifo"]:
        raise UsageError(
            f"{outputs[0]} cannot be combined with -t: the output of a terminal can only be "
            "attached to",
            hint=f"leave -t out, or {outputs[0]}",
        )
