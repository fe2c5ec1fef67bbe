"""kuke-ctr containers create"""

from collections.abc import Sequence
from typing import Annotated

import typer

from kuke_ctr.backends.ctr.container_flags import CREATE
from kuke_ctr.commands.images.references import near_refs
from kuke_ctr.commands.shared.confirm import (
    CreateNamespace,
)
from kuke_ctr.commands.shared.container_flags import (
    ContainerFlags,
    refuse_beside_config,
    with_container_flags,
)
from kuke_ctr.commands.shared.ctr_flags import extra_flags
from kuke_ctr.commands.shared.ctr_flags import flags as ctr_flags
from kuke_ctr.commands.shared.kukeon import refuse_id
from kuke_ctr.commands.shared.option_table import EXTRA, IN_REALM, NAMES
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.process_options import Entrypoint, Env, EnvFile
from kuke_ctr.commands.shared.program_words import program_words
from kuke_ctr.errors import UsageError
from kuke_ctr.names import check_name
from kuke_ctr.recipes import containers
from kuke_ctr.recipes.environment import environment_for
from kuke_ctr.recipes.image_names import whole_ref
from kuke_ctr.recipes.paths import absolute
from kuke_ctr.recipes.program import program_of
from kuke_ctr.session import Session

app = typer.Typer()


@app.command("create", context_settings={"allow_interspersed_args": False})
@takes(IN_REALM, NAMES, EXTRA)
@with_container_flags(CREATE)
def create(
    session: Session,
    image: Annotated[
        str, typer.Argument(metavar="IMAGE", help="The image; with --config, the container's id.")
    ],
    name: Annotated[
        str | None, typer.Argument(metavar="CONTAINER", help="The id of the new container.")
    ] = None,
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="COMMAND", help="The command to run; default: the image's own."),
    ] = None,
    *,
    env: Env = None,
    env_file: EnvFile = None,
    entrypoint: Entrypoint = None,
    tty: Annotated[bool, typer.Option("--tty", "-t", help="Give the process a terminal.")] = False,
    flags: ContainerFlags,
    create_namespace: CreateNamespace = False,
) -> None:
    """Create a container without starting it; `kuke-ctr tasks start` starts it.

    Options end at IMAGE: what follows is passed to the container. For a flag of ctr that is not
    listed here use `--extra=--gpus --extra=0`. If it fails, no snapshot is left behind.

    Examples:

        kuke-ctr containers create -r main docker.io/library/busybox:1.36 web sleep 3600
        kuke-ctr containers create -r main --memory-limit 256m docker.io/library/busybox:1.36 job

    Runs `ctr containers create [FLAG]... -- IMAGE CONTAINER [COMMAND]...`.
    """
    mounts = flags.mounts(session.ctr)
    chosen = (*flags.words(mount=mounts), *ctr_flags(tty=tty), *extra_flags(session))
    environment = environment_for(session.ctr.far, env or [], env_file or [])
    from_spec, from_folder = flags.text("config") is not None, flags.on("rootfs")
    if from_spec and (tty or environment.flags or entrypoint is not None):
        refuse_beside_config(["--tty" if tty else "--env" if environment.flags else "--entrypoint"])
    if from_folder:
        image = _root_folder(session, image, flags)
    given = _positionals(image, name, command or (), with_config=from_spec)
    made = given[0 if from_spec else 1]
    makes = from_spec or from_folder  # an image is in a namespace already
    realm = session.realm(changing=True, create=create_namespace, makes=makes)
    refuse_id(realm, made)
    flags.require_version(session.ctr)
    ref = "" if from_spec or from_folder else whole_ref(realm.scope, image)
    if not from_spec:
        program = program_of(realm.scope, ref, given[2:], entrypoint)
        given = (ref or given[0], given[1], *program)
    with near_refs(realm, [ref] if ref else [], needed=True):
        containers.create(realm.scope, made, (*environment.flags, *chosen), given)
    if not session.options.dry_run:
        print(made)


def _root_folder(session: Session, folder: str, flags: ContainerFlags) -> str:
    """The folder of --rootfs: absolute, as the runtime looks elsewhere for others; UsageError."""
    if flags.text("snapshotter") is not None:
        raise UsageError(
            "--snapshotter has no effect with --rootfs",
            hint="leave --snapshotter out: with --rootfs there is no snapshot",
        )
    path = absolute(folder, "--rootfs", session.ctr.far)
    if session.ctr.socket and not path.is_dir():
        raise UsageError(
            f"{path} is not a directory of this host",
            hint="--rootfs takes a directory that holds the container's files",
        )
    return str(path)


def _positionals(
    image: str, name: str | None, command: Sequence[str], *, with_config: bool
) -> tuple[str, ...]:
    """ctr's positionals: the id alone with --config, else image, id and command; UsageError."""
    # containerd checks the id too, but only when it has made the snapshot
    if with_config:
        if name is not None:
            raise UsageError(
                "with --config give only the container's id",
                hint="the OCI spec already has the command, and no image is used",
            )
        return (check_name(image, "container"),)
    if name is None:
        raise UsageError(
            "give an image, and an id for the new container",
            hint=f"for example: kuke-ctr containers create {image} web sleep 3600",
        )
    return (image, check_name(name, "container"), *program_words(command, "CONTAINER", quiet=True))
