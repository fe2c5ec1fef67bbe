"""What holds for this invocation: a flag, else the environment, else a file, else the default."""

import os
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from kuke_ctr.backends.choice import Backend
from kuke_ctr.errors import Forbidden, KukeCtrError, UsageError
from kuke_ctr.kukeon.addresses import ADDRESS_OPTION, checked_address
from kuke_ctr.kukeon.files import is_there, who_may
from kuke_ctr.kukeon.first_files import KukeonSettings, read
from kuke_ctr.kukeon.own_settings import (
    Own,
    PathOf,
    homes,
    must_be_there,
    named_file,
    own_settings,
)
from kuke_ctr.processes.far import Far

DEFAULT_RUN_PATH = "/opt/kukeon"
DEFAULT_SOCKET = "/run/containerd/containerd.sock"
DEFAULT_SUFFIX = "kukeon.io"
THE_DEFAULT = "the default"
KUKE_YAML = "kuke.yaml"
DAEMON_SETTINGS = Path("/etc/kukeon/kukeond.yaml")


class Flags(NamedTuple):
    """What the command line said; None where it said nothing."""

    realm: str | None = None
    address: str | None = None
    run_path: str | None = None
    ctr: str | None = None
    backend: str | None = None
    nerdctl: str | None = None
    host: str | None = None


class Settings(NamedTuple):
    """What holds for this invocation.

    `address` becomes `-a`, None where nobody gave one. `socket` is the path to try before a call,
    None where nobody knows it (a ctr of several words), empty where it is on another host.
    `realms` gives the namespaces that the settings file names, `suffix` that of Kukeon's own
    layout. Each `..._source` says for a person who gave it.

    `own` is what our own files say. `daemon_file` is kukeond.yaml where this host has one. `unread`
    says of Kukeon's files that they may not be read: what they would decide is known from
    elsewhere, or there is a warning. `far` is the host that is meant, None for this one.
    """

    run_path: Path
    realm: str
    address: str | None
    socket: str | None
    ctr: tuple[str, ...]
    suffix: str
    suffix_source: str
    realms: Mapping[str, str] = {}
    warnings: tuple[str, ...] = ()
    run_path_source: str = THE_DEFAULT
    socket_source: str = THE_DEFAULT
    daemon_file: Path | None = None
    unread: tuple[str, ...] = ()
    realm_source: str = THE_DEFAULT
    ctr_source: str = THE_DEFAULT
    backend: Backend = Backend.AUTO
    backend_source: str = THE_DEFAULT
    nerdctl: str = "nerdctl"
    nerdctl_source: str = THE_DEFAULT
    own: Own = Own()
    far: Far | None = None
    far_source: str = THE_DEFAULT


class Side(NamedTuple):
    """A host: its variables, and what makes a path of it; `run_path` also looks into it."""

    environ: Mapping[str, str]
    path: PathOf = Path
    run_path: PathOf = Path


LOCAL = "local"
"""The value of --host that means this host."""


