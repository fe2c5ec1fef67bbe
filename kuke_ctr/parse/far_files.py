"""What the script of `kukeon/far_files.py` prints: files of another host, as one text.

kuke-ctr files                      what stands before it is not the script's
v HOME /root                        a variable
t 3 /opt/kukeon                     a place that was looked at, and how many levels of it
drwxr-x--- 3 0 998 4096 Nov 27 10:26 ./data     as `ls -ldn` has it
! ./data/main                       it may not be read
= ./data/main/metadata.json         its text: each line behind a space, ...
/                                   ... up to here, and one line break more than it has
.                                   the end
"""

import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

MARK = "kuke-ctr files"
END = "."
_END_OF_TEXT = "/"

_LS = re.compile(
    r"(?P<kind>[-dlpscb])(?P<mode>[-rwxsStT]{9})\S* +\d+ +(?P<uid>\d+) +(?P<gid>\d+) +"
    r"(?:(?P<size>\d+)|\d+, *\d+) +\S+ +\S+ +\S+ (?P<name>.*)"
)
_KINDS = {
    "-": stat.S_IFREG,
    "d": stat.S_IFDIR,
    "l": stat.S_IFLNK,
    "p": stat.S_IFIFO,
    "s": stat.S_IFSOCK,
    "c": stat.S_IFCHR,
    "b": stat.S_IFBLK,
}
_SPECIAL = ((2, stat.S_ISUID), (5, stat.S_ISGID), (8, stat.S_ISVTX))


@dataclass(frozen=True, slots=True)
class Entry:
    """A file there: `mode` with its kind, `target` of a link, `text` where it was read."""

    mode: int
    uid: int
    gid: int
    size: int
    target: str | None = None
    text: str | None = None
    denied: bool = False


@dataclass(slots=True)
class Seen:
    """What was looked at: places and their levels, entries by absolute path, variables."""

    places: list[tuple[str, int]] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)


def parse_far_files(text: str) -> Seen:
    """The files; ValueError with what stands before the mark, or for an answer without its end."""
    before, mark, rest = f"\n{text}".partition(f"\n{MARK}\n")
    if before.strip() or not mark:
        raise ValueError(before.strip() or text.strip())
    lines = rest.split("\n")
    if lines[-2:] != [END, ""]:
        raise ValueError("the answer has no end")
    seen = Seen()
    _read(iter(lines[:-2]), seen)
    return seen


def with_texts(answer: str, change: Callable[[str, str], str]) -> str:
    """The answer with another text for each file: `change` takes its name there and its text."""
    lines, found = iter(answer.split("\n")), []
    for line in lines:
        found.append(line)
        if line.startswith("= "):
            found += [f" {one}" for one in change(line[2:], _text(lines)).split("\n")]
            found.append(_END_OF_TEXT)
    return "\n".join(found)


def _read(lines: Iterator[str], seen: Seen) -> None:
    root = "/"
    for line in lines:
        sign, _, rest = line.partition(" ")
        if sign == "v":
            name, _, value = rest.partition(" ")
            seen.environ[name] = value
        elif sign == "t":
            levels, _, root = rest.partition(" ")
            seen.places.append((root, int(levels)))
        elif sign == "!":
            _change(seen, _whole(root, rest), denied=True)
        elif sign == "=":
            _change(seen, _whole(root, rest), text=_text(lines))
        else:
            _add(seen, root, line)


def _text(lines: Iterator[str]) -> str:
    """A text, which is up to its end that of anybody: no line of it begins a line here."""
    found: list[str] = []
    for line in lines:
        if line == _END_OF_TEXT:
            break
        found.append(line.removeprefix(" "))
    return "\n".join(found)


def _add(seen: Seen, root: str, line: str) -> None:
    match = _LS.fullmatch(line)
    if match is None:
        return
    name, _, target = (
        match["name"].partition(" -> ") if match["kind"] == "l" else (match["name"], "", "")
    )
    seen.entries[_whole(root, name)] = Entry(
        _mode(match["kind"], match["mode"]),
        int(match["uid"]),
        int(match["gid"]),
        int(match["size"] or 0),
        target or None,
    )


def _mode(kind: str, letters: str) -> int:
    bits = sum(1 << (8 - place) for place, one in enumerate(letters) if one not in "-ST")
    for place, bit in _SPECIAL:
        if letters[place] in "sStT":
            bits |= bit
    return _KINDS[kind] | bits


def _change(seen: Seen, path: str, *, text: str | None = None, denied: bool = False) -> None:
    known = seen.entries.get(path, Entry(stat.S_IFDIR if denied else stat.S_IFREG, 0, 0, 0))
    seen.entries[path] = replace(known, text=text, denied=denied)


def _whole(root: str, name: str) -> str:
    if name == ".":
        return root
    return f"{root.rstrip('/')}/{name[2:]}" if name.startswith("./") else name
