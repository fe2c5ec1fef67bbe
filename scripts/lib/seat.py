"""A user's seat: a terminal of its own, and a program that runs on it as a shell would start it."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess  # noqa: TID251 (the scripts are no part of the package)
import termios
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from scripts.lib import processes

END_LIMIT = 60.0
"""Seconds; it costs nothing where all goes well, and a busy machine may need them."""
_KEPT = 1 << 20
_BEHIND = b"<behind all>"
_OF_A_JOB = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)


class Seat:
    """The program, its terminal, and what it has shown there so far.

    `stdin`, `stdout` and `stderr` are descriptors where the program gets others than the terminal.
    As a context manager, the program is ended with the block.
    """

    def __init__(
        self,
        words: Sequence[str | Path],
        environment: Mapping[str, str],
        *,
        stdin: int | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
        size: tuple[int, int] = (24, 80),
        folder: Path | None = None,
    ) -> None:
        self._master, self._slave = pty.openpty()
        self._closing = threading.Lock()
        self.resize(*size)
        self.modes_before = self.modes()
        self.shown = bytearray()
        self.total = 0
        self.reading = True
        """False: nobody reads the terminal any more, as behind a connection that hangs."""
        self.program = subprocess.Popen(
            words,
            stdin=self._slave if stdin is None else stdin,
            stdout=self._slave if stdout is None else stdout,
            stderr=self._slave if stderr is None else stderr,
            env=environment,
            cwd=folder,
            start_new_session=True,
            preexec_fn=self._take_terminal,  # noqa: PLW1509
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.program.poll() is None:
            self.program.kill()
            self.program.wait()
        self.hang_up()
        os.close(self._slave)

    def type(self, data: bytes) -> None:
        """Type these bytes, all of them."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._master, rest) :]

    def resize(self, rows: int, columns: int) -> None:
        """Give the window another size."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def modes(self) -> str:
        """The settings of the terminal, as `stty -g` would compare them."""
        return repr(termios.tcgetattr(self._slave))

    def hang_up(self) -> None:
        """Close the terminal under the program, as a connection that drops."""
        with self._closing:
            if self._master >= 0:
                os.close(self._master)
                self._master = -1
        self._reader.join()

    def sees(self, text: bytes, seconds: float = END_LIMIT) -> bool:
        """Whether this is shown within the time."""
        return processes.until(lambda: text in self.shown, seconds)

    def whole(self) -> bytes:
        """All that it shows, once the program has ended: what we write comes behind that."""
        os.write(self._slave, _BEHIND)
        if not self.sees(_BEHIND):
            raise RuntimeError("the terminal shows nothing more")
        return bytes(self.shown).removesuffix(_BEHIND)

    def kill(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        self.program.send_signal(number)

    def wait(self) -> int:
        """The program's exit code; negative for a signal."""
        return self.program.wait(END_LIMIT)

    def _take_terminal(self) -> None:
        for number in _OF_A_JOB:  # ignored where we were started in the background
            signal.signal(number, signal.SIG_DFL)
        fcntl.ioctl(self._slave, termios.TIOCSCTTY, 0)

    def _read(self) -> None:
        while True:
            with self._closing:
                if self._master < 0:
                    return
                ready = self.reading and select.select([self._master], [], [], 0)[0]
                data = b""
                if ready:
                    with contextlib.suppress(OSError):
                        data = os.read(self._master, _KEPT)
                self.total += len(data)
                self.shown += data
                if len(self.shown) > 2 * _KEPT:
                    del self.shown[:-_KEPT]
            if not data:
                threading.Event().wait(0.002)
