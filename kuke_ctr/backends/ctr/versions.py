"""What came to ctr with which version: one table, asked before such a call is made."""

import re

from kuke_ctr.backends.ctr.client import Ctr, lines_of
from kuke_ctr.errors import CtrFailed, Unreadable
from kuke_ctr.parse.version import parse_version
from kuke_ctr.records import Version

SINCE: dict[tuple[str, ...], str] = {
    ("deprecations",): "1.6.27",
    ("info",): "1.7",
    ("run", "--cap-add"): "1.6",
    ("run", "--cap-drop"): "1.6",
    ("run", "--hostname"): "1.7",
    ("run", "--runc-root"): "1.5",
    ("run", "--user"): "1.7",
    ("sandboxes",): "1.7",
    ("tasks", "exec", "--user"): "1.5",
}
"""The words of a command, perhaps with a flag -> the first version of ctr that has it."""


def numbers_of(version: str) -> tuple[int, ...]:
    """The numbers at the front of a version: `1.7.24~ds1` is (1, 7, 24); nothing for no version."""
    match = re.match(r"v?(\d+(?:\.\d+)*)", version)
    return tuple(map(int, match[1].split("."))) if match else ()


def client(ctr: Ctr) -> tuple[int, ...]:
    """The numbers of this ctr's version, asked once; nothing where it does not say."""
    return numbers_of(ctr.version().removeprefix("ctr").strip())


def server(ctr: Ctr) -> tuple[int, ...]:
    """The numbers of containerd's version (`ctr version`); nothing where it does not say.

    A probe, it runs in a dry run too.
    """
    try:
        said = ctr.processes.run(ctr.call("version", probe=True))
    except Unreadable:  # not recorded, perhaps
        return ()
    for row in parse_version(lines_of(said.stdout)):
        if isinstance(row, Version) and row.program == "containerd":
            return numbers_of(row.version)
    return ()


def local(ctr: Ctr) -> tuple[str, ...]:
    """`--local` where this ctr would use the transfer service and containerd has none.

    ctr uses it by itself from 2.0 on, containerd has it since 1.7: without the flag a 2.x ctr can't
    import, export or tag on a 1.6 daemon (`unknown service`).
    """
    if client(ctr) < (2,):
        return ()
    found = server(ctr)
    return ("--local",) if found and found < (1, 7) else ()


def require(ctr: Ctr, *words: str) -> None:
    """Raise CtrFailed where this ctr is too old for a command; one of an unknown version passes."""
    since = SINCE.get(words)
    if since is None:
        return
    numbers = client(ctr)
    if numbers and numbers < numbers_of(since):
        command = " ".join(words)
        raise CtrFailed(
            f"{ctr.version()} has no `{command}`: it came with ctr {since}",
            hint="a newer ctr works with an older containerd: name it with --ctr",
        )
