"""`nerdctl logs`."""

from kuke_ctr.backends.nerdctl.client import Nerdctl
from kuke_ctr.processes.calls import Call


def call(
    nerdctl: Nerdctl,
    namespace: str,
    name: str,
    *,
    data_root: str | None,
    lines: int | None,
    follow: bool,
    now: str,
) -> Call:
    """`nerdctl logs [-f] [--tail N] ID`; one that follows has no time limit of its own.

    nerdctl reads `--tail 0` as all. Where it follows, what comes from `now` on (RFC 3339) is what
    that means: nerdctl takes whole seconds. Else it gives the last line, to be left out.
    """
    words = ["logs", *(["-f"] if follow else [])]
    if lines == 0 and follow:
        words += ["--since", now]
    elif lines is not None:
        words += ["--tail", str(lines or 1)]
    made = nerdctl.call(*words, name, namespace=namespace, data_root=data_root)
    return made._replace(timeout=None if follow else made.timeout, stdin=b"")
