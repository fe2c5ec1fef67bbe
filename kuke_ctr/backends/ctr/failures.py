"""ctr's own failures as our errors: the message it printed, and what to do next."""

import re

from kuke_ctr.errors import CtrFailed, Forbidden, KukeCtrError, NotFound, TimeLimit
from kuke_ctr.processes.calls import Result, mask

_LOG_LINE = re.compile(r'^time="[^"]*" level=\w+ msg=')

_MOUNT = "write a mount as type=bind,src=/a,dst=/b,options=rbind:ro, or in short as -v /a:/b:ro"
_RUNTIME = "--runtime takes a name such as io.containerd.runc.v2, or the path of a shim"
_USER = (
    "the image has no user or group of that name (/etc/passwd, /etc/group); use a number instead"
)
_MEMORY = "--memory-limit is too small to start the container; 16m is enough for a shell"
_OF_CONTAINERS = (
    ("invalid mount specification", _MOUNT),
    ("mount option ", _MOUNT),
    ("error mounting ", f"the source must exist on this host; {_MOUNT}"),
    (
        "set in config.json failed",
        "--cwd must be the absolute path of a directory in the container",
    ),
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
        "containerd may be hanging; --timeout sets how long to wait, for example --timeout 5m",
    ),
    (
        "failed to dial",
        CtrFailed,
        "is containerd running? check with `systemctl status containerd`",
    ),
    (
        "connection error",
        CtrFailed,
        "is containerd running? check with `systemctl status containerd`",
    ),
    ("namespace validation", CtrFailed, "`kuke-ctr namespaces ls` lists the namespaces"),
    (
        "snapshotter not loaded",
        CtrFailed,
        "`kuke-ctr plugins ls type==io.containerd.snapshotter.v1` lists the snapshotters",
    ),
    (
        "No help topic",
        CtrFailed,
        "this version of ctr does not have this command; `kuke-ctr version` shows the version",
    ),
    ("not found", NotFound, "the `ls` command of the same realm shows what exists"),
    (
        "unknown service",
        CtrFailed,
        "this containerd is older than ctr and does not have this function; use a ctr of "
        "containerd's version (--ctr)",
    ),
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
        usage = (
            "printed its help: it does not know one of the flags" if result.stdout else "no message"
        )
        return CtrFailed(
            f"ctr failed ({ending}): {usage}",
            hint="run the command below by hand to see its output",
            command=command,
        )
    for text, kind, hint in _KNOWN:
        if text in message:
            return kind(f"ctr: {message}", hint=hint, command=command)
    return CtrFailed(f"ctr: {message}", command=command)
