"""Kukeon's daemon, kukeond: where its socket is, and whether somebody listens on it."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path

from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.schemas import Spec, read, within
from kuke_ctr.kukeon.settings import DAEMON_SETTINGS, DEFAULT_RUN_PATH, Settings

DEFAULT_SOCKET = Path("/run/kukeon/kukeond.sock")
_CONNECT_SECONDS = 0.5


class _DaemonSettings(Spec):
    """What kukeond.yaml says of the daemon's own socket."""

    own_socket: str | None = within("spec", "socket")
    run_path: str | None = within("spec", "runPath")


def socket_of(
    settings: Settings, environ: Mapping[str, str] = os.environ, file: Path = DAEMON_SETTINGS
) -> Path | None:
    """The socket of the daemon that keeps these records.

    None where that is not known: the daemon of another run path has another socket, and a
    kukeond.yaml that may not be read could name one.
    """
    try:
        found = read(file, _DaemonSettings)
    except KukeCtrError:
        return None
    chosen = environ.get("KUKEOND_SOCKET") or (found.own_socket if found is not None else None)
    daemons = found.run_path if found is not None else None
    if settings.run_path != Path(daemons or DEFAULT_RUN_PATH):
        return None
    path = Path((chosen or str(DEFAULT_SOCKET)).removeprefix("unix://"))
    return path if path.is_absolute() else None


def listens(path: Path) -> bool | None:
    """Whether somebody listens on a socket; None where this user may not know. Nothing is sent."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(_CONNECT_SECONDS)
        try:
            client.connect(str(path))
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            return False
        except OSError:
            return None
    return True
