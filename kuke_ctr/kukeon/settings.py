"""What holds for this invocation: a flag, else the environment, else a file, else the default."""

import os
import pwd
import shlex
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from kuke_ctr.errors import Forbidden, KukeCtrError, UsageError
from kuke_ctr.kukeon.addresses import ADDRESS_OPTION, checked_address
from kuke_ctr.kukeon.schemas import KukeonSettings, OwnSettings, read

DEFAULT_RUN_PATH = "/opt/kukeon"
DEFAULT_SOCKET = "/run/containerd/containerd.sock"
DEFAULT_SUFFIX = "kukeon.io"
SYSTEM_SETTINGS = Path("/etc/kuke-ctr/config.yaml")
DAEMON_SETTINGS = Path("/etc/kukeon/kukeond.yaml")


class Flags(NamedTuple):
    """What the command line said; None where it said nothing."""

    realm: str | None = None
    address: str | None = None
    run_path: str | None = None
    ctr: str | None = None


class Settings(NamedTuple):
    """What holds for this invocation.

    `address` becomes `-a`, None where nobody gave one. `socket` is the path to try before a call,
    None where nobody knows it (a ctr of several words). `realms` gives
    the namespaces that the settings file names, `suffix` that of Kukeon's own layout.
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


def load(flags: Flags, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings; UsageError for a value or a settings file that can't be right."""
    warnings: list[str] = []
    own, own_name = _own_file(environ, warnings)
    kuke = _kuke_file(environ, warnings)
    daemon = _foreign([DAEMON_SETTINGS], warnings)
    run_path = _run_path(flags, environ, own, own_name) or _run_path_of(kuke, daemon)
    address = _address(flags, environ, own, own_name) or _socket_of(kuke, daemon)
    words = _program(_first(flags.ctr, environ.get("KUKE_CTR_BIN"), own.ctr, "ctr"))
    suffix, suffix_source = _suffix(environ, kuke, daemon)
    return Settings(
        run_path=Path(run_path or DEFAULT_RUN_PATH),
        realm=_realm(flags, environ, own),
        address=address,
        socket=_socket(address, words),
        ctr=words,
        suffix=suffix,
        suffix_source=suffix_source,
        realms={name: realm.namespace for name, realm in (own.realms or {}).items()},
        warnings=tuple(warnings),
    )


def _first(*values: str | None) -> str | None:
    return next((value for value in values if value), None)


def _run_path(
    flags: Flags, environ: Mapping[str, str], own: OwnSettings, own_name: str
) -> str | None:
    """The run path that somebody chose; UsageError where that is no folder."""
    for path, source in (
        (flags.run_path, "--run-path"),
        (environ.get("KUKEON_RUN_PATH"), "KUKEON_RUN_PATH"),
        (own.run_path, f"{own_name}: run_path"),
    ):
        if path:
            _must_be_there(Path(path), source, folder=True)
            return path
    return None


def _must_be_there(path: Path, source: str, *, folder: bool = False) -> None:
    """Raise UsageError where a path that somebody named is not there; unknown is good enough."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{source}: {path} does not exist", hint="check the path") from None
    except OSError:
        return
    if folder and not stat.S_ISDIR(mode):
        raise UsageError(f"{source}: {path} is not a directory")


def _address(
    flags: Flags, environ: Mapping[str, str], own: OwnSettings, own_name: str
) -> str | None:
    """The address that somebody chose; UsageError where that can't be one."""
    for text, source in (
        (flags.address, ADDRESS_OPTION),
        (environ.get("CONTAINERD_ADDRESS"), "CONTAINERD_ADDRESS"),
        (environ.get("KUKEON_CONTAINERD_SOCKET"), "KUKEON_CONTAINERD_SOCKET"),
        (own.address, f"{own_name}: address"),
    ):
        if text:
            return checked_address(text, source)
    return None


def _run_path_of(kuke: KukeonSettings, daemon: KukeonSettings) -> str | None:
    """That of Kukeon's files; kuke itself writes the default into its own: nobody's choice."""
    kukes = kuke.run_path if kuke.run_path != DEFAULT_RUN_PATH else None
    return _first(kukes, daemon.run_path)


