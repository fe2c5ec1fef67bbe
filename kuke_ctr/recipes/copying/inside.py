"""A path below a folder, every link on the way resolved within that folder.

Whoever is root in a container may put links anywhere, and may change them at any moment. So the
kernel never follows one here: each part of a path is opened by itself, without following, and a
link's text is resolved as the container would, with the folder as `/`. What procfs calls a link
(`/proc/1/root`) is text like any other.
"""

import errno
import os
import stat
from collections import deque
from types import TracebackType
from typing import Self

FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_LINKS = 40
"""As the kernel has it."""


class Place:
    """A path that was found: the descriptor of the folder that it lies in, and its name there.

    `found` is what is there, None for nothing. `path` leads there from the root, without links. The
    root itself is `.` in itself. Close it, or use it in a `with`.
    """

    def __init__(
        self, folder: int, name: str, found: os.stat_result | None, path: str = ""
    ) -> None:
        self.folder, self.name, self.found, self.path = folder, name, found, path

    @property
    def is_folder(self) -> bool:
        """Whether a folder is there; a link is none."""
        return self.found is not None and stat.S_ISDIR(self.found.st_mode)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self.folder)


def find(root: int, path: str, *, follow: bool = True) -> Place:
    """A path below the folder `root`; its last part may be missing, and is followed as asked.

    Raises OSError: ENOENT where a folder on the way is missing, ENOTDIR, ELOOP, EACCES.
    """
    walk = _Walk(root)
    try:
        return walk.to(path, follow=follow)
    except BaseException:
        walk.close()
        raise


class _Walk:
    """The folders on the way, the first one is the root; the last one is where we are."""

    def __init__(self, root: int) -> None:
        self._way = [os.dup(root)]
        self._names = ["."]
        self._links = 0

    def to(self, path: str, *, follow: bool) -> Place:
        left = deque(path.split("/"))
        while left:
            part = left.popleft()
            if part in ("", "."):
                continue
            if part == "..":
                self._leave()
                continue
            last = not any(one not in ("", ".") for one in left)
            found = self._look(part, last=last)
            if found is None:
                return self._place(part, None)
            if stat.S_ISLNK(found.st_mode) and (follow or not last or left):
                left.extendleft(reversed(self._read_link(part)))
            elif stat.S_ISDIR(found.st_mode):
                self._enter(part)
            elif last and not left:
                return self._place(part, found)
            else:
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), part)
        return self._here()

    def close(self) -> None:
        while self._way:
            os.close(self._way.pop())

    def _look(self, part: str, *, last: bool) -> os.stat_result | None:
        try:
            return os.stat(part, dir_fd=self._way[-1], follow_symlinks=False)
        except FileNotFoundError:
            if not last:
                raise
            return None

    def _read_link(self, part: str) -> list[str]:
        self._links += 1
        if self._links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), part)
        text = os.readlink(part, dir_fd=self._way[-1])
        if text.startswith("/"):
            while len(self._way) > 1:
                self._leave()
        return text.split("/")

    def _enter(self, part: str) -> None:
        self._way.append(os.open(part, FOLDER, dir_fd=self._way[-1]))
        self._names.append(part)

    def _leave(self) -> None:
        """One up; above the root there is nothing but the root."""
        if len(self._way) > 1:
            os.close(self._way.pop())
            self._names.pop()

    def _place(self, name: str, found: os.stat_result | None) -> Place:
        folder = self._way.pop()
        self.close()
        return Place(folder, name, found, "/".join([*self._names[1:], name]))

    def _here(self) -> Place:
        """The folder where the walk has ended, by its name in the one above."""
        found = os.fstat(self._way[-1])
        if len(self._way) == 1:
            return self._place(".", found)
        os.close(self._way.pop())
        return self._place(self._names.pop(), found)
