"""What the scripts in shells/ get: a line that says how to offer, and the words, one a line.

The first line is `words`, `joined` (no blank behind them), `files`, `dirs`, or for zsh and fish
`mixed` (joined, and the shell's own files besides; bash cannot add these, so it gets them).
"""

import os
import sys
from collections.abc import Iterator
from typing import NamedTuple

from kuke_ctr.completion.asked import Asked, Candidate, asked
from kuke_ctr.completion.line import Word, is_redirected, replacement, words_of
from kuke_ctr.completion.table import Table
from kuke_ctr.errors import KukeCtrError

VARIABLE = "_KUKE_CTR_COMPLETE"
"""Names the shell that asks."""

_MOST = 5000
"""Words that are offered."""


def answer(argv: list[str]) -> list[str]:
    """The lines for the shell that asks.

    bash gives its line up to the cursor and the end of the word that it would replace; zsh and fish
    give the words, the last of which is the one at the cursor. A shell that is not known (a script
    of an older version asks) gets nothing.
    """
    shell = os.environ.get(VARIABLE)
    if shell == "bash":
        line, text = argv
        words = words_of(line)
        if is_redirected(words, text):
            return ["files"]
        offer = _offer(_wanted([word.value for word in words[1:-1]], words[-1].value))
        return _for_bash(offer, words[-1], text)
    if shell in ("zsh", "fish"):
        *before, current = argv
        offer = _offer(_wanted(before, current))
        return [offer.how, *(f"{one.value}\t{one.help}" for one in offer.candidates)]
    return []


class Offer(NamedTuple):
    """The first line, and the words."""

    how: str
    candidates: list[Candidate]


def _wanted(before: list[str], current: str) -> Asked | None:
    return asked(Table(), before, current)


def _offer(found: Asked | None) -> Offer:
    if found is None:
        return Offer("words", [])
    if found.kind in ("file", "dir"):
        return Offer(f"{found.kind}s", [])
    candidates = [*_candidates(found)]
    if found.kind == "copied":
        from kuke_ctr.completion.copied import is_inside  # late: of `cp` alone

        if not is_inside(found.front):
            return Offer("mixed" if candidates else "files", candidates)
    joined = found.joined or any(one.value.endswith("/") for one in candidates)
    return Offer("joined" if joined else "words", candidates)


def _for_bash(offer: Offer, word: Word, text: str) -> list[str]:
    how, candidates = offer
    if how == "mixed":
        from kuke_ctr.completion.copied import files_here

        how = "joined"
        candidates = [*candidates, *(Candidate(one) for one in files_here(word.value))]
    replaced = (replacement(word, text, one.value) for one in candidates)
    return [how, *(one for one in replaced if one is not None)]


def _candidates(found: Asked) -> Iterator[Candidate]:
    """The words that fit; none that a terminal would obey, or that a line of a shell can't hold."""
    known = found.candidates
    if not known and isinstance(found.kind, str) and found.kind:
        from kuke_ctr.completion.values import values  # late: most completions ask nobody

        try:
            known = [Candidate(value) for value in values(found.kind, found.front, found.given)]
        except KukeCtrError:  # a prompt is no place for messages
            known = []
    fitting = (
        one for one in known if one.value.startswith(found.front) and one.value.isprintable()
    )
    for _, one in zip(range(_MOST), fitting, strict=False):
        yield Candidate(f"{found.before}{one.value}", one.help)


def main() -> None:
    """Answer the shell; whatever goes wrong, it gets no message and offers less."""
    sys.stdout.reconfigure(errors="surrogateescape")  # type: ignore[union-attr]
    try:
        lines = answer(sys.argv[1:])
    except Exception:  # noqa: BLE001 - a prompt is no place for a traceback
        lines = []
    print("\n".join(lines))
