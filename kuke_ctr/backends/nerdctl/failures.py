"""What nerdctl's failures mean: one table of its words, and one way to look them up."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kuke_ctr.backends.ctr.lines import line_in
from kuke_ctr.errors import CtrFailed, Forbidden, KukeCtrError, NotFound, Reason, TimeLimit
from kuke_ctr.parse.nerdctl.logs import Logged, read_log
from kuke_ctr.processes.calls import Result, mask

_SEVERAL = re.compile(r"\d+ errors?:\s*(?:\[(?P<one>.*)\]|(?P<lines>.*))", re.DOTALL)
_RUNNING = "is containerd running? check with `systemctl status containerd`"
_SUDO = "run the same command with sudo"
_NO_NEWS = re.compile(
    r"unable to determine buildctl version|skipping verifying HTTPS certs|^fetch failed"
)
"""What nerdctl warns of in calls that need none of it."""

Hint = str | Callable[[tuple[str, ...]], str]
"""A text, or what makes one of the options by which the user named the host."""


@dataclass(frozen=True, slots=True)
class Row:
    """One failure: `says` is searched in nerdctl's message."""

    says: str
    hint: Hint | None = None
    kind: type[KukeCtrError] = CtrFailed
    reason: Reason | None = None


def _namespaces(typed: tuple[str, ...]) -> str:
    return f"{line_in(None, 'namespaces', 'ls', typed=typed)} lists the namespaces"


ROWS: Sequence[Row] = (
    Row(r"rootless containerd not running", _SUDO, Forbidden),
    Row(r"permission denied", _SUDO, Forbidden),
    Row(
        r"context deadline exceeded",
        "containerd may be hanging; --timeout sets how long to wait",
        TimeLimit,
    ),
    Row(r"cannot access containerd socket|failed to dial|connection error: desc", _RUNNING),
    Row(r"transport is closing|error reading from server", _RUNNING),
    Row(r"namespace validation", _namespaces),
    Row(
        r"unknown (sub)?command|unknown (shorthand )?flag",
        "this version of nerdctl does not have this; `kuke-ctr version --backend nerdctl` shows "
        "the version, and --backend ctr goes without nerdctl",
    ),
    Row(r"image not available", kind=NotFound),
    Row(r"no such (container|image|object)|: not found(;|$)", kind=NotFound),
    Row(r"invalid reference format|filters: parse error", reason=Reason.INVALID_REFERENCE),
    Row(r"already exists|is already used by", reason=Reason.ALREADY_EXISTS),
    Row(r"no space left on device", reason=Reason.NO_SPACE),
)
"""The first row that fits counts."""


def failure_of(result: Result, *, typed: tuple[str, ...] = ()) -> KukeCtrError:
    """The error for a call that ended with another exit code than 0."""
    said = message_of(result.stderr)
    command = mask(result.argv)
    if not said:
        ending = f"exit code {result.exit_code}" if result.exit_code > 0 else "a signal"
        return CtrFailed(
            f"nerdctl failed ({ending}): no message",
            hint="run the command below by hand to see its output",
            command=command,
        )
    for row in ROWS:
        if re.search(row.says, said):
            hint = row.hint(typed) if callable(row.hint) else row.hint
            return row.kind(f"nerdctl: {said}", hint=hint, command=command, reason=row.reason)
    return CtrFailed(f"nerdctl: {said}", command=command)


def message_of(stderr: bytes) -> str:
    """What nerdctl says went wrong: its last fatal line, else its last error, else its last line.

    Several failures in one message are joined by `; `.
    """
    lines = list(read_log(stderr.decode(errors="replace")))
    for level in ("fatal", "panic", "error", ""):
        found = [line for line in lines if line.level == level]
        if found:
            return _sentence(found[-1])
    return _sentence(lines[-1]) if lines else ""


def warnings_in(stderr: bytes) -> Iterator[str]:
    """What a call that succeeded warns of, a line for each; what is no news is left out."""
    for line in read_log(stderr.decode(errors="replace")):
        if line.level in ("debug", "info") or _NO_NEWS.search(line.text):
            continue
        yield _sentence(line)


def _sentence(line: Logged) -> str:
    several = _SEVERAL.fullmatch(line.text)
    text = line.text if several is None else several["one"] or several["lines"] or ""
    said = "; ".join(dict.fromkeys(part.strip() for part in text.splitlines() if part.strip()))
    return f"{said}: {line.error}" if line.error else said
