"""What is mounted on this host, as the kernel says."""

import os
import re
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_POINT = 4  # proc(5): the fifth field, with blanks and backslashes as \040 and the like
_OCTAL = re.compile(r"\\([0-7]{3})")


def count_at(path: str, mounts: Path = _MOUNTS) -> int:
    """How many mounts stand on a folder, one over the other.

    os.path.ismount does not see those that come from the same file system.
    """
    wanted = os.path.realpath(path)
    lines = mounts.read_text(errors="surrogateescape").splitlines()
    points = (line.split(" ")[_POINT] for line in lines)
    return sum(_plain(point) == wanted for point in points)


def _plain(text: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)
