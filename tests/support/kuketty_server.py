"""A small kuketty: a program on a pseudo terminal, behind a socket that speaks as the real one.

    python -m tests.support.kuketty_server SOCKET LOG WAY PROGRAM [ARGUMENT ...]

It logs the requests, a JSON object a line. WAY is `usual`, or how it is broken. With `setting-up`
two stages run before it answers anybody, each until a file `go-0` or `go-1` is beside the socket;
one that says `fail` makes it end.
"""

import json
import os
import pty
import socket
import sys
import termios
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

SCREEN = b"screen: "


@dataclass(frozen=True)
class Trap:
    """What a hostile root of the container answers to a method.

    `said` is sent `times` times, with `passed` descriptors of what stands at `path`.
    """

    method: str
    said: bytes
    times: int = 1
    path: str = ""
    flags: int = os.O_RDONLY
    passed: int = 1


DONE = b'{"id": 1, "result": {"ok": true}, "error": null}\n'
SHOT = '{"id": 1, "error": null, "result": {"rows": %s, "cols": %s, "ansi": "a", "cursorY": %s}}\n'

TRAPS = {
    "endless": Trap("Attach", b"x" * 65536, times=1 << 30),
    "dripping": Trap("Attach", b"x", times=1 << 30),
    "brackets": Trap("Attach", b"[" * 200_000 + b"\n"),
    "digits": Trap("Attach", b'{"id": ' + b"9" * 5000 + b"}\n"),
    "complaining": Trap("Attach", b'{"id": 1, "error": "' + b"e" * 100_000 + b'"}\n'),
    "null-device": Trap("Attach", DONE, path="/dev/null", flags=os.O_RDWR),
    "file": Trap("Attach", DONE, path="/etc/hostname"),
    "folder": Trap("Attach", DONE, path="/"),
    "path-only": Trap("Attach", DONE, path="/", flags=os.O_PATH),
    "several": Trap("Attach", DONE, path="/dev/null", passed=4),
    "silent-resize": Trap("Resize", b"", times=0),
    "flooding-resize": Trap("Resize", b"x" * 65536, times=1 << 30),
    "deep-cursor": Trap("Screenshot", (SHOT % (24, 80, 10**8)).encode()),
    "huge-numbers": Trap("Screenshot", (SHOT % (10**30, 10**30, 10**30)).encode()),
    "negative": Trap("Screenshot", (SHOT % (-5, -5, -(10**9))).encode()),
}
"""WAY of a hostile one -> what it does."""


def spring(connection: socket.socket, trap: Trap) -> None:
    """Answer as the trap has it, until the other side goes; a silent one just stays."""
    passed = [os.open(trap.path, trap.flags) for _ in range(trap.passed)] if trap.path else []
    with suppress(OSError):
        if passed:
            socket.send_fds(connection, [trap.said[:1]], passed)
            connection.sendall(trap.said[1:])
        for _ in range(0 if passed else trap.times):
            connection.sendall(trap.said)
            if len(trap.said) == 1:
                time.sleep(0.01)
        if not trap.times:
            connection.recv(1)
    connection.close()


Request = dict[str, list[object]]


class Kuketty:
    """The terminal, and those who are attached to it."""

    def __init__(self, log: Path, words: list[str]) -> None:
        self._log = log
        self._clients: list[socket.socket] = []
        self._shown = b""
        self._lock = threading.Lock()
        pid, self._terminal = pty.fork()
        if pid == 0:
            os.execvp(words[0], words)
        threading.Thread(target=self._show, daemon=True).start()

    def serve(self, connection: socket.socket, way: str) -> None:
        """Answer one request."""
        line = connection.makefile("rb").readline()
        with self._log.open("ab") as log:
            log.write(line)
        if way in TRAPS and TRAPS[way].method.encode() in line:
            spring(connection, TRAPS[way])
            return
        if way == "silent":
            time.sleep(60)
        answer, passed = self._answer(cast(Request, json.loads(line)), way)
        if answer is not None:
            socket.send_fds(connection, [answer[:9]], passed)
            connection.sendall(answer[9:])
        for descriptor in passed:
            os.close(descriptor)
        connection.close()

    def _answer(self, request: Request, way: str) -> tuple[bytes | None, list[int]]:
        method = str(request["method"]).removeprefix("TerminalController.")
        argument = cast(dict[str, int], request["params"][0])
        passed: list[int] = []
        if way == "closing":
            return None, passed
        if way == "junk":
            return b"this is no JSON\n", passed
        if way == "refusing":
            text = json.dumps({"id": request["id"], "result": None, "error": "too many clients"})
            return text.encode() + b"\n", passed
        if method == "Resize":
            termios.tcsetwinsize(self._terminal, (argument["Rows"], argument["Cols"]))
        elif method in ("Attach", "Subscribe") and way != "empty-handed":
            passed.append(self._attach(bool(argument.get("FullCapture")), method == "Attach"))
        result: dict[str, object] = {"ok": True}
        if method == "Screenshot":
            rows, columns = termios.tcgetwinsize(self._terminal)
            result = {"rows": rows, "cols": columns, "cursorX": 8, "cursorY": 0}
            result["ansi"] = SCREEN.decode().rstrip() + "\n"
        text = json.dumps({"id": request["id"], "result": result, "error": None})
        return text.encode() + b"\n", passed

    def _attach(self, everything: bool, typing: bool) -> int:
        ours, theirs = socket.socketpair()
        with self._lock:
            if typing:
                ours.sendall(self._shown if everything else SCREEN)
            self._clients.append(ours)
        if typing:
            threading.Thread(target=self._type, args=(ours,), daemon=True).start()
        return theirs.detach()

    def _type(self, client: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                os.write(self._terminal, data)

    def _show(self) -> None:
        data = b"-"
        while data:
            try:
                data = os.read(self._terminal, 65536)
            except OSError:
                data = b""
            with self._lock:
                self._shown += data
                for client in self._clients:
                    with suppress(OSError):
                        client.sendall(data)
                        if not data:
                            client.shutdown(socket.SHUT_RDWR)


def set_up(folder: Path, stages: int = 2) -> None:
    """The stages before the terminal, as the log of the real one has them."""
    for index in range(stages):
        log(folder, f'INFO "running create stage" index={index}')
        go = folder / f"go-{index}"
        while not go.exists():
            time.sleep(0.01)
        if go.read_text() == "fail":
            log(
                folder,
                f'WARN "create stage failed" index={index} error="exit status 3: no \\"x\\""',
            )
            sys.exit(70)
        log(folder, f'INFO "create stage completed" index={index}')
    (folder / "capture").write_bytes(SCREEN)
    log(folder, 'INFO "PTY started" id=84963414')


def log(folder: Path, line: str) -> None:
    """A line of kuketty.log."""
    with (folder / "kuketty.log").open("a") as file:
        file.write(f"2026-11-26T17:09:12Z {line}\n")


def main() -> None:
    """Serve until somebody ends it."""
    path, requests, way, *words = sys.argv[1:]
    os.chdir(Path(path).parent)  # the path may be longer than an address may be
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("soon")
    listener.listen()
    os.rename("soon", Path(path).name)  # noqa: PTH104 (who sees it can connect)
    if way == "setting-up":
        set_up(Path(path).parent)
    kuketty = Kuketty(Path(requests), words)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=kuketty.serve, args=(connection, way), daemon=True).start()


if __name__ == "__main__":
    main()
