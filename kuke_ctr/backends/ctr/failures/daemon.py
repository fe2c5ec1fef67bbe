"""containerd itself: not there, not reachable, too old; and a ctr that lacks the command."""

from kuke_ctr.backends.ctr.failures.table import Failed, Row, Table
from kuke_ctr.errors import Forbidden, TimeLimit

_SUDO = "run the same command with --sudo"
_RUNNING = "is containerd running? check with `systemctl status containerd`"


def _namespaces(failed: Failed) -> str:
    return f"{failed.asked.host_line('namespaces', 'ls')} lists the namespaces"


def _hanging(failed: Failed) -> str:
    """Nobody looks at the socket of another host beforehand: there it is also the stopped one."""
    what = "may be hanging (`systemctl status containerd`)"
    if failed.asked.of_far:
        what = "is stopped or hanging (`systemctl status containerd`), or has another socket"
    return (
        f"containerd {what}; ctr waits for 10 seconds, and a longer --timeout does not change that"
    )


DAEMON = Table(
    (
        Row(r"dial unix .*permission denied", _SUDO, Forbidden),
        Row(
            r"^failed to dial .*context deadline exceeded",
            _hanging,
            TimeLimit,
        ),
        Row(r"^failed to dial|connection error: desc|^cannot access socket", _RUNNING),
        Row(r"transport is closing|error reading from server", _RUNNING),
        Row(r"namespace validation", _namespaces),
        Row(
            r"No help topic",
            "this version of ctr does not have this command; `kuke-ctr version` shows the version",
        ),
        Row(
            r"unknown service",
            "this containerd is older than ctr and does not have this function; use a ctr of "
            "containerd's version (--ctr)",
        ),
    )
)
"""Of every call, before the tables of its command."""
