"""The files of another host, as far as kuke-ctr reads them: a path there is a path with its host.

One call of sh fetches what nearly every command needs: Kukeon's settings, and three levels of the
run path with the records of its realms. Whoever goes deeper has the whole run path fetched, once.
So a path there is asked as one of this host (`iterdir`, `lstat`, `files.read_text`), and the code
that reads records is the same. What would open such a path here by mistake fails.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path, PosixPath
from typing import ClassVar, NoReturn

from kuke_ctr.errors import Unreadable, UsageError
from kuke_ctr.kukeon.settings import DAEMON_SETTINGS, DEFAULT_RUN_PATH, KUKE_YAML, Side
from kuke_ctr.parse.far_files import Entry, Seen, parse_far_files
from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.runner import Processes
from kuke_ctr.processes.shell_words import shell_line

_ONE, _NEAR, _ALL = 1, 3, 9
"""How many levels are looked at: a file, a run path down to its realms' records, a whole one."""

_DEPTHS = {_ONE: 0, _NEAR: 3, _ALL: 1000}

_SCRIPT = "far_files.sh"

Fetch = Callable[[Sequence[str]], bytes]
"""Runs the script on the far host with these arguments, and gives its stdout."""


class FarFiles:
    """The files of one far host. `fetch` raises what keeps it from an answer.

    Raises Unreadable where the shell there prints something of its own.
    """

    def __init__(self, far: Far, fetch: Fetch, run_path: str, settings: Sequence[str]) -> None:
        self.far = far
        self._fetch = fetch
        self._run_paths = [run_path]
        self._seen = Seen()
        self._class: type[FarPath] = type("FarPath", (FarPath,), {"files": self})
        self._look(f"{_NEAR}:{run_path}", *(f"{_ONE}:{path}" for path in settings))

    @property
    def environ(self) -> Mapping[str, str]:
        """The variables of the login there that say where Kukeon and containerd are."""
        return {name: value for name, value in self._seen.environ.items() if value}

    def path(self, text: str) -> Path:
        """A path there."""
        return self._class(text)

    def run_path(self, text: str) -> Path:
        """Kukeon's run path there, whose records will be read."""
        path = self.path(text)
        if str(path) not in self._run_paths:
            self._run_paths.append(str(path))
            self._look(f"{_NEAR}:{path}")
        return path

    def entry(self, path: str, levels: int = 0) -> Entry:
        """What there is; looks at it first where nobody has. FileNotFoundError, PermissionError.

        `levels` are those below it that are wanted.
        """
        if not self._knows(path, levels):
            root = next((one for one in self._run_paths if _depth(one, path) is not None), None)
            self._look(f"{_ONE}:{path}" if root is None else f"{_ALL}:{root}")
        found = self._seen.entries.get(path)
        for parent in (str(one) for one in PosixPath(path).parents):
            above = self._seen.entries.get(parent)
            if above is not None and above.denied:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        if found is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return found

    def names_in(self, path: str) -> list[str]:
        """The names in a folder. OSError as of this host's."""
        found = self.entry(path, levels=1)
        if found.denied:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        if not stat.S_ISDIR(found.mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        before = f"{path.rstrip('/')}/"
        return [
            one.removeprefix(before)
            for one in self._seen.entries
            if one.startswith(before) and "/" not in one.removeprefix(before)
        ]

    def _knows(self, path: str, levels: int) -> bool:
        for root, looked in self._seen.places:
            depth = _depth(root, path)
            if depth is not None and depth + levels <= _DEPTHS.get(looked, -1):
                return True
        return False

    def _look(self, *places: str) -> None:
        try:
            seen = parse_far_files(self._fetch(places).decode(errors="surrogateescape"))
        except ValueError as error:
            raise self._noise(str(error)) from None
        self._seen.places += seen.places
        self._seen.entries |= seen.entries
        self._seen.environ |= seen.environ

    def _noise(self, text: str) -> Unreadable:
        first = text.splitlines()[0][:60] if text else "nothing"
        by_hand = shell_line((*self.far.words, "true"))
        return Unreadable(
            f"the shell of {self.far} prints text of its own: {first!r}",
            hint=f"`{by_hand}` must print nothing: look into the shell's start files there "
            "(.bashrc, .profile) for an echo",
        )


def side_of(far: Far, run_path: str | None, processes: Processes, timeout: float | None) -> Side:
    """The far host as settings see it; `run_path` is the one that was asked for."""

    script = Path(__file__).with_name(_SCRIPT)
    text = files("kuke_ctr.kukeon").joinpath(_SCRIPT).read_bytes()  # in an archive, perhaps

    def fetch(places: Sequence[str]) -> bytes:
        argv = ("sh", "-s", *places)
        call = Call(argv, timeout, stdin=text, probe=True, reads=str(script), far=far)
        return processes.run(call).stdout

    settings = (str(DAEMON_SETTINGS), f"HOME/.kuke/{KUKE_YAML}")
    there = FarFiles(far, fetch, run_path or DEFAULT_RUN_PATH, settings)
    return Side(there.environ, there.path, there.run_path)


def _depth(root: str, path: str) -> int | None:
    """How many levels a path is below another; None where it is not below."""
    if path == root:
        return 0
    before = f"{root.rstrip('/')}/"
    return path.removeprefix(before).count("/") + 1 if path.startswith(before) else None


class FarPath(PosixPath):
    """A path of a far host; each host has a class of its own, so paths made of it are of it too."""

    files: ClassVar[FarFiles]

    @property
    def far(self) -> Far:
        """The host that it is a path of."""
        return self.files.far

    def lstat(self) -> os.stat_result:
        return self._stat(self.files.entry(str(self)))

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        found, path = self.files.entry(str(self)), self
        for _ in range(_LINKS):
            if not follow_symlinks or found.target is None:
                return self._stat(found)
            path = (
                type(self)(os.path.normpath(f"{path.parent}/{found.target}"))
                if not (found.target.startswith("/"))
                else type(self)(found.target)
            )
            found = self.files.entry(str(path))
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(self))

    def exists(self, *, follow_symlinks: bool = True) -> bool:
        return self._kind(follow_symlinks) is not None

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return self._kind(follow_symlinks) == stat.S_IFDIR

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return self._kind(follow_symlinks) == stat.S_IFREG

    def is_symlink(self) -> bool:
        return self._kind(follow_symlinks=False) == stat.S_IFLNK

    def iterdir(self) -> Iterator["FarPath"]:  # type: ignore[override]
        return (self / name for name in self.files.names_in(str(self)))

    def fetched_text(self) -> str:
        """The text of a file that was fetched; OSError, UsageError for one that never is."""
        found = self.files.entry(str(self))
        if found.denied:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))
        if stat.S_ISDIR(found.mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(self))
        if found.text is None:
            self._only_there()
        return found.text

    def __fspath__(self) -> str:
        self._only_there()

    def _only_there(self) -> NoReturn:
        raise UsageError(
            f"{self} is a file of {self.files.far}, which is not read through ssh",
            hint=f"`{shell_line(self.files.far.words)}`, and use kuke-ctr there",
        )

    def _kind(self, follow_symlinks: bool) -> int | None:
        try:
            found = self.stat() if follow_symlinks else self.lstat()
        except PermissionError:
            raise
        except OSError:
            return None
        return stat.S_IFMT(found.st_mode)

    @staticmethod
    def _stat(found: Entry) -> os.stat_result:
        return os.stat_result((found.mode, 0, 0, 1, found.uid, found.gid, found.size, 0, 0, 0))


_LINKS = 8
