"""`run`, `containers create`, `tasks start`, `exec`, `attach`: why a process did not start."""

from kuke_ctr.backends.ctr.failures.local import NO_SNAPSHOTTER, NO_SPACE
from kuke_ctr.backends.ctr.failures.table import Failed, Row, Table
from kuke_ctr.errors import CtrFailed, Reason

_MOUNT = "write a mount as type=bind,src=/a,dst=/b,options=rbind:ro, or in short as -v /a:/b:ro"
_SOURCE = "the source of the mount must exist on containerd's host"
_RUNTIME = "--runtime takes a name such as io.containerd.runc.v2, or the path of a shim"
_CWD = "--cwd must be the absolute path of a directory in the container"


def _start(failed: Failed) -> str:
    return f"to start it: {failed.line('start', failed.asked.name)}"


def _checks(failed: Failed) -> str:
    return f"{failed.line('images', 'check')} shows what is incomplete"


MADE = Table(
    (
        Row(r"invalid mount specification|mount option ", _MOUNT, given=("--mount",)),
        Row(r"error mounting ", f"{_SOURCE}; {_MOUNT}", given=("--mount",)),
        Row(r"error mounting ", _SOURCE),
        Row(r"set in config\.json failed|Cwd must be an absolute path", _CWD, given=("--cwd",)),
        Row(
            r"args must not be empty|no command specified",
            "write the command after the image; `images inspect` shows what the image has",
            message="there is nothing to run: the image has no ENTRYPOINT and no Cmd",
        ),
        Row(
            r"no users found|no groups found",
            "the image has no user or group of that name (/etc/passwd, /etc/group); use a number "
            "instead",
        ),
        Row(
            r"/etc/(?:passwd|group): no such file",
            "the image has no users or groups with names (/etc/passwd, /etc/group); use a number "
            "instead",
            given=("--user",),
        ),
        Row(r"invalid runtime name|binary not installed", _RUNTIME, given=("--runtime",)),
        Row(
            r"binary not installed",
            "the shim of this runtime is not installed on containerd's host",
        ),
        Row(
            r"unable to set memory limit|memory limit too low",
            "--memory-limit is too small to start the container; 16m is enough for a shell",
            given=("--memory-limit",),
        ),
        Row(r"unable to set memory limit|memory limit too low", "the memory limit is too small"),
        Row(
            r"invalid rootfs",
            "--rootfs must be the absolute path of a directory on containerd's host",
            given=("--rootfs",),
        ),
        Row(
            r"cni plugin not initialized|no network config found",
            "--cni needs a network configuration in /etc/cni/net.d and its plugins in /opt/cni/bin",
            given=("--cni",),
        ),
        Row(
            r"nvidia-container-cli",
            "--gpus needs nvidia-container-cli on containerd's host",
            given=("--gpus",),
        ),
        Row(
            r"content digest \w+:[0-9a-f]+: not found$",
            _checks,
            CtrFailed,
            Reason.MISSING_CONTENT,
        ),
        NO_SNAPSHOTTER,
        NO_SPACE,
        Row(r"OCI runtime .*(?:permission denied|not found|deadline exceeded)"),
    ),
    ("run", "containers create", "tasks start", "tasks exec"),
)

STATE = Table(
    (
        Row(
            r"no running task found|cannot exec in a (?:stopped|deleted|created)",
            _start,
            reason=Reason.NOT_RUNNING,
            message=lambda failed: f"the container {failed.asked.name} is not running",
        ),
        Row(
            r"cannot exec in a paused state",
            lambda failed: "to continue it: " + failed.line("tasks", "resume", failed.asked.name),
            message=lambda failed: f"the container {failed.asked.name} is paused",
        ),
    ),
    ("tasks exec",),
)

CHECKPOINT = Table(
    (
        Row(
            r'"criu"',
            "install criu where containerd runs (Debian's package: criu)",
            message="cannot make a checkpoint: criu is not installed on the host of containerd",
        ),
        Row(
            r"criu failed",
            "the log that ctr names has the reason; `criu check` shows what is missing",
        ),
    ),
    ("tasks checkpoint",),
)


def _follow(failed: Failed) -> str:
    return f"{failed.line('logs', '-f', failed.asked.name)} follows it"


ATTACH = Table(
    (
        Row(
            r"error creating fifo file://(?P<path>.*?)(?:: |$)",
            _follow,
            message=lambda failed: (
                f"{failed.asked.name} writes its output to the file "
                f"{failed.group('path')}, so ctr cannot attach to it"
            ),
        ),
        Row(
            r"error creating fifo (?P<path>.*?)(?:: |$)",
            "containerd has stopped while ctr was attached, and ctr removed them; the task is "
            "still running, but it will wait when about 64 KiB of its output are unread",
            message=lambda failed: (
                f"nobody can attach to {failed.asked.name} any more: its FIFOs "
                f"({failed.group('path')}) do not exist"
            ),
        ),
    ),
    ("tasks attach",),
)

LOST = Table(
    (
        Row(
            "",
            lambda failed: (
                f"{failed.asked.name} is probably still running: "
                f"{failed.line('tasks', 'ls')} shows its state"
            ),
        ),
    ),
    ("tasks attach",),
)
"""An attach that no other table has explained."""
