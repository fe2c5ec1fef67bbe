"""What a far shell does around a command, so that nothing of it outlives the connection.

A ctr that loses its connection gets PIPE or HUP, passes that on to the workload, and stays. So a
shell there holds the connection's end, and ends ctr with KILL, which ctr cannot pass on, once the
connection is gone: because we ended ssh, were ended ourselves, or the network is.
"""

import shlex
from collections.abc import Sequence

NOT_THERE = "not found"
"""The end of what the guard says of a program that the far host does not have; exit code 127."""

_BEGIN = (
    "unset CONTAINERD_ADDRESS CONTAINERD_NAMESPACE; "
    'command -v "$1" >/dev/null || { echo "$1: not found" >&2; exit 127; }; '
)

_WATCHED = (
    f"{_BEGIN}"
    'exec 3<&0; "$@" </dev/null 3<&- & c=$!; '
    "{ cat; kill -9 $c; } <&3 >/dev/null 2>&1 & w=$!; "
    "wait $c; s=$?; kill -9 $w; exit $s"
)

_PLAIN = f'{_BEGIN}exec "$@"'


def watched(argv: Sequence[str]) -> str:
    """A line for a far shell: a command without input, ended when the line's own input ends."""
    return _line(_WATCHED, argv)


def reading(argv: Sequence[str]) -> str:
    """The same for a command that reads the connection, and ends by itself at its end."""
    return _line(_PLAIN, argv)


def _line(script: str, argv: Sequence[str]) -> str:
    """The user's shell there may be any shell: it only starts sh."""
    return f"exec sh -c {shlex.quote(script)} sh {shlex.join(argv)}"
