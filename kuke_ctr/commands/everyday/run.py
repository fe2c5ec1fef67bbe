"""kuke-ctr run"""

import uuid
from typing import Annotated, NamedTuple

import typer

from kuke_ctr.backends.ctr import images, tasks
from kuke_ctr.backends.ctr.container_flags import RUN
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.commands.images.references import no_image
from kuke_ctr.commands.shared.confirm import CreateNamespace
from kuke_ctr.commands.shared.container_flags import ContainerFlags, with_container_flags
from kuke_ctr.commands.shared.ctr_flags import flags as ctr_flags
from kuke_ctr.commands.shared.kukeon import note_labels, refuse_id
from kuke_ctr.commands.shared.launch import (
    Launch,
    Manner,
    launch,
    own_failures,
    require_terminal,
)
from kuke_ctr.commands.shared.option_table import HOST, RECORD, SCOPE, TRACE
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.commands.shared.process_options import (
    Detach,
    DetachedOutput,
    Entrypoint,
    Env,
    EnvFile,
    ForceTty,
    Interactive,
    Tty,
    with_detached_output,
)
from kuke_ctr.commands.shared.program_words import program_words
from kuke_ctr.errors import KukeCtrError, NotFound, Reason, UsageError
from kuke_ctr.parse.container_info import RUN_LABEL
from kuke_ctr.recipes.environment import environment_for
from kuke_ctr.recipes.image_names import whole_ref
from kuke_ctr.recipes.program import program_of
from kuke_ctr.recipes.run import (
    Made,
    RunLog,
    incomplete,
    log_for,
    name_for,
    undo,
    was_taken,
)
from kuke_ctr.recipes.taken import taken
from kuke_ctr.session import OpenRealm, Session
from kuke_ctr.terminals.user_terminal import is_terminal

app = typer.Typer()

Image = Annotated[str, typer.Argument(metavar="IMAGE", help="The image, as `images ls` shows it.")]
Command = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CMD", help="The command, or arguments of the image's ENTRYPOINT; default: its Cmd."
    ),
]
Name = Annotated[
    str | None,
    typer.Option("--name", "--id", metavar="ID", help="The container's id; default: a new one."),
]
Remove = Annotated[bool, typer.Option("--rm", help="Remove the container when it ends.")]
Volumes = Annotated[
    list[str] | None,
    typer.Option(
        "--volume", "-v", metavar="SRC:DST[:ro]", help="A bind mount, as in docker; SRC must exist."
    ),
]


class Wish(NamedTuple):
    """What is to be run, as it was typed; `environment` is what --env and --env-file say."""

    image: str
    command: list[str]
    name: str | None
    how: Manner
    rm: bool
    environment: tuple[list[str], list[str]]
    entrypoint: str | None
    volume: list[str]
    flags: ContainerFlags
    output: DetachedOutput


@app.command("run", context_settings={"allow_interspersed_args": False})
@takes(SCOPE, TRACE, HOST, RECORD)
@with_detached_output
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
    entrypoint: Entrypoint = None,
    volume: Volumes = None,
    create_namespace: CreateNamespace = False,
    output: DetachedOutput,
    flags: ContainerFlags,
) -> None:
    """Create a container from an image and start it.

    Options end at IMAGE. The exit code is the command's; 125: ctr or kuke-ctr failed, 126: the
    program cannot be executed, 127: no such program. With -d, `kuke-ctr logs ID` shows the output.
    A run that fails leaves nothing behind.

    Examples:

        kuke-ctr run -r main --rm -it docker.io/library/busybox:1.36 sh
        kuke-ctr run -r main -d --name web docker.io/library/busybox:1.36 sleep 3600

    Runs `ctr run [--rm | -d] [-t] FLAG... -- IMAGE ID CMD...`.
    """
    with own_failures():
        _refuse_removal(rm=rm, detach=detach)
        output.check(detach=detach, tty=tty)
        require_terminal(tty and not detach and not session.options.dry_run, force_tty)
        manner = Manner(detach=detach, tty=tty, interactive=interactive)
        environment = (env or [], env_file or [])
        words = program_words(command or [], "IMAGE")
        folders = volume or []
        wish = Wish(image, words, name, manner, rm, environment, entrypoint, folders, flags, output)
        code = _run(session, wish, create_namespace)
    raise typer.Exit(code)