def load(
    flags: Flags,
    environ: Mapping[str, str] = os.environ,
    side_of: Callable[[Far], Side] | None = None,
) -> Settings:
    """The settings; UsageError for a value or a settings file that can't be right.

    `side_of` looks at a far host: its own files and variables say where things are there, not
    those of this one. Without it --host does not count.
    """
    warnings: list[str] = []
    unread: list[str] = []
    own = own_settings(environ, warnings)
    backend, backend_source = _chosen(
        "backend", ("--backend", flags.backend), "KUKE_CTR_BACKEND", environ, own
    )
    nerdctl, nerdctl_source = _chosen(
        "nerdctl", ("--nerdctl", flags.nerdctl), "KUKE_CTR_NERDCTL", environ, own
    )
    realm, realm_source = _chosen("realm", ("--realm", flags.realm), "KUKE_CTR_REALM", environ, own)
    side, far, far_source = Side(environ), None, THE_DEFAULT
    if side_of is not None:
        far, far_source = _far(flags, environ, own)
        if far is not None:
            backend, backend_source = _of_far(flags), THE_DEFAULT
            own, side = own.of_no_host, side_of(far)
    kuke = _kuke_file(side, warnings, unread)
    daemon_file = side.path(str(DAEMON_SETTINGS))
    daemon = _foreign([daemon_file], warnings, unread)
    run_path, run_path_source = _run_path(flags, side, own) or _run_path_of(kuke, daemon)
    address, socket_source = _address(flags, side.environ, own) or _socket_of(kuke, daemon)
    program, ctr_source = _chosen("ctr", ("--ctr", flags.ctr), "KUKE_CTR_BIN", side.environ, own)
    words = program_words(program or "ctr")
    suffix, suffix_source = _suffix(side.environ, kuke, daemon)
    found = Settings(
        run_path=side.run_path(run_path or DEFAULT_RUN_PATH),
        realm="default" if realm is None else realm,
        address=address,
        socket=_socket(address, words) if far is None else "",
        ctr=words,
        suffix=suffix,
        suffix_source=suffix_source,
        realms=own.values.realms,
        run_path_source=run_path_source,
        socket_source=socket_source,
        daemon_file=daemon_file if is_there(daemon_file) else None,
        unread=tuple(unread),
        realm_source=realm_source,
        ctr_source=ctr_source,
        backend=_backend(backend, backend_source),
        backend_source=backend_source,
        nerdctl=nerdctl or "nerdctl",
        nerdctl_source=nerdctl_source,
        own=own,
        far=far,
        far_source=far_source,
    )
    return found._replace(warnings=(*warnings, *_may_be_others(found, side.path)))


def _far(flags: Flags, environ: Mapping[str, str], own: Own) -> tuple[Far | None, str]:
    host, source = _chosen("host", ("--host", flags.host), "KUKE_CTR_HOST", environ, own)
    return (None if host in (None, LOCAL) else Far.parse(host or "", source)), source


def _may_be_others(found: Settings, path: PathOf) -> list[str]:
    """A warning where a file that may not be read could name another run path or socket.

    What is in use is Kukeon's: then nobody has chosen another. The suffix has its own warning, in
    the commands that need one.
    """
    if not found.unread:
        return []
    facts = []
    if found.run_path_source == THE_DEFAULT and not _is_kukeons(found.run_path):
        facts.append(f"Kukeon's run path ({found.run_path} is not in use)")
    default = found.socket if found.socket_source == THE_DEFAULT else None
    if default and not is_there(path(default)):
        facts.append(f"containerd's socket ({found.socket} does not exist)")
    named, whom = " and ".join(facts), who_may(found.run_path)
    return [f"{found.unread[0]}, which may name {named}; {whom}"] if facts else []


def _is_kukeons(run_path: Path) -> bool:
    """Whether Kukeon keeps something there; a folder that may not be looked into is in use."""
    try:
        return any(True for _ in run_path.iterdir())
    except PermissionError:
        return True
    except OSError:
        return False


_Known = tuple[str | None, str]
"""A value, and who gave it."""


def _run_path(flags: Flags, side: Side, own: Own) -> _Known | None:
    """The run path that somebody chose; UsageError where that is no folder."""
    for path, source in (
        (flags.run_path, "--run-path"),
        (side.environ.get("KUKEON_RUN_PATH"), "KUKEON_RUN_PATH"),
        (own.values.run_path, own.origin("run_path")),
    ):
        if path:
            must_be_there(side.run_path(path), source, folder=True)
            return path, source
    return None


def _address(flags: Flags, environ: Mapping[str, str], own: Own) -> _Known | None:
    """The address that somebody chose; UsageError where that can't be one."""
    for text, source in (
        (flags.address, ADDRESS_OPTION),
        (environ.get("CONTAINERD_ADDRESS"), "CONTAINERD_ADDRESS"),
        (environ.get("KUKEON_CONTAINERD_SOCKET"), "KUKEON_CONTAINERD_SOCKET"),
        (own.values.address, own.origin("address")),
    ):
        if text:
            return checked_address(text, source), source
    return None


def _run_path_of(kuke: KukeonSettings, daemon: KukeonSettings) -> _Known:
    """That of Kukeon's files; kuke itself writes the default into its own: nobody's choice."""
    if kuke.run_path and Path(kuke.run_path) != Path(DEFAULT_RUN_PATH):
        return kuke.run_path, KUKE_YAML
    return daemon.run_path, str(DAEMON_SETTINGS) if daemon.run_path else THE_DEFAULT


