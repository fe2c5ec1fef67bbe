"""kuke-ctr containers create"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import versions
from kuke_ctr.commands.images.references import near_refs
from kuke_ctr.commands.shared.confirm import (
    CreateNamespace,
)
from kuke_ctr.commands.shared.ctr_flags import extra_flags, flags
from kuke_ctr.commands.shared.labels import checked_labels
from kuke_ctr.commands.shared.options import EXTRA, IN_REALM, takes
from kuke_ctr.errors import UsageError
from kuke_ctr.names import check_name
from kuke_ctr.parse.amounts import PERIOD, memory_in_bytes, quota_of
from kuke_ctr.recipes.containers import create as make
from kuke_ctr.recipes.run import capability_of, environment_of, require_absolute
from kuke_ctr.session import Session

app = typer.Typer()


_WITH_CONFIG = ("--label", "--runtime", "--runtime-config-path", "--runc-binary", "--runc-root")
"""ctr's flags that count beside --config; it ignores the others in silence."""


@app.command("create", context_settings={"allow_interspersed_args": False})
@takes(IN_REALM, EXTRA)
def create(
    session: Session,
    image: Annotated[
        str, typer.Argument(metavar="IMAGE", help="An image; with --config, the container's id.")
    ],
    name: Annotated[
        str | None, typer.Argument(metavar="CONTAINER", help="The id of the new container.")
    ] = None,
    command: Annotated[
        list[str] | None, typer.Argument(metavar="COMMAND", help="Instead of the image's own.")
    ] = None,
    env: Annotated[
        list[str] | None,
        typer.Option(
            "--env", "-e", metavar="K[=V]", help="K alone: our value, which nobody else sees."
        ),
    ] = None,
    env_file: Annotated[
        list[str] | None,
        typer.Option("--env-file", metavar="FILE", help="Lines K=V or K; nobody else sees them."),
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", metavar="KEY=VALUE", help="A label.")
    ] = None,
    annotation: Annotated[
        list[str] | None,
        typer.Option("--annotation", metavar="KEY=VALUE", help="Of the spec (ctr 1.6.9)."),
    ] = None,
    mount: Annotated[
        list[str] | None,
        typer.Option("--mount", help="type=bind,src=/tmp,dst=/host,options=rbind:ro"),
    ] = None,
    cwd: Annotated[
        str | None, typer.Option("--cwd", metavar="DIR", help="Where its process starts.")
    ] = None,
    user: Annotated[
        str | None, typer.Option("--user", "-u", help="USER[:GROUP], names or numbers (ctr 1.7).")
    ] = None,
    hostname: Annotated[
        str | None, typer.Option("--hostname", help="Its host name (ctr 1.7).")
    ] = None,
    tty: Annotated[bool, typer.Option("--tty", "-t", help="Its process has a terminal.")] = False,
    net_host: Annotated[
        bool, typer.Option("--net-host", help="In the network of the host.")
    ] = False,
    with_ns: Annotated[
        list[str] | None,
        typer.Option("--with-ns", metavar="TYPE:PATH", help="Join an existing Linux namespace."),
    ] = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Its root file system is read-only.")
    ] = False,
    privileged: Annotated[
        bool, typer.Option("--privileged", help="All that root of the host may do.")
    ] = False,
    cap_add: Annotated[
        list[str] | None, typer.Option("--cap-add", help="NET_ADMIN or CAP_NET_ADMIN (ctr 1.6).")
    ] = None,
    cap_drop: Annotated[
        list[str] | None, typer.Option("--cap-drop", help="A capability less (ctr 1.6).")
    ] = None,
    allow_new_privs: Annotated[
        bool, typer.Option("--allow-new-privs", help="setuid programs work in it.")
    ] = False,
    seccomp: Annotated[
        bool, typer.Option("--seccomp", help="With containerd's default seccomp profile.")
    ] = False,
    seccomp_profile: Annotated[
        Path | None, typer.Option("--seccomp-profile", metavar="FILE", help="With this one.")
    ] = None,
    device: Annotated[
        list[str] | None, typer.Option("--device", metavar="PATH", help="A device of the host.")
    ] = None,
    memory_limit: Annotated[
        str | None, typer.Option("--memory-limit", metavar="BYTES", help="268435456, 256m, 2g.")
    ] = None,
    cpus: Annotated[
        float | None, typer.Option("--cpus", metavar="N", help="So many processors: 1.5.")
    ] = None,
    cpu_quota: Annotated[
        int | None, typer.Option("--cpu-quota", metavar="US", help="Microseconds of a period.")
    ] = None,
    cpu_period: Annotated[
        int | None, typer.Option("--cpu-period", metavar="US", help="Microseconds.")
    ] = None,
    snapshotter: Annotated[
        str | None, typer.Option("--snapshotter", metavar="NAME", help="Not the default one.")
    ] = None,
    rootfs: Annotated[
        bool, typer.Option("--rootfs", help="IMAGE is a folder: the root file system itself.")
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="FILE", help="The OCI spec, instead of an image."),
    ] = None,
    runtime: Annotated[
        str | None, typer.Option("--runtime", metavar="NAME", help="io.containerd.runc.v2, ...")
    ] = None,
    runtime_config_path: Annotated[
        Path | None, typer.Option("--runtime-config-path", metavar="FILE", help="For the runtime.")
    ] = None,
    runc_binary: Annotated[
        str | None, typer.Option("--runc-binary", metavar="PROGRAM", help="Its runc (ctr 2.0).")
    ] = None,
    runc_root: Annotated[
        Path | None, typer.Option("--runc-root", metavar="DIR", help="runc's state (ctr 2.0).")
    ] = None,
    create_namespace: CreateNamespace = False,
) -> None:
    """Make a container, without starting it: `kuke-ctr tasks start` does that.

    Runs `ctr containers create [FLAG]... -- IMAGE CONTAINER [COMMAND]...`. Options end at IMAGE:
    what follows is the container's. A flag of ctr's that is not listed here goes with
    `--extra=--gpus --extra=0`. Where it fails, no snapshot is left behind.
    """
    require_absolute(cwd)
    limits = _cpu_flags(cpus, cpu_quota, cpu_period)
    memory = memory_in_bytes(memory_limit) if memory_limit is not None else None
    environment = environment_of(env or [], env_file or [], os.environ)
    of_spec = flags(
        annotation=_pairs(annotation),
        mount=mount,
        cwd=cwd,
        user=user,
        hostname=hostname,
        tty=tty,
        net_host=net_host,
        with_ns=with_ns,
        read_only=read_only,
        privileged=privileged,
        cap_add=[*map(capability_of, cap_add or ())],
        cap_drop=[*map(capability_of, cap_drop or ())],
        allow_new_privs=allow_new_privs,
        seccomp=seccomp or seccomp_profile is not None,
        seccomp_profile=seccomp_profile,
        device=device,
        memory_limit=memory,
        snapshotter=snapshotter,
        rootfs=rootfs,
    )
    of_container = flags(
        config=config,
        label=checked_labels(label or ()),
        runtime=runtime,
        runtime_config_path=_absolute(runtime_config_path),
        runc_binary=runc_binary,
        runc_root=_absolute(runc_root),
    )
    chosen = (*environment.flags, *of_spec, *limits, *of_container, *extra_flags(session))
    if config is not None:
        _refuse_ignored((*environment.flags, *of_spec, *limits))
    if rootfs and snapshotter is not None:
        raise UsageError(
            "--snapshotter means nothing with --rootfs: there is no snapshot", hint="leave it out"
        )
    given = _positionals(image, name, command or (), with_config=config is not None)
    made = given[0 if config is not None else 1]
    realm = session.realm(changing=True, create=create_namespace)
    for word in chosen:
        versions.require(session.ctr, "containers", "create", word)

    from_image = [image] if config is None and not rootfs else []
    with near_refs(realm, from_image):
        make(realm.scope, made, chosen, given)
    if not session.options.dry_run:
        print(made)


