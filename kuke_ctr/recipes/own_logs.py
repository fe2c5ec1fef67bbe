"""The log file of our own `run -d`, on the host of its container: found, and removed with it."""

import os
import stat
from pathlib import Path

from kuke_ctr.backends.ctr import containers
from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.parse.container_info import LOGS, ContainerInfo
from kuke_ctr.processes.calls import Call, Result


def log_of(scope: Scope, info: ContainerInfo) -> Path | None:
    """The log file that goes with a container, where it is a file at a place for it.

    That is `<id>.log`, or `<id>-<12 digits>.log` where there was one of that name already, unless a
    container of that name has it. The label that names it is anybody's to write: nothing else that
    it says is followed. On another host `find` looks; the path is one of that host.
    """
    place = info.own_log(LOGS / scope.namespace)
    if place is None:
        return None
    if place.stem != info.id and place.stem in containers.names(scope):
        return None
    there = _is_file_here(place) if scope.ctr.far is None else _is_file_there(scope.ctr, place)
    return place if there else None


def remove_log(scope: Scope, name: str, log: Path) -> None:
    """Remove the log of a container that was removed; a notice where that fails, or is planned."""
    try:
        if scope.ctr.far is not None:
            _remove_there(scope.ctr, log)
        elif scope.ctr.processes.dry_run:
            scope.ctr.notice(f"its log file {log} would be removed too")
        else:
            log.unlink()
    except OSError as error:
        _not_removed(scope, name, log, error.strerror or "")
    except KukeCtrError as error:
        _not_removed(scope, name, log, error.message)


def _not_removed(scope: Scope, name: str, log: Path, why: str) -> None:
    scope.ctr.notice(f"{name} was removed, but not its log file {log}: {why}")


def _is_file_here(place: Path) -> bool:
    try:
        if Path(os.path.realpath(place.parent)) != place.parent:
            return False
        return stat.S_ISREG(place.lstat().st_mode)
    except OSError:
        return False


def _is_file_there(ctr: Ctr, place: Path) -> bool:
    """Whether its folder there is no link, and it is a file."""
    kinds = ("-maxdepth", "0", "(", "-type", "d", "-o", "-type", "f", ")")
    argv = ("find", str(LOGS), str(place.parent), str(place), *kinds)
    said = ctr.processes.run(Call(argv, timeout=ctr.timeout, probe=True, far=ctr.far))
    return said.stdout.decode(errors="replace").splitlines() == [*argv[1:4]]


def _remove_there(ctr: Ctr, log: Path) -> Result:
    argv = ("rm", "-f", "--", str(log))
    said = ctr.processes.run(Call(argv, timeout=ctr.timeout, far=ctr.far))
    if said.exit_code != 0:
        raise KukeCtrError(said.stderr.decode(errors="replace").strip() or "rm failed")
    return said
