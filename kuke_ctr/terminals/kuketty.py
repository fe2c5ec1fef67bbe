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
from dataclasses import dataclass
from pathlib import Path

from kuke_ctr.errors import CtrFailed, Forbidden, KukeCtrError, NotFound
from kuke_ctr.parse.json_text import read_json
from kuke_ctr.processes.calls import in_seconds
from kuke_ctr.processes.descriptors import close_all

ANSWER_LIMIT = 5.0
"""Seconds that kuketty may take to answer."""

_BLOCK = 65536
_MOST = 1 << 20
"""The longest answer that is read, in bytes: the container's root writes it."""
_DESCRIPTORS = 4
_RESIZE_LIMIT = 1.0
"""Seconds after which a new size is told though the last one was not answered."""
_LARGEST = 10_000
"""More rows and columns than any terminal has."""
_SHOWN = 200
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
    _asked: socket.socket | None = None
    _asked_at: float = 0.0
    _wanted: tuple[int, int] | None = None

    @property
    def waiting(self) -> int:
        """The descriptor that becomes readable when kuketty has taken the size, or -1."""
        return self._asked.fileno() if self._asked is not None else -1

    def resize(self, rows: int, columns: int) -> None:
        """Tell the size of the user's window; one that can't be told is no reason to end.

        Nothing is waited for: while kuketty owes an answer, a new size waits for it (`resized`).
        """
        self._wanted = (rows, columns)
        if self._asked is None or time.monotonic() > self._asked_at + _RESIZE_LIMIT:
            self.resized()

    def resized(self) -> None:
        """kuketty has answered, or has not for too long: tell it the size that came meanwhile."""
        if self._asked is not None:
            self._asked.close()
            self._asked = None
        wanted, self._wanted = self._wanted, None
        if wanted is None:
            return
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            _connect(client, self.path, time.monotonic())
            client.send(_request("Resize", {"Cols": wanted[1], "Rows": wanted[0]}))
        except (KukeCtrError, OSError):
            client.close()
            return
        self._asked, self._asked_at = client, time.monotonic()

    def close(self) -> None:
        """Detach. The task goes on; closing the descriptor is enough for kuketty."""
        self._wanted = None
        self.resized()
        if self.descriptor >= 0:
            close_all(self.descriptor)
            self.descriptor = -1


def attach(path: Path, *, take_input: bool = True, full_capture: bool = False) -> Connection:
    """Attach to the terminal behind a socket (`Attach`), or only look (`Subscribe`).

    The screen as it is comes first; with `full_capture` all output so far. Raises NotFound (no
    socket), Forbidden (not in group kukeon) and CtrFailed (nobody listens, no answer in time, or a
    wrong one), each with the way out as its hint.
    """
    asked: dict[str, object] = {"ClientID": f"kuke-ctr-{os.urandom(6).hex()}"}
    if take_input:
        asked |= {"FullCapture": full_capture, "ClearOnAttach": False}
    _, descriptor = _ask(path, "Attach" if take_input else "Subscribe", asked)
    if descriptor < 0:
        raise _failed(path, "answered without a terminal")
    if not _is_stream(descriptor):
        close_all(descriptor)
        raise _failed(path, "answered with something that is not a terminal's socket")
    if take_input:
        return Connection(path, descriptor, takes_input=True)
    seen = screen(path)  # those who only look get no repaint
    return Connection(path, descriptor, takes_input=False, greeting=seen.painted if seen else b"")


def knock(path: Path) -> socket.socket:
    """A connection with one question (`Ping`), which becomes readable when kuketty answers.

    A kuketty that is setting its container up answers nobody: the question waits in the queue of
    its socket. Raises as `attach`.
    """
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _connect(client, path, time.monotonic() + ANSWER_LIMIT)
        client.send(_request("Ping", {"Message": "kuke-ctr"}))
    except OSError as error:
        client.close()
        raise _failed(path, f"closed the connection: {error.strerror}") from None
    except BaseException:
        client.close()
        raise
    return client


def _is_stream(descriptor: int) -> bool:
    """Whether it is one end of a connection: the container's root could pass on anything else."""
    try:
        passed = socket.socket(fileno=descriptor)
    except OSError:
        return False
    try:
        listens = passed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        kind = (passed.family, passed.type)
        return kind == (socket.AF_UNIX, socket.SOCK_STREAM) and not listens
    except OSError:
        return False
    finally:
        passed.detach()


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
    rows, columns, y, x = map(_clamped, numbers)
    lines = shot["ansi"].rstrip("\n").split("\n")
    if shot.get("altScreen"):
        start, end = "\x1b[H\x1b[2J", f"\x1b[{y + 1};{x + 1}H"
    else:
        up = len(lines) - 1 - y
        start = ""
        end = (f"\x1b[{up}A" if up > 0 else "\r\n" * -up) + "\r" + (f"\x1b[{x}C" if x else "")
    painted = start + "\r\n".join(lines) + end
    return Screenshot(rows, columns, painted.encode(errors="replace"))


def _clamped(number: object) -> int:
    return max(0, min(number, _LARGEST)) if isinstance(number, int) else 0


def _request(method: str, parameter: Mapping[str, object]) -> bytes:
    document = {"method": f"TerminalController.{method}", "params": [parameter], "id": 1}
    return json.dumps(document).encode() + b"\n"


def _ask(path: Path, method: str, parameter: Mapping[str, object]) -> Answer:
    """One request on a connection of its own."""
    until = time.monotonic() + ANSWER_LIMIT
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        _connect(client, path, until)
        try:
            client.settimeout(ANSWER_LIMIT)
            client.sendall(_request(method, parameter))
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
            hint="only root and the group kukeon may use it; run the same command with --sudo, "
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
    text, passed = bytearray(), list[int]()
    try:
        while not text.endswith(b"\n"):
            left = until - time.monotonic()
            if left <= 0:
                raise _silent(path)
            client.settimeout(left)
            piece, descriptors, _, _ = socket.recv_fds(client, _BLOCK, _DESCRIPTORS)
            passed += descriptors
            if not piece:
                raise _failed(path, "closed the connection without an answer")
            text += piece
            if len(text) > _MOST or len(passed) > _DESCRIPTORS:
                raise _failed(path, "gave an answer that is too long")
        answer = read_json(bytes(text))
        if not isinstance(answer, dict) or answer.get("error"):
            said = answer.get("error") if isinstance(answer, dict) else answer
            raise _failed(path, f"refused: {str(said)[:_SHOWN]}")
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


def _silent(path: Path) -> CtrFailed:
    return CtrFailed(
        f"kuketty's socket {path} did not answer within {in_seconds(ANSWER_LIMIT)}", hint=WAY_OUT
    )