def _positionals(
    image: str, name: str | None, command: Sequence[str], *, with_config: bool
) -> tuple[str, ...]:
    """ctr's positionals: the id alone with --config, else image, id and command; UsageError."""
    # containerd checks the id too, but only when it has made the snapshot
    if with_config:
        if name is not None:
            raise UsageError(
                "with --config the container's id alone is given",
                hint="the command is in the spec, and there is no image",
            )
        return (check_name(image, "container"),)
    if name is None:
        raise UsageError(
            "an image and an id for the container are needed",
            hint=f"kuke-ctr containers create {image} web sleep 3600",
        )
    if command[:1] == ["--"]:  # as docker and kubectl have it; ctr would take it for the program
        command = command[1:]
    return (image, check_name(name, "container"), *command)


def _absolute(path: Path | None) -> Path | None:
    """A path that the shim opens, which runs in another folder."""
    return path.absolute() if path is not None else None


def _pairs(given: Sequence[str] | None) -> list[str]:
    for pair in given or ():
        name, equals, _ = pair.partition("=")
        if not (name and equals):
            raise UsageError(f"{pair!r} is no annotation", hint="annotations are KEY=VALUE")
    return list(given or ())


def _cpu_flags(cpus: float | None, quota: int | None, period: int | None) -> tuple[str, ...]:
    """`create` of ctr has no --cpus, `run` has: this is what it means there."""
    if cpus is None:
        return flags(cpu_quota=quota, cpu_period=period)
    if quota is not None or period is not None:
        raise UsageError(
            "--cpus and --cpu-quota or --cpu-period exclude each other", hint="--cpus sets both"
        )
    return flags(cpu_quota=quota_of(cpus), cpu_period=PERIOD)


def _refuse_ignored(words: Sequence[str]) -> None:
    ignored = [word for word in words if word.startswith("--") and word not in _WITH_CONFIG]
    if ignored:
        raise UsageError(
            f"with --config the spec decides alone: ctr ignores {', '.join(ignored)}",
            hint="write it into the spec (`ctr oci spec` prints one to start from)",
        )
