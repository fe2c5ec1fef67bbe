"""Whose word a record of Kukeon's is: the daemon's own, or that of somebody who could write there.

A container writes in its volumes and in the folders of the host that it mounts. What looks like a
record in there is the tenant's word, and so is what a link leads to.
"""

import stat
from pathlib import Path

TEMPLATES = ("blueprints", "configs")
"""Folders whose files say how cells are made."""

RESERVED = ("secrets", *TEMPLATES, "volumes", "volume-meta")
"""Names below a realm that are no space, stack or cell.

The containers that mount a volume write in its folder: what looks like a record there is theirs.
"""

_ROOT = 0


def is_kept(path: Path) -> bool:
    """Whether only Kukeon can have written this file or folder, as far as its folder is Kukeon's.

    It belongs to root or to the owner of the folder that it lies in, nobody else may write to it
    (a group of the owner's own number is nobody else), and it is no link. Kukeon's own files are
    0644 or stricter and its folders 2750, but for the volumes (2770).
    """
    try:
        found, folder = path.lstat(), path.parent.stat()
    except OSError:
        return False
    kind = stat.S_IFMT(found.st_mode)
    if kind not in (stat.S_IFREG, stat.S_IFDIR) or found.st_uid not in (_ROOT, folder.st_uid):
        return False
    for_group = found.st_mode & stat.S_IWGRP and found.st_gid != found.st_uid
    return not for_group and not found.st_mode & stat.S_IWOTH
