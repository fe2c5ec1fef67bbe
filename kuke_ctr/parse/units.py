"""Sizes, labels and platforms as ctr prints them."""

import re

_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([KMGTPEZY]?|k)(i?)B")
_POWERS = {"": 0, "k": 1, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6, "Z": 7, "Y": 8}
# a comma starts a label only if a key and `=` follow: values hold commas too
_NEXT_LABEL = re.compile(r",(?=[A-Za-z0-9][A-Za-z0-9._/-]*=)")


def size_in_bytes(text: str) -> int | None:
    """The bytes that a printed size means, binary (`1004.8 KiB`) or decimal (`1.028MB`).

    ctr rounds, so this is approximate. None for what is no size.
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    number, unit, binary = match.groups()
    return round(float(number) * (1024 if binary else 1000) ** _POWERS[unit])


def labels_of(text: str) -> dict[str, str]:
    """The labels of a printed list; `-` and nothing are none.

    The text is cut at commas that start a `key=`, since containerd itself writes values with commas
    (`containerd.io/distribution.source.docker.io=library/busybox,team/app`).
    """
    if text in ("", "-"):
        return {}
    pairs = (label.partition("=") for label in _NEXT_LABEL.split(text))
    return {key: value for key, _, value in pairs}


def platforms_of(text: str) -> tuple[str, ...]:
    """The platforms of a printed list; `-` is none."""
    return () if text in ("", "-") else tuple(text.split(","))
