"""The words of `cp`: which side is a container, and where the copy comes to lie; as in docker."""

from typing import NamedTuple

from kuke_ctr.errors import UsageError

STREAM = "-"


class Side(NamedTuple):
    """One side of a copy: a path on this host, or in a container. `-` is stdin or stdout."""

    path: str
    container: str | None = None

    @property
    def is_stream(self) -> bool:
        """Whether it is an archive on stdin or stdout."""
        return self.container is None and self.path == STREAM

    @property
    def is_content(self) -> bool:
        """Whether it means what is in a folder and not the folder: `web:/data/.`, `web:/`."""
        return self.name in ("", ".", "..") and not self.is_stream

    @property
    def names_folder(self) -> bool:
        """Whether it can be nothing but a folder: `web:/data/`."""
        return self.path.endswith("/") or self.is_content

    @property
    def name(self) -> str:
        """The last part of the path, `data` of `/data/`; `.` of `/data/.`, empty of `/`."""
        return self.path.rstrip("/").rpartition("/")[2]

    def __str__(self) -> str:
        return self.path if self.container is None else f"{self.container}:{self.path}"


def side_of(word: str) -> Side:
    """`web:/etc/hosts` and `web/app:/etc/hosts` are in a container, `./a:b` and `/a:b` are not."""
    container, colon, path = word.partition(":")
    if not colon or not container or word.startswith(("/", "./", "../")):
        return Side(word)
    if not path:
        raise UsageError(f"{word} names no path in the container", hint=f"for example {word}/etc")
    return Side(path, container)


def sides_of(source: str, target: str) -> tuple[Side, Side]:
    """Both sides, one of which is a container; UsageError."""
    first, second = side_of(source), side_of(target)
    if first.container is None and second.container is None:
        raise UsageError(
            "neither side names a container",
            hint="kuke-ctr cp ID:/path/in/container DEST, or kuke-ctr cp SRC ID:/path/in/container",
        )
    if first.container is not None and second.container is not None:
        raise UsageError(
            "both sides are in containers, and kuke-ctr copies between a container and this host",
            hint=f"through a pipe into a directory there: `kuke-ctr cp {first} - | kuke-ctr cp - "
            f"{second}`; a file of this host with a colon in its name is ./{target}",
        )
    return first, second


def place_of_copy(
    source: Side, *, of_folder: bool, target: Side, exists: bool, is_folder: bool
) -> tuple[str, ...]:
    """Where in the target's folder the copy comes to lie: (NAME,), or () for the content itself.

    With () the target is a folder that gets what is in the source; else its parent, or itself where
    it `is_folder`, gets a file or a folder of that name. `of_folder`: the source is one. Raises
    UsageError.
    """
    if is_folder:
        return () if of_folder and source.is_content else (source.name,)
    if exists and of_folder:
        raise UsageError(f"{source} is a directory, and {target} is not", hint="name a directory")
    if not of_folder and target.names_folder:
        what = "is not a directory" if exists else "does not exist"
        raise UsageError(f"{target} {what}", hint="leave out the / at the end to name a file")
    return (target.name,)
