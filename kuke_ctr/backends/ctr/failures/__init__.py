"""What ctr's failures mean: a table for each family of commands, and one way to look them up.

The first row that fits counts: those about containerd itself, then those of the command, then what
holds for every command.
"""

import re
import signal
from typing import TYPE_CHECKING

from kuke_ctr.errors import CtrFailed, KukeCtrError
from kuke_ctr.processes.calls import Result, mask

if TYPE_CHECKING:
    from kuke_ctr.backends.ctr.failures.asked import Asked

# texts, which re compiles when a call has failed
_LOG_LINE = r'^time="[^"]*" level=\w+ msg='
_NOISE = r"rpc error: code = \w+ desc = |(?<=.): unknown$"


def failure_of(
    result: Result,
    *,
    typed: tuple[str, ...] = (),
    output: str | None = None,
    name: str | None = None,
) -> KukeCtrError:
    """The error for a call that ended with another exit code than 0.

    `typed` are the options by which the user named the host, for hints; `output` what the call's
    stdout is called, `name` what it is about where the argv has several names.
    """
    from kuke_ctr.backends.ctr.failures.asked import asked  # late: most calls succeed

    said = message_of(result.stderr)
    if not said:
        return _silent(result)
    if output is not None:
        said = said.replace("/dev/stdout", output)
    call = asked(result.argv, typed, name)
    return explained(re.sub(_NOISE, "", said), call, mask(result.argv))


def explained(said: str, call: "Asked", command: tuple[str, ...]) -> KukeCtrError:
    """The error for what ctr said about a call."""
    from kuke_ctr.backends.ctr.failures.tables import TABLES  # late: most calls succeed

    for table in TABLES:
        if not table.is_about(call):
            continue
        for row in table.rows:
            failed = row.failed(call, said)
            if failed is not None:
                return row.error(failed, command)
    return CtrFailed(f"ctr: {said}", command=command)


def message_of(stderr: bytes) -> str:
    """What ctr says went wrong: its complaint, else the last line of its log."""
    return complaint_of(stderr) or _last(stderr.decode(errors="replace").splitlines())


def complaint_of(stderr: bytes) -> str:
    """ctr's last `ctr: ...` line, else its last line that is not of a log; empty for neither."""
    lines = stderr.decode(errors="replace").splitlines()
    own = [line for line in lines if line.startswith("ctr: ")]
    return _last(own or [line for line in lines if not re.match(_LOG_LINE, line)])


def reader_gone(result: Result) -> bool:
    """Whether ctr ended because nobody read its output any more."""
    if result.exit_code == -signal.SIGPIPE:
        return True
    return result.exit_code != 0 and message_of(result.stderr).endswith("broken pipe")


def removed_nothing(result: Result) -> bool:
    """Whether an `images rm` that ended with 0 says that there was no such image."""
    return b"image not found" in result.stderr


def _last(lines: list[str]) -> str:
    """The last line that says something, without ctr's name before it."""
    said = (line.removeprefix("ctr: ").strip() for line in reversed(lines))
    return next((line for line in said if line), "")


def _silent(result: Result) -> CtrFailed:
    ending = f"exit code {result.exit_code}" if result.exit_code > 0 else "a signal"
    usage = "printed its help: it does not know one of the flags" if result.stdout else "no message"
    return CtrFailed(
        f"ctr failed ({ending}): {usage}",
        hint="run the command below by hand to see its output",
        command=mask(result.argv),
    )
