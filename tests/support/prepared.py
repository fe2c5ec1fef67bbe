"""kuke-ctr in a process of its own that has its imports behind it.

Python's start and the imports are most of what a call of kuke-ctr costs, and the tests on real
containerds make a thousand calls. So one process, run by this file, imports everything once; for
each call it forks. The fork gets the call's streams, environment and words, runs what the
installed command runs, and ends as that does, by itself or by a signal. What the installed command
has besides (the shebang, signals during the imports) is for the tests that start it.
"""

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import subprocess  # noqa: TID251 (the process that forks, and the shape of what a call gave)
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any, NoReturn

_PIPE = 65536
"""What a pipe holds while nobody reads it."""


class Prepared:
    """The process that forks; it ends with `stop`, and whenever its maker does."""

    def __init__(self) -> None:
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            self._process = subprocess.Popen(
                [sys.executable, "-P", __file__, str(its.fileno())],
                pass_fds=[its.fileno()],
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            )
        self._door = ours

    def stop(self) -> None:
        """End it."""
        self._door.close()
        self._process.wait(20)

    def call(
        self, argv: Sequence[str], environment: Mapping[str, str], stdin: str, timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """What `subprocess.run` would give, its TimeoutExpired included."""
        given = stdin.encode(errors="surrogateescape")
        assert len(given) < _PIPE
        with contextlib.ExitStack() as opened:
            ends = [opened.enter_context(end) for _ in range(4) for end in _pipe()]
            from_us, to_it, out, to_out, err, to_err, told, to_told = ends
            order = opened.enter_context(tempfile.TemporaryFile())
            order.write(json.dumps([argv, dict(environment), str(Path.cwd())]).encode())
            order.seek(0)
            to_it.write(given)
            to_it.close()
            theirs = [from_us, to_out, to_err, to_told]
            socket.send_fds(self._door, [b"go"], [f.fileno() for f in (*theirs, order)])
            for end in theirs:
                end.close()
            begun = told.read(_PIPE)
            *texts, ended = _read([out, err, told], time.monotonic() + timeout)
            pid, *ending = (begun + ended).split()
            if not ending:
                os.kill(int(pid), signal.SIGKILL)
                raise subprocess.TimeoutExpired(argv, timeout)
        text, said = map(_as_text, texts)
        return subprocess.CompletedProcess(argv, int(ending[0]), text, said)


@cache
def shared() -> Prepared:
    """The one of this process, until `stop_shared`."""
    return Prepared()


def stop_shared() -> None:
    """End it where there is one."""
    if shared.cache_info().currsize:
        shared().stop()
        shared.cache_clear()


def _as_text(said: bytes) -> str:
    """As subprocess has it with `text`: each kind of line end is a newline."""
    text = said.decode(errors="surrogateescape")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _pipe() -> tuple[IO[bytes], IO[bytes]]:
    reader, writer = os.pipe()
    return open(reader, "rb", buffering=0), open(writer, "wb", buffering=0)  # noqa: PTH123


def _read(ends: Sequence[IO[bytes]], until: float) -> list[bytes]:
    """All that comes out of each of these, or what has come when the time is over."""
    texts = dict.fromkeys(ends, b"")
    with selectors.DefaultSelector() as selector:
        for end in ends:
            selector.register(end, selectors.EVENT_READ)
        while selector.get_map() and (left := until - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                end = ends[[one.fileno() for one in ends].index(key.fd)]
                piece = os.read(key.fd, _PIPE)
                texts[end] += piece
                if not piece:
                    selector.unregister(end)
    return list(texts.values())


def _serve(door: socket.socket) -> None:
    """Fork for each order, until nobody is left who could give one."""
    while True:
        word, descriptors, _, _ = socket.recv_fds(door, 16, 8)
        if not word:
            return
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if os.fork() == 0:
            door.close()
            _watch(*descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _watch(stdin: int, stdout: int, stderr: int, told: int, order: int) -> NoReturn:
    """Fork the kuke-ctr, and tell its pid and how it ended."""
    pid = os.fork()
    if pid == 0:
        with open(order, encoding="utf-8") as file:
            argv, environment, folder = json.load(file)
        for number, descriptor in enumerate((stdin, stdout, stderr)):
            os.dup2(descriptor, number)
        _open_streams()
        os.closerange(3, max(stdin, stdout, stderr, told, order) + 1)
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        sys.argv = argv
        from kuke_ctr.__main__ import run

        run()
    os.write(told, f"{pid} ".encode())
    for descriptor in (stdin, stdout, stderr, order):
        os.close(descriptor)
    ending = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with contextlib.suppress(BrokenPipeError):  # the time was over
        os.write(told, f"{ending}".encode())
    os._exit(0)


def _open_streams() -> None:
    """As Python does at its start: what a stream can do depends on what is behind it."""
    lost: Any = {"errors": "surrogateescape", "encoding": "utf-8", "closefd": False}
    sys.stdin = sys.__stdin__ = os.fdopen(0, **lost)  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", **lost)  # type: ignore[misc]
    told: Any = {**lost, "errors": "backslashreplace", "buffering": 1}
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", **told)  # type: ignore[misc]


def _import_everything() -> None:
    import ctypes  # noqa: F401 (kuke-ctr itself imports these when it needs them)

    import sh  # noqa: F401, TID251
    from pydantic import TypeAdapter  # noqa: F401

    import kuke_ctr

    for module in pkgutil.walk_packages(kuke_ctr.__path__, "kuke_ctr."):
        importlib.import_module(module.name)
    _build_models()
    gc.collect()
    gc.freeze()


def _build_models() -> None:
    """pydantic builds a model when it is first used: each fork would do that anew."""
    from pydantic import BaseModel

    waiting: list[type[BaseModel]] = [BaseModel]
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        if model.__module__.startswith("kuke_ctr."):
            model.model_rebuild(raise_errors=False)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt), socket.socket(fileno=int(sys.argv[1])) as _door:
        _import_everything()
        _serve(_door)