def _run(session: Session, wish: Wish, create: bool | None) -> int:
    """By nerdctl where that is to do it, else by ctr."""
    mounts = wish.flags.mounts(session.ctr, wish.volume)
    nerdctl = session.host.nerdctl_for("run")
    if nerdctl is not None:
        from kuke_ctr.commands.everyday.run_nerdctl import run_by_nerdctl

        return run_by_nerdctl(session, nerdctl, wish, create=create)
    return _run_by_ctr(session, wish, mounts, create)


def _run_by_ctr(session: Session, wish: Wish, mounts: list[str], create: bool | None) -> int:
    flags, how, output = wish.flags, wish.how, wish.output
    flags.require_version(session.ctr)
    flags.words(mount=mounts)  # wrong usage is found before anything is made
    environment = environment_for(session.ctr.far, *wish.environment)
    realm = session.realm(changing=True, create=create)
    image = whole_ref(realm.scope, wish.image)
    platform = flags.text("platform")
    program = program_of(realm.scope, image, wish.command, wish.entrypoint, platform)
    container = _id_for(realm, image, wish.name)
    logged = how.detach and output.is_logged(tty=how.tty)
    log = _log(session, realm.scope, container, output.log_file) if logged else None
    made = Made(container, uuid.uuid4().hex[:12], log, flags.text("snapshotter"))
    switches = ctr_flags(rm=wish.rm, detach=how.detach, tty=how.tty, null_io=output.null_io)
    words = (*environment.flags, *switches, *_words(flags, made, mounts))
    call = tasks.run(realm.scope, image, container, program, words)
    what = Launch(session, realm, call, container, tuple(program))
    _tell_of_network(flags, tty=how.tty and not how.detach)
    return _launched(what, how, image, made, rm=wish.rm)


def _tell_of_network(flags: ContainerFlags, *, tty: bool) -> None:
    if tty and not flags.on("net_host") and is_terminal(2):
        note("note: without --net-host this container has no network, only a loopback interface")


def _launched(what: Launch, how: Manner, image: str, made: Made, *, rm: bool) -> int:
    """Start it; one that did not start leaves nothing, and the error says what was in the way."""
    scope = what.realm.scope
    try:
        return launch(
            what,
            how,
            undo=lambda error: undo(scope, made, error),
            discard=(lambda: undo(scope, made, running=True)) if rm else None,
        )
    except NotFound as error:
        raise _no_image(what.realm, image, error) from None
    except KukeCtrError as error:
        if was_taken(error):
            raise taken(scope, made.name, made.snapshotter, command=error.command) from None
        if error.reason is Reason.MISSING_CONTENT:
            raise incomplete(scope, image, error) from None
        raise


def _no_image(realm: OpenRealm, image: str, error: NotFound) -> NotFound:
    """The error for an image that can't be run: it is not here, or not for this platform."""
    existing = images.names(realm.scope)
    if image not in existing:
        return no_image(realm, [image], existing, error, needed=True)
    return incomplete(realm.scope, image, error) if error.reason is Reason.NO_PLATFORM else error


def _id_for(realm: OpenRealm, image: str, name: str | None) -> str:
    refuse_id(realm, name)
    return name_for(realm.scope, image, name)


def _log(session: Session, scope: Scope, container: str, file: str | None) -> RunLog:
    return log_for(scope, container, file, dry=session.options.dry_run)


def _words(flags: ContainerFlags, made: Made, mounts: list[str]) -> tuple[str, ...]:
    """ctr's flags, the labels that tell this run and its log among them."""
    log = made.log
    note_labels(flags.texts("label"))
    labels = [*flags.texts("label"), f"{RUN_LABEL}={made.token}", *([log.label] if log else [])]
    uri = ctr_flags(log_uri=log.uri if log else None)
    return (*uri, *flags.words(mount=mounts, label=labels))


def _refuse_removal(*, rm: bool, detach: bool) -> None:
    if rm and detach:
        raise UsageError(
            "--rm and -d cannot be combined: kuke-ctr has left before the container ends",
            hint="leave --rm out; after the container has ended, `kuke-ctr containers rm ID` "
            "removes it, its snapshot and its log",
        )
