"""The `__main__.py` of dist/kuke-ctr.pyz: where shiv unpacks to, and then shiv's own start.

Programs that are no text (pydantic's core) can't be run from within an archive. shiv unpacks all of
it once, below ~/.shiv unless SHIV_ROOT names another directory; here is what it does without a home
that is ours and that can be written to.
"""

import contextlib
import os
import stat
import sys
import tempfile

WITHOUT_HOME = f"/var/tmp/kuke-ctr-pyz-{os.geteuid()}"  # noqa: S108 (it is looked at)


def is_ours(folder: str) -> bool:
    """Whether a directory is ours alone to write to: what is unpacked there will be run."""
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    others = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return ours and not others and os.access(folder, os.W_OK | os.X_OK)


def root() -> str:
    """The directory to unpack into: in our home, else one of ours in /var/tmp."""
    home = os.path.expanduser("~")  # noqa: PTH111 (without a home it stays `~`)
    folders = [WITHOUT_HOME]
    if os.path.isabs(home) and is_ours(home):  # noqa: PTH117
        folders.insert(0, os.path.join(home, ".shiv"))  # noqa: PTH118
    for folder in folders:
        with contextlib.suppress(OSError):
            os.mkdir(folder, 0o700)  # noqa: PTH102
        if is_ours(folder):
            return folder
    return tempfile.mkdtemp(prefix="kuke-ctr-pyz-")


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 (an older one may be the first on PATH)
        sys.exit("kuke-ctr: needs Python 3.11 or newer: python3.11 kuke-ctr.pyz ...")
    if not os.environ.get("SHIV_ROOT"):
        os.environ["SHIV_ROOT"] = root()

    from _bootstrap import bootstrap  # type: ignore[import-not-found]

    bootstrap()
