"""What ctr prints while it imports: which images it has written."""

import re
from dataclasses import dataclass

_CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\r")
_UNPACKING = re.compile(r"^unpacking (.+) \([a-z0-9]+:[0-9a-f]+\)\.\.\.", re.MULTILINE)
_SAVED = re.compile(r"^(\S.*?) *\tsaved\t", re.MULTILINE)

_SHOWN = 40
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Written:
    """The images that ctr named: `whole` as they are called, `drawn` as its progress has them."""

    whole: frozenset[str]
    drawn: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.whole or self.drawn)

    def has(self, reference: str) -> bool:
        """Whether the image is one of them."""
        return reference in self.whole or _as_drawn(reference) in self.drawn


def parse_import(text: str) -> Written:
    """What `ctr images import` printed: `unpacking REF (DIGEST)...` or, from 2.0 on, a progress.

    The progress is cut at 40 characters and has blanks for `-`.
    """
    plain = _CONTROL.sub("", text)
    whole, drawn = _UNPACKING.findall(plain), _SAVED.findall(plain)
    return Written(frozenset(whole), frozenset(drawn))


def _as_drawn(reference: str) -> str:
    parts = [
        f"({part[7:19]})" if _DIGEST.fullmatch(part) else part for part in reference.split("-")
    ]
    return " ".join(parts)[:_SHOWN].rstrip()
