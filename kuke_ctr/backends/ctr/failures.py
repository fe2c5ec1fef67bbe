"""ctr's own failures as our errors: the message it printed, and what to do next."""

import re

from kuke_ctr.errors import CtrFailed, Forbidden, KukeCtrError, NotFound, TimeLimit
from kuke_ctr.processes.calls import Result, mask

_LOG_LINE = re.compile(r'^time="[^"]*" level=\w+ msg=')

_MOUNT = "ctr's fields are type=bind,src=/a,dst=/b,options=rbind:ro; -v /a:/b:ro is short for that"
_RUNTIME = "--runtime takes io.containerd.runc.v2 or the like, or the path of a shim's program"
_USER = "the container's image has none of that name (/etc/passwd, /etc/group); a number will do"
_MEMORY = "--memory-limit is less than it takes to start it; 16m is fine for a shell"
_OF_CONTAINERS = (
    ("invalid mount specification", _MOUNT),
    ("mount option ", _MOUNT),
    ("error mounting ", f"the source must exist on this host, and a bind mount be one: {_MOUNT}"),
    ("set in config.json failed", "--cwd names a folder in the container"),
    ("no users found", _USER),
    ("no groups found", _USER),
    ("invalid runtime name", _RUNTIME),
    ("binary not installed", _RUNTIME),
    ("unable to set memory limit", _MEMORY),
    ("memory limit too low", _MEMORY),
)
"""Of a container's start: what ctr's message holds, and the hint."""

# what ctr's message holds -> the error it is, and the hint; the first that fits
_KNOWN: tuple[tuple[str, type[KukeCtrError], str], ...] = (
    *((text, CtrFailed, hint) for text, hint in _OF_CONTAINERS),
    ("permission denied", Forbidden, "run the same command with sudo"),
    (
        "context deadline exceeded",
        TimeLimit,
        "containerd may hang; --timeout SECONDS sets the limit",
    ),
    ("failed to dial", CtrFailed, "is containerd running? `systemctl status containerd` tells"),
    ("connection error", CtrFailed, "is containerd running? `systemctl status containerd` tells"),
    ("namespace validation", CtrFailed, "see `kuke-ctr namespaces ls` for the names there are"),
    (
        "snapshotter not loaded",
        CtrFailed,
        "`kuke-ctr plugins ls type==io.containerd.snapshotter.v1` lists the snapshotters",
    ),
    (
        "No help topic",
        CtrFailed,
        "this ctr has no such command; `kuke-ctr version` shows how old it is",
    ),
    ("not found", NotFound, "see the list (`ls`) of the same realm for what there is"),
    ("unknown service", CtrFailed, "this ctr is newer than the containerd it talks to"),
)


def message_of(stderr: bytes) -> str:
    """What ctr says went wrong: its complaint, else the last line of its log."""
    return complaint_of(stderr) or _last(stderr.decode(errors="replace").splitlines())


def complaint_of(stderr: bytes) -> str:
    """ctr's last `ctr: ...` line, else its last line that is not of a log; empty for neither."""
    lines = stderr.decode(errors="replace").splitlines()
    own = [line for line in lines if line.startswith("ctr: ")]
    return _last(own or [line for line in lines if not _LOG_LINE.match(line)])


def _last(lines: list[str]) -> str:
    """The last line that says something, without ctr's name before it."""
    said = (line.removeprefix("ctr: ").strip() for line in reversed(lines))
    return next((line for line in said if line), "")


def failure_of(result: Result) -> KukeCtrError:
    """The error for a call that ended with another exit code than 0."""
    message = message_of(result.stderr)
    command = mask(result.argv)
    if not message:
        ending = f"exit code {result.exit_code}" if result.exit_code > 0 else "a signal"
        usage = "a flag that this ctr does not know" if result.stdout else "no message"
        return CtrFailed(
            f"ctr ended with {ending} and {usage}",
            hint="run the command below by hand to see all it says",
            command=command,
        )
    for text, kind, hint in _KNOWN:
        if text in message:
            return kind(f"ctr: {message}", hint=hint, command=command)
    return CtrFailed(f"ctr: {message}", command=command)
