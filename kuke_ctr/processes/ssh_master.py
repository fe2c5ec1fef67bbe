"""One connection for all calls of a command to a far host, where the user's ssh has none.

ssh's own ControlMaster: it connects once, may ask at the terminal for a password or about a host
key, and every call goes through its socket. For that it is in our process group, where it ignores
Ctrl-C and what else is meant for us: the process there has to get that. It dies with us, by HUP: so
ssh takes its socket away. Nothing stays but an empty folder that only this user may look into.
"""

import atexit
import os
import re
import signal
import stat
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.child import Child, wait_for_one
from kuke_ctr.processes.child_setup import end_of_a_keeper, interrupts_held
from kuke_ctr.processes.descriptors import close_all, content_of, nameless_file
from kuke_ctr.processes.door import answer_of, start
from kuke_ctr.processes.far import ASKS_NOBODY, QUIETLY, Far
from kuke_ctr.processes.preflight import find_ssh
from kuke_ctr.processes.ssh_failures import unreachable

_CONNECT_SECONDS = 10
"""For a host that does not answer, where ~/.ssh/config has no ConnectTimeout."""

_ALIVE_SECONDS = 15
"""How often a silent connection is tried, where ~/.ssh/config has no ServerAliveInterval."""

_LOOK_SECONDS = 0.004
_ASK_SECONDS = 10.0
_LONGEST_PATH = 85
"""Bytes of a socket's path; ssh adds 17 to it while it makes the socket."""

_numbers = count(1)
_masters: dict[Far, "_Master | None"] = {}


def options_for(
    far: Far, program: str, command: Sequence[str], limit: float | None = None
) -> tuple[str, ...]:
    """The options of an ssh that runs one call on this host; connects where nobody has.

    `command` is what shall run, for errors, `limit` the seconds that it may take. Raises
    Unreachable, and KeyboardInterrupt from a question at the terminal.
    """
    if far not in _masters:
        _masters[far] = None
        config = _config_of(far, program)
        if not _is_shared(far, program, config):
            seconds = min(_CONNECT_SECONDS, max(1, int(limit or _CONNECT_SECONDS)))
            _masters[far] = _connected(far, program, config, tuple(command), seconds)
    master = _masters[far]
    if master is None:
        return (*QUIETLY, *ASKS_NOBODY, "-o", "ControlMaster=no")
    return (*QUIETLY, *ASKS_NOBODY, *master.socket_options("no"))


def is_lost(far: Far) -> bool:
    """Whether the connection to a host has ended, be it ours or one that the user has.

    ssh is asked: a call sees the end of its connection before we see that of the process.
    """
    program = find_ssh(far.words)
    master = _masters.get(far)
    if master is not None:
        return master.child.ended() or not _answers(far, program, master.socket_options("no"))
    return not _is_shared(far, program, _config_of(far, program))


def hang_up() -> None:
    """End all connections that we made."""
    for master in _masters.values():
        if master is not None:
            master.end()
    _masters.clear()


class _Master:
    """A running ssh whose socket other ssh's use."""

    def __init__(self, socket: Path, child: Child, errors: int) -> None:
        self.socket = socket
        self.child = child
        self.errors = errors

    def socket_options(self, master: str) -> tuple[str, ...]:
        return _socket_options(self.socket, master)

    def end(self) -> None:
        if not self.child.ended():
            os.kill(self.child.pid, end_of_a_keeper())
            wait_for_one([self.child], time.monotonic() + 1)
            if not self.child.ended():
                os.kill(self.child.pid, signal.SIGKILL)
                wait_for_one([self.child], time.monotonic() + 1)
                self.child.ended()
        close_all(self.errors)
        self.errors = -1
        self.socket.unlink(missing_ok=True)


def _socket_options(socket: Path, master: str) -> tuple[str, ...]:
    path = str(socket).replace("%", "%%")
    return ("-o", f"ControlMaster={master}", "-o", f"ControlPath={path}")


def _config_of(far: Far, program: str) -> dict[str, str]:
    """What ~/.ssh/config says of the host (`ssh -G`), as far as it matters here."""
    call = Call(("ssh", "-T", "-G", *far.place), timeout=_ASK_SECONDS)
    said = answer_of(call, program, _ASK_SECONDS).stdout.decode(errors="replace")
    return dict(re.findall(r"^(\w+) (.+)$", said, re.MULTILINE))


def _is_shared(far: Far, program: str, config: dict[str, str]) -> bool:
    """Whether the user has a connection to this host that calls may share."""
    path = config.get("controlpath", "none")
    if path == "none" or not os.path.exists(path):  # noqa: PTH110
        return False
    return _answers(far, program)


def _answers(far: Far, program: str, options: Sequence[str] = ()) -> bool:
    """Whether there is a connection behind the socket."""
    call = Call(("ssh", *options, "-O", "check", *far.place), timeout=_ASK_SECONDS)
    return answer_of(call, program, _ASK_SECONDS).exit_code == 0


def _connected(
    far: Far, program: str, config: dict[str, str], command: tuple[str, ...], seconds: int
) -> _Master | None:
    """A connection of our own; None where there is no folder for its socket."""
    folder = _folder()
    if folder is None:
        return None
    socket = folder / f"{os.getpid()}-{next(_numbers)}"
    usual = {
        "ConnectTimeout": (config.get("connecttimeout"), "none", seconds),
        "ServerAliveInterval": (config.get("serveraliveinterval"), "0", _ALIVE_SECONDS),
    }
    more = [
        f"-o{name}={ours}"
        for name, (theirs, unset, ours) in usual.items()
        if theirs in (None, unset)
    ]
    options = (*QUIETLY, *_socket_options(socket, "yes"), "-o", "ControlPersist=no", *more, "-N")
    call = Call(("ssh", *options, *far.place), timeout=None)
    errors, nothing = nameless_file(), os.open(os.devnull, os.O_RDWR)
    try:
        with interrupts_held() as blocked:
            child = start(call, program, (nothing, nothing, errors), blocked, at_terminal=True)
            master = _Master(socket, child, errors)
            atexit.register(master.end)
    except BaseException:
        close_all(errors)
        raise
    finally:
        os.close(nothing)
    _wait_for(master, far, command)
    return master


def _wait_for(master: _Master, far: Far, command: tuple[str, ...]) -> None:
    """Until it has its socket: then somebody has answered whatever ssh asked."""
    try:
        while not master.socket.exists():
            if master.child.ended():
                raise unreachable(far, content_of(master.errors), command)
            wait_for_one([master.child], time.monotonic() + _LOOK_SECONDS)
    except BaseException:
        master.end()
        _masters.pop(far, None)
        raise


def _folder() -> Path | None:
    """A folder for sockets that only this user may look into; None where others have taken it."""
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp")  # noqa: S108 (checked below)
    folder = base / f"kuke-ctr-{os.geteuid()}"
    try:
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
    except OSError:
        return None
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    if not ours or found.st_mode & 0o077 or len(os.fsencode(folder)) > _LONGEST_PATH - 10:
        return None
    for left in folder.iterdir():  # by a connection that was killed
        pid = left.name.partition("-")[0]
        if pid.isdecimal() and not Path("/proc", pid).exists():
            left.unlink(missing_ok=True)
    return folder
