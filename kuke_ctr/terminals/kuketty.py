"""The socket of kuketty, which holds the terminal of a Kukeon attachable container.

Each connection takes one JSON-RPC 1.0 request, a line of JSON, and answers with one object.
`Attach` and `Subscribe` pass a descriptor along: a socket that is the terminal itself.
"""

import json
import os
import socket
import stat
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kuke_ctr.errors import CtrFailed, Forbidden, KukeCtrError, NotFound, TimeLimit
from kuke_ctr.parse.json_text import read_json
from kuke_ctr.processes.calls import in_seconds
from kuke_ctr.processes.descriptors import close_all

ANSWER_LIMIT = 5.0
"""Seconds that kuketty may take to answer."""

_BLOCK = 65536
_DESCRIPTORS = 4
_RETRY_SECONDS = 0.01

Answer = tuple[object, int]
"""What the result was, and the descriptor that came along, or -1."""

WAY_OUT = (
    "`kuke-ctr logs ID` shows its output so far, `kuke-ctr exec -it ID sh` opens a new shell in it"
)
"""Part of every hint: who knows the container puts its name there."""


@dataclass(slots=True)
class Connection:
    """A terminal that kuketty has handed over: `descriptor` carries its bytes both ways.

    `greeting` is the screen as it was, where the bytes do not start with it.
    """

    path: Path
    descriptor: int
    takes_input: bool
    greeting: bytes = b""

    def resize(self, rows: int, columns: int) -> None:
        """Tell the size of the user's window; one that can't be told is no reason to end."""
        with suppress(KukeCtrError):
            _ask(self.path, "Resize", {"Cols": columns, "Rows": rows})

    def close(self) -> None:
        """Detach. The task goes on; closing the descriptor is enough for kuketty."""
        if self.descriptor >= 0:
            close_all(self.descriptor)
            self.descriptor = -1


def attach(path: Path, *, take_input: bool = True, full_capture: bool = False) -> Connection:
    """Attach to the terminal behind a socket (`Attach`), or only look (`Subscribe`).

    The screen as it is comes first; with `full_capture` all output so far. Raises NotFound (no
    socket), Forbidden (not in group kukeon), CtrFailed (nobody listens, or it said no) and
    TimeLimit, each with the way out as its hint.
    """
    asked: dict[str, object] = {"ClientID": f"kuke-ctr-{os.urandom(6).hex()}"}
    if take_input:
        asked |= {"FullCapture": full_capture, "ClearOnAttach": False}
    _, descriptor = _ask(path, "Attach" if take_input else "Subscribe", asked)
    if descriptor < 0:
        raise _failed(path, "answered without a terminal")
    if take_input:
        return Connection(path, descriptor, takes_input=True)
    seen = screen(path)  # those who only look get no repaint
    return Connection(path, descriptor, takes_input=False, greeting=seen.painted if seen else b"")


@dataclass(frozen=True, slots=True)
class Screenshot:
    """What is on the screen: its size, and the bytes that paint it on another one."""

    rows: int
    columns: int
    painted: bytes


def screen(path: Path) -> Screenshot | None:
    """The screen as it is (`Screenshot`); None from a kuketty that does not tell."""
    try:
        shot, _ = _ask(path, "Screenshot", {})
    except KukeCtrError:
        return None
    if not isinstance(shot, dict) or not isinstance(shot.get("ansi"), str):
        return None
    numbers = [shot.get(key) for key in ("rows", "cols", "cursorY", "cursorX")]
    rows, columns, y, x = (number if isinstance(number, int) else 0 for number in numbers)
    lines = shot["ansi"].rstrip("\n").split("\n")
    if shot.get("altScreen"):
        start, end = "\x1b[H\x1b[2J", f"\x1b[{y + 1};{x + 1}H"
    else:
        up = len(lines) - 1 - y
        start = ""
        end = (f"\x1b[{up}A" if up > 0 else "\r\n" * -up) + "\r" + (f"\x1b[{x}C" if x else "")
    painted = start + "\r\n".join(lines) + end
    return Screenshot(rows, columns, painted.encode(errors="replace"))


def _ask(path: Path, method: str, parameter: Mapping[str, object]) -> Answer:
    """One request on a connection of its own."""
    request = {"method": f"TerminalController.{method}", "params": [parameter], "id": 1}
    until = time.monotonic() + ANSWER_LIMIT
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        _connect(client, path, until)
        try:
            client.settimeout(ANSWER_LIMIT)
            client.sendall(json.dumps(request).encode() + b"\n")
            return _answer(client, path, until)
        except TimeoutError:
            raise _silent(path) from None
        except OSError as error:
            raise _failed(path, f"closed the connection: {error.strerror}") from None


def _connect(client: socket.socket, path: Path, until: float) -> None:
    found = -1
    client.settimeout(0)
    try:
        # the container's root owns the folder, and a link there may lead to anybody's socket
        found = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
        if not stat.S_ISSOCK(os.fstat(found).st_mode):
            said = (
                f"{path} is not a socket; it was not used, because somebody in the container may "
                "have put it there"
            )
            raise Forbidden(said, hint=WAY_OUT)
        address = f"/proc/self/fd/{found}"  # of any length, and the very one that was looked at
        while not _connected(client, address):
            if time.monotonic() > until:
                raise _silent(path)
            time.sleep(_RETRY_SECONDS)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(
            f"kuketty's socket {path} does not exist, so its terminal is gone", hint=WAY_OUT
        ) from None
    except PermissionError:
        raise Forbidden(
            f"permission denied using kuketty's socket {path}",
            hint="only root and the group kukeon may use it; run the same command with sudo, "
            f"or: {WAY_OUT}",
        ) from None
    except ConnectionRefusedError:
        raise _failed(path, "has no kuketty listening") from None
    except OSError as error:
        raise _failed(path, f"cannot be connected to: {error.strerror}") from None
    finally:
        close_all(found)


def _connected(client: socket.socket, address: str) -> bool:
    """False where the queue of those who wait is full, as of a process that is stopped."""
    try:
        client.connect(address)
    except BlockingIOError:
        return False
    return True


def _answer(client: socket.socket, path: Path, until: float) -> Answer:
    """Read one JSON object, and the descriptor that came with it."""
    text, passed = b"", []
    try:
        while not text.endswith(b"\n"):
            client.settimeout(max(until - time.monotonic(), 0.001))
            piece, descriptors, _, _ = socket.recv_fds(client, _BLOCK, _DESCRIPTORS)
            passed += descriptors
            if not piece:
                raise _failed(path, "closed the connection without an answer")
            text += piece
        answer = read_json(text)
        if not isinstance(answer, dict) or answer.get("error"):
            said = answer.get("error") if isinstance(answer, dict) else answer
            raise _failed(path, f"refused: {said}")
        first = passed.pop(0) if passed else -1
        if first >= 0:
            os.set_inheritable(first, False)
        return answer.get("result"), first
    except ValueError:
        raise _failed(path, "answered with invalid JSON") from None
    finally:
        close_all(*passed)


def _failed(path: Path, what: str) -> CtrFailed:
    return CtrFailed(f"kuketty's socket {path} {what}", hint=WAY_OUT)


def _silent(path: Path) -> TimeLimit:
    return TimeLimit(
        f"kuketty's socket {path} did not answer within {in_seconds(ANSWER_LIMIT)}", hint=WAY_OUT
    )
