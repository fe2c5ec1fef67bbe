"""stdout and stderr of the command line: what a full disk, and a closed stream, mean there."""

import io
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Results(io.FileIO):
    """stdout: what can't be written is an error, which says where."""

    def write(self, data: "ReadableBuffer") -> int:
        try:
            return _leaving(1, data) or super().write(data)
        except OSError as error:
            error.filename = "stdout"
            raise


class _Remarks(io.FileIO):
    """stderr: what can't be written there is lost, but never a result or its exit code."""

    def write(self, data: "ReadableBuffer") -> int:
        try:
            return _leaving(2, data) or super().write(data)
        except OSError:
            return memoryview(data).nbytes


def _leaving(descriptor: int, data: "ReadableBuffer") -> int:
    """While we are leaving, write without waiting for a reader who does not read; else 0."""
    farewell = sys.modules.get("kuke_ctr.processes.farewell")
    if farewell is None or not farewell.Farewell.begun:
        return 0
    farewell.Farewell.write(descriptor, bytes(data))
    return memoryview(data).nbytes


def open_streams() -> None:
    """Let stdout and stderr be these; where whoever started us closed one (`>&-`), it is /dev/null.

    Otherwise an error would go to stdout, and a socket could get the number of a stream.
    """
    if sys.stdout is None or sys.stderr is None:
        from kuke_ctr.processes.descriptors import open_standard_streams

        open_standard_streams()
    if sys.stdout is sys.__stdout__:
        sys.stdout = _text(_Results(1, "w", closefd=False), sys.stdout)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _text(_Remarks(2, "w", closefd=False), sys.stderr)


def _text(raw: io.FileIO, like: TextIO | None) -> TextIO:
    """A text stream with the encoding and the buffering of another one."""
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=getattr(like, "encoding", None),
        errors=getattr(like, "errors", "backslashreplace"),
        line_buffering=any(getattr(like, way, True) for way in ("line_buffering", "write_through")),
    )
