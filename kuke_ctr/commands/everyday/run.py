"""kuke-ctr run"""

import os
import uuid
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import tasks, versions
from kuke_ctr.commands.shared.confirm import CreateNamespace
from kuke_ctr.commands.shared.ctr_flags import flags
from kuke_ctr.commands.shared.labels import checked_labels
from kuke_ctr.commands.shared.launch import (
    Launch,
    launch,
    own_failures,
    require_terminal,
    without_dashes,
)
from kuke_ctr.commands.shared.options import HOST, RECORD, SCOPE, TRACE, takes
from kuke_ctr.errors import NotFound, UsageError
from kuke_ctr.parse.amounts import memory_in_bytes, quota_of
from kuke_ctr.processes.calls import Call
from kuke_ctr.recipes import run as running
from kuke_ctr.session import Session

app = typer.Typer()

Flag = typer.Option
Some = list[str] | None

_DETACHED = "-d/--detach"


@app.command("run", context_settings={"allow_interspersed_args": False})
@takes(SCOPE, TRACE, HOST, RECORD)
def run(
    session: Session,
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="A reference as `images ls` has.")],
    command: Annotated[
        Some, typer.Argument(metavar="CMD", help="Else the image's own command.")
    ] = None,
    name: Annotated[
        str | None, Flag("--name", "--id", metavar="ID", help="The container's id; else a new one.")
    ] = None,
    rm: Annotated[bool, Flag("--rm", help="Remove the container when it ends.")] = False,
    detach: Annotated[
        bool, Flag("--detach", "-d", help="Start it, print its id and leave.")
    ] = False,
    tty: Annotated[bool, Flag("--tty", "-t", help="On a terminal; stdin goes along.")] = False,
    interactive: Annotated[
        bool, Flag("--interactive", "-i", help="Pass our stdin on; without it there is none.")
    ] = False,
    force_tty: Annotated[
        bool, Flag("--force-tty", help="-t although our stdin is no terminal.")
    ] = False,
    env: Annotated[
        Some,
        Flag("--env", "-e", metavar="K[=V]", help="K alone: our value, which nobody else sees."),
    ] = None,
    env_file: Annotated[
        Some, Flag("--env-file", metavar="FILE", help="Lines K=V or K; nobody else sees them.")
    ] = None,
    mount: Annotated[
        Some, Flag("--mount", help="type=bind,src=/a,dst=/b,options=rbind:ro, as ctr has it.")
    ] = None,
    volume: Annotated[
        Some, Flag("--volume", "-v", metavar="SRC:DST[:ro]", help="A bind mount, as in docker.")
    ] = None,
    user: Annotated[
        str | None, Flag("--user", "-u", help="User (and group); from ctr 1.7 on.")
    ] = None,
    cwd: Annotated[
        str | None, Flag("--cwd", "--workdir", "-w", help="The folder it starts in.")
    ] = None,
    hostname: Annotated[
        str | None, Flag("--hostname", "-h", help="Its host name; from ctr 1.7 on.")
    ] = None,
    net_host: Annotated[bool, Flag("--net-host", help="The host's network.")] = False,
    privileged: Annotated[bool, Flag("--privileged", help="May do what root may.")] = False,
    read_only: Annotated[bool, Flag("--read-only", help="Its files can't be written.")] = False,
    memory_limit: Annotated[
        str | None, Flag("--memory-limit", metavar="BYTES", help="268435456, 256m, 2g.")
    ] = None,
    cpus: Annotated[float | None, Flag("--cpus", help="So many processors: 1.5.")] = None,
    cap_add: Annotated[
        Some, Flag("--cap-add", metavar="CAP", help="NET_ADMIN or CAP_NET_ADMIN.")
    ] = None,
    cap_drop: Annotated[Some, Flag("--cap-drop", metavar="CAP", help="Drop one.")] = None,
    label: Annotated[Some, Flag("--label", "-l", metavar="K=V", help="A label.")] = None,
    log_file: Annotated[
        str | None, Flag("--log-file", metavar="FILE", help="With -d: its output goes here.")
    ] = None,
    null_io: Annotated[bool, Flag("--null-io", help="With -d: its output is thrown away.")] = False,
    fifo: Annotated[
        bool, Flag("--fifo", help="With -d: into FIFOs, for attach; unread, they block it.")
    ] = False,
    snapshotter: Annotated[str | None, Flag("--snapshotter", help="Not the default one.")] = None,
    platform: Annotated[str | None, Flag("--platform", help="linux/arm64, for example.")] = None,
    runtime: Annotated[str | None, Flag("--runtime", help="Not io.containerd.runc.v2.")] = None,
    runc_root: Annotated[str | None, Flag("--runc-root", help="Where runc keeps state.")] = None,
    cgroup: Annotated[str | None, Flag("--cgroup", help="The path of its cgroup.")] = None,
    create_namespace: CreateNamespace = False,
) -> None:
    """Make a container of an image and start it.

    Runs `ctr run [--rm | -d] [-t] FLAG... -- IMAGE ID CMD...`. Options end at IMAGE. In the
    foreground the exit code is that of the command; 125 is a failure of ours or ctr's, 126 a
    program that can't be executed, 127 one that is not there. With -d the output goes to
    /var/log/kuke-ctr/NAMESPACE/ID.log (`kuke-ctr logs ID`). A run that fails leaves nothing behind.
    """
    with own_failures():
        _exclude(rm=rm, detach=detach, tty=tty, log_file=log_file, null_io=null_io, fifo=fifo)
        require_terminal(tty and not detach and not session.options.dry_run, force_tty)
        asked = {"--user": user, "--hostname": hostname, "--runc-root": runc_root}
        for flag, value in (*asked.items(), ("--cap-add", cap_add), ("--cap-drop", cap_drop)):
            if value:
                versions.require(session.ctr, "run", flag)
        running.require_absolute(cwd)
        mounts = [*(mount or []), *map(running.mount_of, volume or [])]
        if session.ctr.socket is not None:  # else the host that is meant may be another one
            running.require_sources(mounts)
        if cpus is not None:
            quota_of(cpus)
        chosen = checked_labels(label or [])
        memory = memory_in_bytes(memory_limit) if memory_limit is not None else None
        environment = running.environment_of(env or [], env_file or [], os.environ)
        realm = session.realm(changing=True, create=create_namespace)
        scope = realm.scope
        container = running.name_for(scope, image, name)
        token = uuid.uuid4().hex[:12]
        logs = detach and not (tty or null_io or fifo)
        log = (
            running.make_log(scope.namespace, container, log_file, dry=session.options.dry_run)
            if logs
            else None
        )
        labels = [*chosen, f"{running.RUN_LABEL}={token}", *([log.label] if log else [])]
        given = flags(
            rm=rm,
            detach=detach,
            tty=tty,
            null_io=null_io,
            log_uri=log.uri if log else None,
            mount=mounts,
            user=user,
            cwd=cwd,
            hostname=hostname,
            net_host=net_host,
            privileged=privileged,
            read_only=read_only,
            memory_limit=memory,
            cpus=cpus,
            cap_add=[*map(running.capability_of, cap_add or [])],
            cap_drop=[*map(running.capability_of, cap_drop or [])],
            label=labels,
            snapshotter=snapshotter,
            platform=platform,
            runtime=runtime,
            runc_root=runc_root,
            cgroup=cgroup,
        )
        words = (*environment.flags, *given)
        program = without_dashes(command or [])
        call: Call = tasks.run(scope, image, container, program, words)
        made = running.Made(container, token, log, snapshotter)
        try:
            code = launch(
                Launch(session, realm, call, container, tuple(program)),
                detach=detach,
                tty=tty,
                interactive=interactive,
                undo=lambda: running.undo(scope, made),
                discard=(lambda: running.undo(scope, made, running=True)) if rm else None,
            )
        except NotFound as error:
            raise running.no_image(scope, image, error) from None
    raise typer.Exit(code)


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
            "--rm and -d exclude each other: nobody is there to remove it",
            hint="leave --rm out; once it has ended, `kuke-ctr containers rm ID` removes it, its "
            "snapshot and its log",
        )
    if outputs and not detach:
        raise UsageError(f"{outputs[0]} is for {_DETACHED}", hint="redirect our output instead")
    if len(outputs) > 1:
        raise UsageError(f"{' and '.join(outputs)} exclude each other", hint="give one of them")
    if tty and outputs and outputs != ["--fifo"]:
        raise UsageError(
            f"{outputs[0]} does not go with -t: a terminal's output can only be attached to",
            hint=f"leave -t out, or {outputs[0]}",
        )
