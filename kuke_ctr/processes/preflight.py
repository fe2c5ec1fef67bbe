"""Looks before a start: is the program there, does a daemon listen; and why a start failed."""

import errno
import os
from collections.abc import Sequence

from kuke_ctr.errors import CtrFailed, CtrMissing, Forbidden, KukeCtrError
from kuke_ctr.processes.calls import mask
from kuke_ctr.processes.shell_words import shell_word

CONNECT_SECONDS = 0.2

OTHER_SOCKETS = {
    "/run/k3s/containerd/containerd.sock": "k3s's (or RKE2's)",
    "/var/snap/microk8s/common/run/containerd.sock": "MicroK8s's",
    "/run/docker/containerd/containerd.sock": "Docker's",
    "/var/run/docker/containerd/containerd.sock": "Docker's",
}
"""Where the containerds of other programs listen."""

OTHER_PROGRAMS = {
    "k3s": "k3s ctr",
    "microk8s": "microk8s ctr",
    "/var/lib/rancher/rke2/bin/ctr": "/var/lib/rancher/rke2/bin/ctr",
}
"""What brings a ctr of its own -> the value of --ctr for it."""


def find_program(argv: Sequence[str]) -> str:
    """The absolute path of argv's program; raises CtrMissing (127) or Forbidden (126)."""
    name = argv[0] if argv else ""
    found = _places_of(name)
    program = _executable(found)
    if program is not None:
        return program
    if not found:
        where = "does not exist" if "/" in name else "is not installed (not on PATH)"
        raise CtrMissing(
            f"{name or 'the program'} {where}",
            hint=_other_program()
            or f"install containerd (ctr comes with it), or name the program with --ctr{_also()}",
            command=mask(argv),
            ran=False,
        )
    what = "is a directory" if os.path.isdir(found[0]) else "is not executable"  # noqa: PTH112
    raise Forbidden(
        f"{found[0]} {what}", hint="name another program with --ctr", command=mask(argv), ran=False
    )


def is_installed(name: str) -> bool:
    """Whether there is a program of this name or path."""
    return _executable(_places_of(name)) is not None


def find_ssh(command: Sequence[str]) -> str:
    """The path of OpenSSH's client; CtrMissing (127) where this host has none.

    `command` is what it shall run, for the error.
    """
    program = _executable(_places_of("ssh"))
    if program is None:
        raise CtrMissing(
            "ssh is not installed on this host (not on PATH); --host needs it",
            hint="install OpenSSH's client (Debian: openssh-client)",
            command=command,
            ran=False,
        )
    return program


def _places_of(name: str) -> list[str]:
    """Where a program of this name is, in the order of PATH."""
    if "/" in name:
        candidates = [name]
    else:
        folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
        candidates = [os.path.join(folder or ".", name) for folder in folders]  # noqa: PTH118
    return [path for path in candidates if name and os.path.exists(path)]  # noqa: PTH110


def _executable(paths: Sequence[str]) -> str | None:
    for path in paths:
        if os.path.isfile(path) and os.access(path, os.X_OK):  # noqa: PTH113
            return os.path.abspath(path)  # noqa: PTH100 (links stay: a name may have a meaning)
    return None


def _other_program() -> str | None:
    """The ctr that another program brings along, where one is installed."""
    import shutil

    for program, words in OTHER_PROGRAMS.items():
        if shutil.which(program) is not None:
            return f"this host has a ctr of its own: --ctr {shell_word(words)} uses it"
    return None


def _also() -> str:
    other = _other_socket("")
    return f"; {other}" if other is not None else ""


def check_socket(path: str, argv: Sequence[str]) -> None:
    """Connect to containerd's socket, so that a dead daemon is known at once.

    Raises CtrFailed where nobody listens, Forbidden where we may not connect. A daemon that is too
    busy to accept is none of our business: ctr waits for it.
    """
    import socket

    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(CONNECT_SECONDS)
    try:
        client.connect(path)
    except PermissionError:
        raise Forbidden(
            f"no permission to use containerd's socket {path}",
            hint="run the same command with --sudo",
            command=mask(argv),
            ran=False,
        ) from None
    except (FileNotFoundError, NotADirectoryError):
        raise _no_daemon(path, "does not exist", argv) from None
    except ConnectionRefusedError:
        import stat

        is_socket = stat.S_ISSOCK(os.stat(path).st_mode)  # noqa: PTH116
        what = "exists, but containerd does not listen on it" if is_socket else "is not a socket"
        raise _no_daemon(path, what, argv) from None
    except OSError:  # busy, or a path that is too long for connect(2): ctr will tell
        pass
    finally:
        client.close()


def _no_daemon(path: str, what: str, argv: Sequence[str]) -> CtrFailed:
    return CtrFailed(
        f"containerd's socket {path} {what}",
        hint=_other_socket(path)
        or "is containerd running (`systemctl status containerd`)? --address names another socket",
        command=mask(argv),
        ran=False,
    )


def _other_socket(path: str) -> str | None:
    """The sockets of other containerds that are there, each with the line that uses it."""
    import stat

    found: dict[int, str] = {}
    for other, owner in OTHER_SOCKETS.items():
        try:
            state = os.stat(other)  # noqa: PTH116
        except OSError:
            continue
        if other != path and stat.S_ISSOCK(state.st_mode):
            found.setdefault(
                state.st_ino, f"{owner} containerd is here: `export CONTAINERD_ADDRESS={other}`"
            )
    if not found:
        return None
    return f"{'; '.join(found.values())} (or --address) uses it"


def not_started(argv: Sequence[str], program: str, number: int) -> KukeCtrError:
    """The error for a program that is there and that the kernel would not start."""
    reason = os.strerror(number) if number else "it could not be started"
    message = f"cannot execute {program}: {reason}"
    if number in (errno.EACCES, errno.EPERM, errno.ENOEXEC, errno.ENOENT):
        hint = "is it a program for this machine, and is its interpreter installed?"
        return Forbidden(message, hint=hint, command=mask(argv), ran=False)
    return CtrFailed(message, command=mask(argv), ran=False)
