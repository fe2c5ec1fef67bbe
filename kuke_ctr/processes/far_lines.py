"""Commands in hints, for another host: pasted here, each runs there and changes nothing here."""

import re

from kuke_ctr.processes.far import Far
from kuke_ctr.processes.shell_words import shell_line

_KUKE = "kuke"
_PROGRAMS = (
    *("systemctl", "journalctl", "ls", "mkdir", "mv", "rm", "tail", "df", "file"),
    *("ps", "kill", "criu", _KUKE),
)
"""Those of hints that are about the files, processes and services of a host."""

_SUDO = re.compile(r"(?:run the same command with|try|use) (?:--)?sudo")
_OURS = ("kuke-ctr ", "ssh ")
_PLAIN = re.compile(r"[\w ./:@%+=,-]+", re.ASCII)
"""What a shell leaves alone: also the second one, there."""


def there(far: Far, line: str) -> str:
    """A line for a shell of that host, as one for the shell here; kuke-ctr's own are that."""
    if line.startswith(_OURS):
        return line
    line = line.removeprefix("sudo ")
    if _PLAIN.fullmatch(line):
        return f"{shell_line(far.words)} {line}"
    return shell_line((*far.words, line))


def hint_there(far: Far, hint: str) -> str:
    """A hint about that host: its commands reach it, and sudo is what ssh's user need not be."""
    hint = _replaced(far, hint, _PROGRAMS)
    as_root = far._replace(user="root").url
    return _SUDO.sub(lambda _: f"connect as a user who may: --host {as_root}", hint)


def other_hint(far: Far, hint: str) -> str:
    """One about files of this host, perhaps: in it only Kukeon's own commands are for that one."""
    return _SUDO.sub("run it as a user who may", _replaced(far, hint, (_KUKE,)))


def _replaced(far: Far, hint: str, programs: tuple[str, ...]) -> str:
    line = rf"`((?:sudo )?(?:{'|'.join(programs)}) [^`]*)`"
    return re.sub(line, lambda found: f"`{there(far, found[1])}`", hint)
