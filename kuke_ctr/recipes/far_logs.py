"""The log of a container on another host: which file it is, and `tail` there prints it."""

import stat
from collections.abc import Iterator
from pathlib import Path

from kuke_ctr.backends.ctr import containers
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import Forbidden, FoundWrong, KukeCtrError
from kuke_ctr.kukeon.cells import TTY, find_container
from kuke_ctr.kukeon.host import Host
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.parse.container_info import LOGS
from kuke_ctr.processes.calls import Call

_OPENED = """\
cd -P -- "$1" && [ -f "$2" ] && exec <"$2" &&
[ "$(readlink /proc/self/fd/0)" = "$(pwd -P)/$2" ] || { echo "$1/$2 was not read: it is a link" >&2
exit 1; }; shift 2; exec "$@\""""
"""A program on a far host whose stdin is a file that no link stands for."""


def far_log(host: Host, realm: Resolution, container: str) -> Path:
    """The file with the output of a container, a path of its host.

    By the record of its cell, or as `containers info` names it. Raises NotFound for a container
    that there is not, FoundWrong where no file is known, Forbidden for a link: somebody in the
    container may have put it there.
    """
    run_path = host.settings.run_path
    cell = find_container(run_path, realm, container)
    for path in cell.outputs() if cell is not None else ():
        if _is_regular(path, run_path):
            return path
    info = containers.facts(Scope(host.ctr, realm.namespace), container)
    own = info.own_log(LOGS / realm.namespace)
    if own is not None:
        path = type(run_path)(str(own))
        if _is_regular(path, type(run_path)(str(LOGS))):
            return path
    raise FoundWrong(
        f"no file with the output of {container} is known on {host.ctr.far}",
        hint="the processes there are not looked at through ssh; kuke-ctr on that host does",
    )


def call_for(host: Host, path: Path, lines: int | None, *, following: bool) -> Call:
    """What prints the last lines or all (None), and with `following` what comes, without an end.

    What is in kuketty's folder is the container's to replace at any time: there the file is opened
    once, and it must be the one that has the name.
    """
    count = ("-n", "+1" if lines is None else str(lines))
    if path.parent.name == TTY:
        tail = ("tail", *count, *(["-f"] if following else []))
        argv = ("sh", "-c", _OPENED, "sh", str(path.parent), path.name, *tail)
    else:
        argv = ("tail", *count, *(["-F"] if following else []), "--", str(path))
    timeout = host.ctr.change_timeout if following else host.ctr.timeout
    return Call(argv, timeout=timeout, probe=True, far=host.ctr.far)


def blocks(host: Host, call: Call) -> Iterator[bytes]:
    """What it prints, as it comes."""
    result = yield from host.ctr.processes.stream(call)
    if result.exit_code != 0:
        said = result.stderr.decode(errors="replace").strip()
        raise KukeCtrError(said or "tail failed", command=call.argv)


def _is_regular(path: Path, base: Path) -> bool:
    """Whether a file is there, and nothing between it and `base` is a link."""
    try:
        found = [each.lstat().st_mode for each in (path, *path.parents) if base in each.parents]
    except PermissionError:
        raise Forbidden(
            f"permission denied reading {path}", hint="connect as a user who may"
        ) from None
    except OSError:
        return False
    if any(map(stat.S_ISLNK, found)):
        raise Forbidden(f"{path} is a symbolic link, or reached through one; it was not read")
    return stat.S_ISREG(found[0])