def _socket_of(kuke: KukeonSettings, daemon: KukeonSettings) -> str | None:
    """The same of the socket; the default one would overrule a ctr that knows its own (k3s)."""
    for text, source in ((kuke.socket, "kuke.yaml"), (daemon.socket, str(DAEMON_SETTINGS))):
        if text:
            path = checked_address(text, f"{source}: spec.containerdSocket")
            if path != DEFAULT_SOCKET:
                return path
    return None


def _realm(flags: Flags, environ: Mapping[str, str], own: OwnSettings) -> str:
    if flags.realm is not None:  # an empty one is a mistake, not a wish for the default
        return flags.realm
    return _first(environ.get("KUKE_CTR_REALM"), own.realm, "default") or "default"


def _socket(address: str | None, words: tuple[str, ...]) -> str | None:
    if address is None:
        return DEFAULT_SOCKET if len(words) == 1 else None
    return address


def _program(text: str | None) -> tuple[str, ...]:
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
            hint="run kuke-ctr itself with sudo: sudo kuke-ctr ...",
        )
    return words


def _homes(environ: Mapping[str, str]) -> Iterator[Path]:
    """Our user's home, and under sudo that of the user who called it."""
    if environ.get("HOME"):
        yield Path(environ["HOME"])
    caller = environ.get("SUDO_USER")
    if caller:
        try:
            yield Path(pwd.getpwnam(caller).pw_dir)
        except KeyError:
            return


def _own_file(environ: Mapping[str, str], warnings: list[str]) -> tuple[OwnSettings, str]:
    """kuke-ctr's settings file and its name; what is wrong in it is an error: ours to explain."""
    paths = _named("KUKE_CTR_CONFIG", environ)
    if paths is None:
        config = environ.get("XDG_CONFIG_HOME")
        paths = [Path(config) / "kuke-ctr/config.yaml"] if config else []
        paths += [home / ".config/kuke-ctr/config.yaml" for home in _homes(environ)]
        paths.append(SYSTEM_SETTINGS)
    for path in paths:
        try:
            found = read(path, OwnSettings)
        except Forbidden as error:
            warnings.append(error.message)
            continue
        except UsageError as error:
            if "KUKE_CTR_CONFIG" not in environ:
                raise
            raise error.but(message=f"{error.message} (KUKE_CTR_CONFIG)") from None
        if found is not None:
            return found, str(path)
    return OwnSettings.model_construct(), ""  # no schema is built for what is not there


def _named(variable: str, environ: Mapping[str, str]) -> list[Path] | None:
    """The file that a variable names; none for /dev/null. None where it says nothing."""
    named = environ.get(variable)
    if not named:
        return None
    if named == os.devnull:
        return []
    _must_be_there(Path(named), variable)
    return [Path(named)]


def _kuke_file(environ: Mapping[str, str], warnings: list[str]) -> KukeonSettings:
    """Kukeon's client settings; what is wrong in them is a warning, for they are not ours."""
    paths = _named("KUKE_CONFIGURATION", environ)
    if paths is None:
        paths = [home / ".kuke/kuke.yaml" for home in _homes(environ)]
    return _foreign(paths, warnings)


def _foreign(paths: list[Path], warnings: list[str]) -> KukeonSettings:
    for path in paths:
        try:
            found = read(path, KukeonSettings)
        except KukeCtrError as error:
            warnings.append(error.message)
            continue
        if found is not None:
            return found
    return KukeonSettings.model_construct()


def _suffix(
    environ: Mapping[str, str], kuke: KukeonSettings, daemon: KukeonSettings
) -> tuple[str, str]:
    for value, source in (
        (environ.get("KUKEON_NAMESPACE_SUFFIX"), "KUKEON_NAMESPACE_SUFFIX"),
        (kuke.suffix, "kuke.yaml"),
        (daemon.suffix, str(DAEMON_SETTINGS)),
    ):
        if value:
            return value, source
    return DEFAULT_SUFFIX, "the default"
