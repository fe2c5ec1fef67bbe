"""kuke-ctr's own settings files: the nearest one that sets a value decides, one value at a time."""

import os
import pwd
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Self

from kuke_ctr.errors import Forbidden, UsageError
from kuke_ctr.kukeon.files import named
from kuke_ctr.kukeon.first_files import OWN_TEXTS, OwnSettings, read

SYSTEM_SETTINGS = Path("/etc/kuke-ctr/config.yaml")
VARIABLE = "KUKE_CTR_CONFIG"
_ROOT = 0


PathOf = Callable[[str], Path]
"""Makes the path of a host of a text."""


class Own(NamedTuple):
    """The values, and the file that gave each: `{"run_path": ..., "realms.main": ...}`.

    `files` are those that were looked for, and whether each was read.
    """

    values: OwnSettings = OwnSettings()
    origins: Mapping[str, str] = {}
    files: tuple[tuple[str, bool], ...] = ()

    def origin(self, key: str) -> str:
        """For messages: `/etc/kuke-ctr/config.yaml: run_path`."""
        return f"{self.origins.get(key, '')}: {key}"

    @property
    def of_no_host(self) -> Self:
        """The values that hold for another host, too: not where things are on this one."""
        here = ("address", "run_path", "ctr")
        values = self.values._replace(address="", run_path="", ctr="")
        origins = {key: file for key, file in self.origins.items() if key not in here}
        return self._replace(values=values, origins=origins)


def own_settings(environ: Mapping[str, str], warnings: list[str]) -> Own:
    """What the settings files say; what is wrong in one is an error: ours to explain.

    UsageError; Forbidden for root where others could have written the file. One that may not be
    read is a warning.
    """
    named = named_file(VARIABLE, environ)
    files: dict[str, bool] = {}
    texts: dict[str, str] = {}
    realms: dict[str, str] = {}
    origins: dict[str, str] = {}
    for path in dict.fromkeys(_places(environ) if named is None else named):
        found = _read(path, environ, warnings)
        files[str(path)] = found is not None
        if found is None:
            continue
        for key in OWN_TEXTS:
            value = getattr(found, key)
            if value and key not in texts:
                texts[key], origins[key] = value, str(path)
        for name, namespace in found.realms.items():
            if name not in realms:
                realms[name], origins[f"realms.{name}"] = namespace, str(path)
    return Own(OwnSettings(**texts, realms=realms), origins, tuple(files.items()))


def _places(environ: Mapping[str, str]) -> Iterator[Path]:
    config = environ.get("XDG_CONFIG_HOME")
    if config:
        yield Path(config) / "kuke-ctr/config.yaml"
    for home in homes(environ):
        yield home / ".config/kuke-ctr/config.yaml"
    yield SYSTEM_SETTINGS


def homes(environ: Mapping[str, str], path_of: PathOf = Path) -> Iterator[Path]:
    """Our user's home, and under sudo that of the user who called it."""
    if environ.get("HOME"):
        yield path_of(environ["HOME"])
    caller = environ.get("SUDO_USER")
    if caller:
        try:
            yield Path(pwd.getpwnam(caller).pw_dir)
        except KeyError:
            return


def named_file(
    variable: str, environ: Mapping[str, str], path_of: PathOf = Path
) -> list[Path] | None:
    """The file that a variable names; none for /dev/null. None where it says nothing."""
    named = environ.get(variable)
    if not named:
        return None
    if named == os.devnull:
        return []
    must_be_there(path_of(named), variable)
    return [path_of(named)]


def must_be_there(path: Path, source: str, *, folder: bool = False) -> None:
    """Raise UsageError where a path that somebody named is not there; unknown is good enough."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{source}: {named(path)} does not exist", hint="check the path") from None
    except OSError:
        return
    if folder and not stat.S_ISDIR(mode):
        raise UsageError(f"{source}: {named(path)} is not a directory")


def _read(path: Path, environ: Mapping[str, str], warnings: list[str]) -> OwnSettings | None:
    if os.geteuid() == _ROOT:
        _refuse_others(path, environ)
    try:
        return read(path, OwnSettings)
    except Forbidden as error:
        warnings.append(error.message)
        return None
    except UsageError as error:
        if VARIABLE not in environ:
            raise
        raise error.but(message=f"{error.message} ({VARIABLE})") from None


def _refuse_others(path: Path, environ: Mapping[str, str]) -> None:
    """Raise Forbidden where others than root, and who called sudo, could have written the file.

    It names the ctr that root would run, and the realms that it would change.
    """
    caller = environ.get("SUDO_UID", "")
    trusted = {_ROOT, int(caller)} if caller.isascii() and caller.isdigit() else {_ROOT}
    real = Path(os.path.realpath(path))
    try:
        checked = [(each, each.stat()) for each in (real, real.parent)]
    except OSError:  # it is not there
        return
    if not stat.S_ISREG(checked[0][1].st_mode):  # nothing but a regular file is read
        return
    for each, found in checked:
        if found.st_uid not in trusted:
            what, mend = "belongs to another user", f"`chown root {each}`"
        elif _others_write(found, trusted):
            what, mend = "may be written by others", f"`chmod go-w {each}`"
        else:
            continue
        raise Forbidden(
            f"{each} {what}, so root does not use the settings in {path}",
            hint=f"{mend} mends it; `{VARIABLE}=/dev/null` goes without the file",
        )


def _others_write(found: os.stat_result, trusted: set[int]) -> bool:
    """Whether others can write to a file, or rename what is in a folder; a user's own group may."""
    everybody = found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX
    group = found.st_mode & stat.S_IWGRP and found.st_gid not in {found.st_uid, *trusted}
    return bool(everybody or group)
