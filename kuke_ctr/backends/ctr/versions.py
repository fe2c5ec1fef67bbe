"""What came to ctr with which version: one table, asked before such a call is made."""

import re

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.errors import CtrFailed

SINCE: dict[tuple[str, ...], str] = {
    ("deprecations",): "1.6.27",
    ("info",): "1.7",
    ("sandboxes",): "1.7",
}
"""The words of a command -> the first version of ctr that has it."""


def numbers_of(version: str) -> tuple[int, ...]:
    """The numbers at the front of a version: `1.7.24~ds1` is (1, 7, 24); nothing for no version."""
    match = re.match(r"v?(\d+(?:\.\d+)*)", version)
    return tuple(map(int, match[1].split("."))) if match else ()


def require(ctr: Ctr, *words: str) -> None:
    """Raise CtrFailed where this ctr is too old for a command; one of an unknown version passes."""
    since = SINCE.get(words)
    if since is None:
        return
    found = ctr.version()
    numbers = numbers_of(found.removeprefix("ctr "))
    if numbers and numbers < numbers_of(since):
        command = " ".join(words)
        raise CtrFailed(
            f"{found} has no `{command}`: it came with ctr {since}",
            hint="a newer ctr works with an older containerd: name it with --ctr",
        )
