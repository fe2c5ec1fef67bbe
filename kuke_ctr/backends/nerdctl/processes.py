"""How a process that nerdctl has run ended: its own exit code, or why it was not started."""

import re
from typing import NamedTuple

from kuke_ctr.backends.ctr.failures.starting import not_started_in
from kuke_ctr.backends.nerdctl.failures import failure_of
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.parse.nerdctl.logs import read_log
from kuke_ctr.processes.calls import Call, Result

_EXEC_CODE = re.compile(r"exec failed with exit code (\d+)")
_WITH_FIFOS = r"OCI runtime create failed|failed to (?:create|start) "
_BEFORE = (
    r"image not available|already used|not found|invalid|failed to dial"
    r"|cannot access containerd socket|unknown (?:shorthand )?flag"
)


class Ended(NamedTuple):
    """How a nerdctl that ran a process has ended.

    `said` is the end of its stderr and of the process's, unless that had a terminal. `ran`: the
    process is known to have been started; `opened`: whether nerdctl had FIFOs for one, None where
    that can't be known.
    """

    said: bytes
    status: int
    ran: bool = False
    opened: bool | None = None


def exec_code(call: Call, ended: Ended) -> int | None:
    """The exit code of a process of `nerdctl exec`, which itself ends with 1 whatever it was.

    None where no line of stderr is nerdctl's; its line is the last one, whatever the process said.
    Raises NotStarted and the other errors where there was no process.
    """
    message = _last_fatal(ended.said)
    match = _EXEC_CODE.fullmatch(message or "")
    if match is not None:
        return int(match[1])
    if ended.status == 0:
        return None
    raise not_started_in(message or "", call) or _failure(call, ended)


def run_code(call: Call, ended: Ended) -> int | None:
    """The same of `nerdctl run`, which ends with the code of the process: None then.

    It adds no line to what the process said: a fatal line may be that of a process which did run.
    """
    message = _last_fatal(ended.said)
    if ended.ran or ended.status != 1 or message is None:
        return None
    if not re.search(_WITH_FIFOS if ended.opened else f"{_WITH_FIFOS}|{_BEFORE}", message):
        return None
    raise not_started_in(message, call) or _failure(call, ended)


def _failure(call: Call, ended: Ended) -> KukeCtrError:
    return failure_of(Result(call.argv, ended.status, b"", ended.said, 0.0), typed=call.typed)


def _last_fatal(said: bytes) -> str | None:
    """The message of nerdctl's last line; the process may have left its own line unfinished."""
    text = said.decode(errors="replace")
    lines = list(read_log(text[max(0, text.rfind('time="')) :]))
    return lines[-1].text if lines and lines[-1].level == "fatal" else None