def _socket_of(kuke: KukeonSettings, daemon: KukeonSettings) -> _Known:
    """The same of the socket; the default one would overrule a ctr that knows its own (k3s)."""
    for text, source in ((kuke.socket, KUKE_YAML), (daemon.socket, str(DAEMON_SETTINGS))):
        path = checked_address(text, f"{source}: spec.containerdSocket") if text else DEFAULT_SOCKET
        if path != DEFAULT_SOCKET:
            return path, source
    return None, str(DAEMON_SETTINGS) if daemon.socket else THE_DEFAULT


def _chosen(
    key: str, flag: tuple[str, str | None], variable: str, environ: Mapping[str, str], own: Own
) -> tuple[str | None, str]:
    """What somebody chose of a key, and who; a flag counts also where it is empty: a mistake."""
    name, value = flag
    if value is not None:
        return value, name
    if environ.get(variable):
        return environ[variable], variable
    chosen = getattr(own.values, key)
    return (chosen, own.origin(key)) if chosen else (None, THE_DEFAULT)


def _of_far(flags: Flags) -> str:
    """The backend on another host, which is ctr; UsageError where another one was asked for."""
    if flags.backend == Backend.NERDCTL:
        raise UsageError(
            "--backend nerdctl is not possible with --host", hint="ctr does the same: leave it out"
        )
    return Backend.CTR


def _backend(name: str | None, source: str) -> Backend:
    """The backend of that name; UsageError where there is none."""
    if name is not None and name not in list(Backend):
        raise UsageError(f"{source}: unknown backend {name!r}", hint=f"use {', '.join(Backend)}")
    return Backend(name) if name is not None else Backend.AUTO


def _socket(address: str | None, words: tuple[str, ...]) -> str | None:
    if address is None:
        return DEFAULT_SOCKET if len(words) == 1 else None
    return address


def program_words(text: str | None) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(text or ""))
    except ValueError:
        raise UsageError(
            f"the value {text!r} of --ctr (or KUKE_CTR_BIN) has a quote without an end"
        ) from None
    if not words:
        raise UsageError(
            "the value of --ctr (or KUKE_CTR_BIN) is empty", hint="for example: --ctr /usr/bin/ctr"
        )
    sudo = next((word for word in words if word.rpartition("/")[2] in ("sudo", "doas")), None)
    if sudo is not None:
        raise UsageError(
            f"{sudo} cannot stand before ctr: ctr would keep running after kuke-ctr was killed",
            hint="run kuke-ctr itself as root: add --sudo",
        )
    return words


def _kuke_file(side: Side, warnings: list[str], unread: list[str]) -> KukeonSettings:
    """Kukeon's client settings; what is wrong in them is a warning, for they are not ours."""
    paths = named_file("KUKE_CONFIGURATION", side.environ, side.path)
    if paths is not None:  # somebody wants it to be read
        return _foreign(paths, warnings, warnings)
    files = [home / ".kuke/kuke.yaml" for home in homes(side.environ, side.path)]
    return _foreign(files, warnings, unread)


def _foreign(paths: list[Path], warnings: list[str], unread: list[str]) -> KukeonSettings:
    for path in paths:
        try:
            found = read(path, KukeonSettings)
        except Forbidden as error:
            unread.append(error.message)
            continue
        except KukeCtrError as error:
            warnings.append(error.message)
            continue
        if found is not None:
            return found
    return KukeonSettings()


def _suffix(
    environ: Mapping[str, str], kuke: KukeonSettings, daemon: KukeonSettings
) -> tuple[str, str]:
    """The suffix and who gave it; the default one in kuke.yaml is nobody's choice."""
    kukes = kuke.suffix if kuke.suffix != DEFAULT_SUFFIX else None
    for value, source in (
        (environ.get("KUKEON_NAMESPACE_SUFFIX"), "KUKEON_NAMESPACE_SUFFIX"),
        (kukes, KUKE_YAML),
        (daemon.suffix, str(DAEMON_SETTINGS)),
    ):
        if value:
            return value, source
    return DEFAULT_SUFFIX, THE_DEFAULT
