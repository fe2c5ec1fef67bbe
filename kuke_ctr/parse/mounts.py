"""The mount commands that `ctr snapshots mounts` prints, and the kernel's list of mounts."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from kuke_ctr.errors import Unreadable

_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_OCTAL = re.compile(r"\\([0-7]{3})")
_SEPARATED = 3
"""Fields after ` - `: type, source, super options."""


@dataclass(frozen=True, slots=True)
class MountCommand:
    """One line of `ctr snapshots mounts`, for the system's mount program."""

    type: str
    source: str
    target: str
    options: tuple[str, ...] = ()

    @property
    def read_only(self) -> bool:
        """Whether nothing can be written there."""
        return "ro" in self.options

    def argv(self) -> tuple[str, ...]:
        """The words that mount it."""
        given = ("-o", ",".join(self.options)) if self.options else ()
        return ("mount", "-t", self.type, *given, self.source, self.target)

    def without_writing(self) -> "MountCommand":
        """The same, read only."""
        others = (option for option in self.options if option not in ("rw", "ro"))
        return replace(self, options=(*others, "ro"))

    def folders(self) -> frozenset[str]:
        """The folders on the host by which a mount of the same snapshot can be told."""
        if self.source.startswith("/"):
            return frozenset([self.source])
        return overlay_folders(self.options)


@dataclass(frozen=True, slots=True)
class Mounted:
    """A line of /proc/self/mountinfo; `root` is the folder of the file system that is shown."""

    device: str
    root: str
    target: str
    options: tuple[str, ...]
    type: str
    super_options: tuple[str, ...]

    @property
    def read_only(self) -> bool:
        """Whether nothing can be written through this mount."""
        return "ro" in self.options or "ro" in self.super_options


def parse_mount_commands(lines: Iterable[str], target: str) -> list[MountCommand]:
    """The lines of `ctr snapshots mounts TARGET KEY`: `mount -t TYPE SOURCE TARGET [-o OPTIONS]`.

    ctr quotes nothing, so a line with any other number of words is refused (Unreadable), and so is
    one that would mount elsewhere than on TARGET or below it.
    """
    return [_command(line, target) for line in lines if line]


def _command(line: str, target: str) -> MountCommand:
    words = line.split(" ")
    match words:
        case ["mount", "-t", kind, source, where]:
            options: tuple[str, ...] = ()
        case ["mount", "-t", kind, source, where, "-o", text] if text:
            options = tuple(text.split(","))
        case _:
            raise _refused(line, "it is not `mount -t TYPE SOURCE TARGET -o OPTIONS`")
    if not _TYPE.fullmatch(kind) or not source or source.startswith("-") or "\t" in line:
        raise _refused(line, "its type or its source is not valid")
    if where != target and not where.startswith(f"{target.rstrip('/')}/"):
        raise _refused(line, f"it would mount on {where}, not on {target}")
    if ".." in where.split("/"):
        raise _refused(line, "its target contains `..`")
    return MountCommand(kind, source, where, options)


def _refused(line: str, why: str) -> Unreadable:
    return Unreadable(
        f"ctr printed a mount command that kuke-ctr does not run, because {why}: {line!r}",
        hint="nothing was mounted; `kuke-ctr snapshots mounts` shows the command",
    )


def overlay_folders(options: Iterable[str]) -> frozenset[str]:
    """The folder that an overlay writes to; of one that is read only, those that it shows."""
    values: dict[str, list[str]] = {}
    for option in options:
        name, _, value = option.partition("=")
        values.setdefault(name.removesuffix("+"), []).append(value)
    if "upperdir" in values:
        return frozenset(values["upperdir"])
    # the whole stack at once: one of its layers may well be in another stack
    return frozenset([":".join(values["lowerdir"])]) if "lowerdir" in values else frozenset()


def parse_mountinfo(text: str) -> Iterator[Mounted]:
    """The mounts in a /proc/PID/mountinfo (proc(5)); a line that is none is left out."""
    for line in text.split("\n"):
        front, _, back = line.partition(" - ")
        fields, rest = front.split(" "), back.split(" ")
        if len(fields) < 6 or len(rest) < _SEPARATED:  # noqa: PLR2004 (proc(5))
            continue
        yield Mounted(
            device=fields[2],
            root=_plain(fields[3]),
            target=_plain(fields[4]),
            options=tuple(fields[5].split(",")),
            type=rest[0],
            super_options=tuple(_plain(option) for option in rest[2].split(",")),
        )


def _plain(field: str) -> str:
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), field)


def folder_in_file_system(path: str, mounts: Iterable[Mounted]) -> tuple[str, str] | None:
    """Device and folder, as mountinfo has them for a bind mount, of an absolute path."""
    best: Mounted | None = None
    for mounted in mounts:
        inside = path == mounted.target or path.startswith(f"{mounted.target.rstrip('/')}/")
        # a later mount on the same place covers the earlier one
        if inside and (best is None or len(mounted.target) >= len(best.target)):
            best = mounted
    if best is None:
        return None
    rest = path[len(best.target.rstrip("/")) :]
    return best.device, (best.root.rstrip("/") + rest) or "/"


def mounted_from(command: MountCommand, mounts: Iterable[Mounted]) -> list[str]:
    """Where the files of a snapshot are mounted, by the command that would mount it."""
    known = list(mounts)
    wanted = command.folders()
    places = {folder_in_file_system(path, known) for path in wanted if path.startswith("/")}
    return [
        mounted.target
        for mounted in known
        if (mounted.device, mounted.root) in places
        or (mounted.type == "overlay" and overlay_folders(mounted.super_options) & wanted)
    ]
