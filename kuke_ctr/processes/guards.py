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

_AT_THE_END = (
    "{ while read -r s; do kill -s $s $c; done; kill -9 $c; } <&3 >/dev/null 2>&1 & w=$!; exec 3<&-"
)
"""Reads names of signals for the command from the connection, and ends it at its end."""

_WATCHED = (
    f'{_BEGIN}exec 3<&0; "$@" </dev/null 3<&- & c=$!; {_AT_THE_END}; '
    "wait $c; s=$?; kill -9 $w; exit $s"
)

_CLOSED = "6<&- 7<&- 8<&- 9<&-"

_HELD = (
    f"t=${{TMPDIR:-/tmp}}/$1; shift; {_BEGIN}"
    'mkdir -m 700 "$t" && mkfifo "$t/i" "$t/o" "$t/e" || exit 1; '
    'exec 3<&0 6<>"$t/o" 7<>"$t/e" 8<"$t/o" 9<"$t/e"; '
    f"cat <&8 3<&- {_CLOSED} & a=$!; cat <&9 >&2 3<&- {_CLOSED} & b=$!; "
    f'"$@" <"$t/i" >&6 2>&7 3<&- {_CLOSED} & c=$!; exec {_CLOSED}; '
    f"{_AT_THE_END}; "
    'trap "" PIPE; wait $c; s=$?; kill -9 $w; : <>"$t/i"; wait $a $b; rm -r "$t"; exit $s'
)
"""ctr's output goes through FIFOs that it reads itself: so it never gets PIPE.

They are opened before anything runs, and a feeder that waits for ctr is let go in the end: else
each would wait for ever for the other side of its FIFO where ctr ends early."""

_FEEDS = (
    't=${TMPDIR:-/tmp}/$1/i; n=0; until [ -p "$t" ]; do '
    '[ $n -lt 100 ] || { echo "ctr did not start" >&2; exit 1; }; '
    "n=$((n+1)); sleep 0.1 2>/dev/null || sleep 1; "
    'done; exec 4>"$t"; echo; cat >&4; exit 0'
)
"""Prints a line once ctr has its input; from then on only a lost connection is a failure."""

_PLAIN = f'{_BEGIN}exec "$@"'


def watched(argv: Sequence[str]) -> str:
    """A line for a far shell: a command without input, ended when the line's own input ends.

    Until then a line of that input is the name of a signal for the command.
    """
    return _line(_WATCHED, argv)


def held(argv: Sequence[str], token: str) -> str:
    """The same for a command with input, which another connection feeds (`feeds`).

    `token` is a name that nobody else has: that of a folder there while the command runs.
    """
    return _line(_HELD, (token, *argv))


def feeds(token: str) -> str:
    """A line that gives its input to the command that was `held` under this name."""
    return _line(_FEEDS, (token,))


def plain(argv: Sequence[str]) -> str:
    """A line for a command that ends by itself when the connection does.

    It reads its input to the end, or the terminal there hangs up.
    """
    return _line(_PLAIN, argv)


def _line(script: str, argv: Sequence[str]) -> str:
    """The user's shell there may be any shell: it only starts sh."""
    return f"exec sh -c {shlex.quote(script)} sh {shlex.join(argv)}"
