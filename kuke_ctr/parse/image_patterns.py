"""Which images a word means that somebody looks for: a name as docker reads it, or a pattern."""

import re
from collections.abc import Callable, Iterable
from fnmatch import translate

from kuke_ctr.parse.image_names import whole_name

_GLOB = re.compile(r"[*?\[]")
_HUB = ("docker.io/library/", "docker.io/")


def is_pattern(word: str) -> bool:
    """Whether a word is a pattern of the shell's (`*busybox*`) and no name."""
    return _GLOB.search(word) is not None


def matching(word: str, refs: Iterable[str]) -> list[str]:
    """Those of the references that a word means.

    A name means itself and what docker reads it as; one without a tag all tags of its repository.
    A pattern is compared with the whole reference, and with the short names that docker takes.
    """
    means = _by_pattern(word) if is_pattern(word) else _by_name(word)
    return [ref for ref in refs if ref == word or means(ref)]


def of_any_repository(word: str) -> list[str]:
    """Patterns for a short name at the end of any repository: `shop` finds `docker.io/demo/shop:1`.

    None for a pattern, a digest or a name that says whose it is.
    """
    if is_pattern(word) or not word or "/" in word or "@" in word:
        return []
    return [f"*/{word}"] if ":" in word else [f"*/{word}:*", f"*/{word}@*"]


def familiar(ref: str) -> str:
    """The reference without Docker Hub's name: `busybox:1.36`."""
    for front in _HUB:
        if ref.startswith(front):
            return ref.removeprefix(front)
    return ref


def repository(ref: str) -> str:
    """A reference without its tag and its digest."""
    name = ref.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def _by_pattern(word: str) -> Callable[[str], bool]:
    found = re.compile(translate(word))
    return lambda ref: any(found.match(ref.removeprefix(front)) for front in ("", *_HUB))


def _by_name(word: str) -> Callable[[str], bool]:
    whole = whole_name(word)
    last = repository(word).rpartition("/")[2]
    every_tag = repository(word) == word

    def means(ref: str) -> bool:
        if last not in ref:  # most are ruled out so: taking a name apart is slow
            return False
        other = whole_name(ref)
        return other == whole or (every_tag and repository(other) == repository(whole))

    return means
