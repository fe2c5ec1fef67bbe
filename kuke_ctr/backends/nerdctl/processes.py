"""How a process that nerdctl has run ended: its own exit code, or why it was not started."""

import re

from kuke_ctr.backends.ctr.failures.starting import not_started_in
from kuke_ctr.backends.nerdctl.failures import failure_of
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.parse.nerdctl.logs import read_log
from kuke_ctr.processes.calls import Call, Result

_EXEC_CODE = re.compile(r"exec failed with exit code (\d+)")
_AT_RUN = re.compile(
    r"OCI runtime create failed|failed to (?:create|start) |image not available|already used"
    r"|not found|invalid|failed to dial|cannot access containerd socket|unknown (?:shorthand )?flag"
)
"""What nerdctl says where it has started nothing."""


def exec_code(call: Call, said: bytes, status: int) -> int | None:
    """The exit code of a process of `nerdctl exec`, which itself ends with 1 whatever it was.

    `said` is the end of nerdctl's stderr; None where no line of it is nerdctl's. Raises NotStarted
    and the other errors where there was no process.
    """
    message = _last_fatal(said)
    match = _EXEC_CODE.fullmatch(message or "")
    if match is not None:
        return int(match[1])
    if status == 0:
        return None
    raise not_started_in(message or "", call) or _failure(call, said, status)


def run_code(call: Call, said: bytes, status: int) -> int | None:
    """The same of `nerdctl run`, which ends with the code of the process: None then."""
    message = _last_fatal(said)
    if status != 1 or message is None or not _AT_RUN.search(message):
        return None
    raise not_started_in(message, call) or _failure(call, said, status)


def _failure(call: Call, said: bytes, status: int) -> KukeCtrError:
    return failure_of(Result(call.argv, status, b"", said, 0.0), typed=call.typed)


def _last_fatal(said: bytes) -> str | None:
    """The message of nerdctl's last line; the process may have left its own line unfinished."""
    text = said.decode(errors="replace")
    lines = list(read_log(text[max(0, text.rfind('time="')) :]))
    return lines[-1].text if lines and lines[-1].level == "fatal" else None
