"""What ctr prints while it imports or pulls: which images it has written, how far it is."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from kuke_ctr.parse.units import size_in_bytes

_CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\r")
_UNPACKING = re.compile(r"^unpacking (.+) \([a-z0-9]+:[0-9a-f]+\)\.\.\.", re.MULTILINE)
_SAVED = re.compile(r"^(\S.*?) *\tsaved\t", re.MULTILINE)

_ELAPSED = re.compile(
    r"elapsed: *(?P<seconds>[0-9]{1,9}\.[0-9]) s\s+total:[^\n]*\((?P<rate>[^()\n]+)/s\)"
)
_BLOB = re.compile(
    r"^(?:(?P<old>[\w.-]+-sha256:[0-9a-f]+):|[\s\u2500-\u257f]+(?P<new>[\w.-]+ \([0-9a-f]+\))) *\t?"
    r"(?P<state>[a-z]+(?: [a-z]+)*)",
    re.MULTILINE,
)
_DONE = ("done", "exists", "complete", "already exists")

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


class Frame(NamedTuple):
    """What ctr drew last of a pull or a push: blobs `done` of all that it names, and bytes.

    The bytes are approximate, the blobs none before it names a layer (ctr 1.6 names none of a
    push). `fetched`: a pull has fetched all, and unpacks.
    """

    done: int
    blobs: int
    moved: int
    fetched: bool


def last_frame(text: str) -> Frame | None:
    """The last whole frame in the end of what `ctr images pull|push` printed; None without one.

    A frame has a line for each blob, and ends with the line that says `elapsed`. The total in that
    line has lost its unit, so the bytes come from time and rate.
    """
    plain = _CONTROL.sub("", text)
    ends = list(_ELAPSED.finditer(plain))
    if not ends:
        return None
    last = ends[-1]
    begins = ends[-2].end() if len(ends) > 1 else 0
    blobs = {
        found["new"] or found["old"]: found["state"]
        for found in _BLOB.finditer(plain, begins, last.start())
    }
    if not any(name.startswith("layer") for name in blobs):
        blobs = {}
    done = sum(state in _DONE for state in blobs.values())
    return Frame(
        done=done,
        blobs=len(blobs),
        moved=round(float(last["seconds"]) * (size_in_bytes(last["rate"]) or 0)),
        fetched=0 < done == len(blobs) or "\nunpacking " in plain[last.end() :],
    )


def being_unpacked(text: str) -> str | None:
    """The image that ctr to 1.7 unpacks at the end of what it has printed so far.

    `unpacking REF (DIGEST)...` stands there, and `done` behind it once it is; None for neither.
    """
    found = _UNPACKING.findall(_CONTROL.sub("", text))
    return found[-1] if found else None


def _as_drawn(reference: str) -> str:
    parts = [
        f"({part[7:19]})" if _DIGEST.fullmatch(part) else part for part in reference.split("-")
    ]
    return " ".join(parts)[:_SHOWN].rstrip()
