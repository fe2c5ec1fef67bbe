"""What holds for this invocation: a flag, else the environment, else a file, else the default."""

import os
import pwd
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from kuke_ctr.errors import Forbidden, KukeCtrError, UsageError
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
    None where nobody knows it (a ctr of several words, an address that is no path). `realms` gives
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
    own = _own_file(environ, warnings)
    kuke = _kuke_file(environ, warnings)
    run_path = _first(
        flags.run_path,
        environ.get("KUKEON_RUN_PATH"),
        own.run_path,
        kuke.run_path,
        DEFAULT_RUN_PATH,
    )
    address = _first(
        flags.address,
        environ.get("CONTAINERD_ADDRESS"),
        environ.get("KUKEON_CONTAINERD_SOCKET"),
        own.address,
        kuke.socket,
    )
    if address is not None:
        address = address.removeprefix("unix://")  # ctr takes a path only
    words = _program(_first(flags.ctr, environ.get("KUKE_CTR_BIN"), own.ctr, "ctr"))
    suffix, suffix_source = _suffix(environ, kuke, warnings)
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


def _realm(flags: Flags, environ: Mapping[str, str], own: OwnSettings) -> str:
    if flags.realm is not None:  # an empty one is a mistake, not a wish for the default
        return flags.realm
    return _first(environ.get("KUKE_CTR_REALM"), own.realm, "default") or "default"


def _socket(address: str | None, words: tuple[str, ...]) -> str | None:
    if address is None:
        return DEFAULT_SOCKET if len(words) == 1 else None
    return address if address.startswith("/") else None


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


def _own_file(environ: Mapping[str, str], warnings: list[str]) -> OwnSettings:
    """kuke-ctr's settings file; what is wrong in it is an error, for it is ours to explain."""
    named = environ.get("KUKE_CTR_CONFIG")
    if named:
        paths = [Path(named)]
    else:
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
        if found is not None:
            return found
    return OwnSettings.model_construct()  # no schema is built for what is not there


def _kuke_file(environ: Mapping[str, str], warnings: list[str]) -> KukeonSettings:
    """Kukeon's client settings; what is wrong in them is a warning, for they are not ours."""
    named = environ.get("KUKE_CONFIGURATION")
    paths = [Path(named)] if named else [home / ".kuke/kuke.yaml" for home in _homes(environ)]
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
    environ: Mapping[str, str], kuke: KukeonSettings, warnings: list[str]
) -> tuple[str, str]:
    for value, source in (
        (environ.get("KUKEON_NAMESPACE_SUFFIX"), "KUKEON_NAMESPACE_SUFFIX"),
        (kuke.suffix, "kuke.yaml"),
        (_foreign([DAEMON_SETTINGS], warnings).suffix, str(DAEMON_SETTINGS)),
    ):
        if value:
            return value, source
    return DEFAULT_SUFFIX, "the default"
