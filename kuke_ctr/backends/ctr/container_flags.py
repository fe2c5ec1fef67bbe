"""The flags of `ctr run` and `ctr containers create`: one table, from which options are made."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple

from kuke_ctr.errors import UsageError
from kuke_ctr.parse.amounts import PERIOD, memory_in_bytes, quota_of

RUN, CREATE = "run", "containers create"
BOTH = (RUN, CREATE)


class Kind(Enum):
    """What stands behind a flag."""

    SWITCH = auto()
    TEXT = auto()
    SEVERAL = auto()
    NUMBER = auto()
    SHARE = auto()
    FILE = auto()


def capability_of(name: str) -> str:
    """ctr's name of a capability: CAP_NET_ADMIN for NET_ADMIN, as docker has it."""
    upper = name.upper()
    return upper if upper.startswith("CAP_") else f"CAP_{upper}"


def _annotation(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    if not (name and equals):
        raise UsageError(f"{pair!r} is not an annotation", hint="annotations are KEY=VALUE")
    return pair


def _absolute(path: str) -> str:
    """A path that the shim opens, which runs in another folder."""
    return str(Path(path).absolute())


def folder_inside(path: str) -> str:
    """An absolute path in the container, which the runtime wants for --cwd. UsageError."""
    if not path.startswith("/"):
        raise UsageError(f"--cwd {path!r} is not an absolute path", hint="for example --cwd /tmp")
    return path


class ContainerFlag(NamedTuple):
    """A flag: ctr's name without its dashes, what stands behind it, and its help.

    `also` are our other names of it, `since` the first version of ctr that has it, by command;
    `reads` turns what was typed into what ctr takes. Of a `rare` one the short help says nothing.
    """

    name: str
    kind: Kind
    help: str
    metavar: str | None = None
    also: tuple[str, ...] = ()
    commands: tuple[str, ...] = BOTH
    since: Mapping[str, str] = {}
    reads: Callable[[str], str] | None = None
    rare: bool = False

    @property
    def field(self) -> str:
        """The name of the parameter."""
        return self.name.replace("-", "_")


_CAPABILITIES = dict.fromkeys(BOTH, "1.6")
_ONE_SEVEN = dict.fromkeys(BOTH, "1.7")

FLAGS = (
    ContainerFlag(
        "mount", Kind.SEVERAL, "A mount: type=bind,src=/a,dst=/b,options=rbind:ro.", "FIELDS"
    ),
    ContainerFlag(
        "cwd",
        Kind.TEXT,
        "The folder in the container that it starts in.",
        "DIR",
        ("--workdir", "-w"),
        reads=folder_inside,
    ),
    ContainerFlag(
        "user",
        Kind.TEXT,
        "User and group, names or numbers: USER[:GROUP] (ctr 1.7).",
        "USER",
        ("-u",),
        BOTH,
        _ONE_SEVEN,
    ),
    ContainerFlag(
        "hostname", Kind.TEXT, "Its host name (ctr 1.7).", "NAME", ("-h",), (RUN,), _ONE_SEVEN
    ),
    ContainerFlag(
        "hostname", Kind.TEXT, "Its host name (ctr 1.7).", "NAME", (), (CREATE,), _ONE_SEVEN
    ),
    ContainerFlag(
        "net-host",
        Kind.SWITCH,
        "Use the host's network; without it there is only a loopback interface.",
    ),
    ContainerFlag(
        "config",
        Kind.FILE,
        "Make it from this OCI spec instead of an image.",
        "FILE",
        ("-c",),
        (CREATE,),
        rare=True,
    ),
    ContainerFlag("label", Kind.SEVERAL, "A label.", "KEY=VALUE", ("-l",)),
    ContainerFlag(
        "memory-limit",
        Kind.TEXT,
        "Memory limit: 268435456, 256m, 2g.",
        "BYTES",
        reads=lambda text: str(memory_in_bytes(text)),
    ),
    ContainerFlag("cpus", Kind.SHARE, "Number of processors: 1.5.", "N"),
    ContainerFlag("privileged", Kind.SWITCH, "Give it all that root of the host may do."),
    ContainerFlag("read-only", Kind.SWITCH, "Make its root file system read-only."),
    ContainerFlag(
        "cap-add",
        Kind.SEVERAL,
        "Add a capability: NET_ADMIN (ctr 1.6).",
        "CAP",
        since=_CAPABILITIES,
        reads=capability_of,
        rare=True,
    ),
    ContainerFlag(
        "cap-drop",
        Kind.SEVERAL,
        "Drop a capability (ctr 1.6).",
        "CAP",
        since=_CAPABILITIES,
        reads=capability_of,
        rare=True,
    ),
    ContainerFlag(
        "annotation",
        Kind.SEVERAL,
        "An annotation of the spec (ctr 1.6.9).",
        "KEY=VALUE",
        commands=(CREATE,),
        since={CREATE: "1.6.9"},
        reads=_annotation,
        rare=True,
    ),
    ContainerFlag(
        "with-ns",
        Kind.SEVERAL,
        "Join an existing Linux namespace.",
        "TYPE:PATH",
        commands=(CREATE,),
        rare=True,
    ),
    ContainerFlag(
        "allow-new-privs",
        Kind.SWITCH,
        "Let setuid programs work in it.",
        commands=(CREATE,),
        rare=True,
    ),
    ContainerFlag(
        "seccomp",
        Kind.SWITCH,
        "Use containerd's default seccomp profile.",
        commands=(CREATE,),
        rare=True,
    ),
    ContainerFlag(
        "seccomp-profile",
        Kind.FILE,
        "Use this seccomp profile (ctr 1.5).",
        "FILE",
        commands=(CREATE,),
        since={CREATE: "1.5"},
        rare=True,
    ),
    ContainerFlag(
        "device", Kind.SEVERAL, "Add a device of the host.", "PATH", commands=(CREATE,), rare=True
    ),
    ContainerFlag(
        "cpu-quota",
        Kind.NUMBER,
        "Microseconds of processor time in a period.",
        "US",
        commands=(CREATE,),
        rare=True,
    ),
    ContainerFlag(
        "cpu-period",
        Kind.NUMBER,
        "Length of a period in microseconds.",
        "US",
        commands=(CREATE,),
        rare=True,
    ),
    ContainerFlag("snapshotter", Kind.TEXT, "overlayfs, native, ...", "NAME", rare=True),
    ContainerFlag(
        "platform",
        Kind.TEXT,
        "Use the image of this platform: linux/arm64.",
        "OS/ARCH",
        commands=(RUN,),
        rare=True,
    ),
    ContainerFlag(
        "rootfs",
        Kind.SWITCH,
        "IMAGE is a folder that is the root file system.",
        commands=(CREATE,),
        rare=True,
    ),
    ContainerFlag("runtime", Kind.TEXT, "io.containerd.runc.v2, ...", "NAME", rare=True),
    ContainerFlag(
        "runtime-config-path",
        Kind.FILE,
        "A configuration file for the runtime (ctr 1.5).",
        "FILE",
        commands=(CREATE,),
        since={CREATE: "1.5"},
        reads=_absolute,
        rare=True,
    ),
    ContainerFlag(
        "runc-binary",
        Kind.TEXT,
        "Use this runc (ctr 2.0).",
        "PROGRAM",
        commands=(CREATE,),
        since={CREATE: "2.0"},
        rare=True,
    ),
    ContainerFlag(
        "runc-root",
        Kind.FILE,
        "Where runc keeps its state.",
        "DIR",
        since={RUN: "1.5", CREATE: "2.0"},
        reads=_absolute,
        rare=True,
    ),
    ContainerFlag(
        "cgroup", Kind.TEXT, "The path of its cgroup.", "PATH", commands=(RUN,), rare=True
    ),
)

WITH_CONFIG = ("label", "runtime", "runtime-config-path", "runc-binary", "runc-root", "config")
"""The flags that count beside --config; ctr ignores the others in silence."""


def flags_of(command: str) -> tuple[ContainerFlag, ...]:
    """The flags that a command has."""
    return tuple(flag for flag in FLAGS if command in flag.commands)


def before_dashes(flags: Sequence[str]) -> tuple[str, ...]:
    """The flags that stand before a `--`: a switch at their end becomes `--tty=true`.

    ctr 1.6 takes a `--` behind `--tty` for its value, and then a `-c` of the program for its own.
    """
    *most, last = flags or ("",)
    if not last.startswith("--") or "=" in last:
        return tuple(flags)
    return (*most, f"{last}=true")


def words_of(command: str, given: Mapping[str, object]) -> tuple[str, ...]:
    """ctr's words for what was given, by the names of the parameters. UsageError."""
    values = dict(given)
    if values.get("seccomp_profile") is not None:
        values["seccomp"] = True
    words: list[str] = []
    for flag in flags_of(command):
        words += _words(flag, values.get(flag.field), command)
    return tuple(words)


def _words(flag: ContainerFlag, value: object, command: str) -> list[str]:
    name = f"--{flag.name}"
    if value is None or value is False:
        return []
    if value is True:
        return [name]
    if isinstance(value, float) and flag.kind is Kind.SHARE:
        quota = quota_of(value)
        if command == RUN:
            return [name, f"{value}"]
        return ["--cpu-quota", str(quota), "--cpu-period", str(PERIOD)]  # `create` has no --cpus
    read = flag.reads or str
    if isinstance(value, list):
        return [word for one in value for word in (name, read(one))]
    return [name, read(str(value))]
