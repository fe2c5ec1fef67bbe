"""Sizes, labels and platforms as ctr prints them."""

import re

_SIZE = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,20})?) ?([kKMGTPEZY]?i?B)")
_BYTES = {"B": 1, "kB": 1000, "KB": 1000, "KiB": 1024} | {
    unit + end: base ** (power + 2)
    for power, unit in enumerate("MGTPEZY")
    for end, base in (("B", 1000), ("iB", 1024))
}
# a comma starts a label only if a key and `=` follow: values hold commas too
_NEXT_LABEL = re.compile(r",(?=\w[\w./-]*=)")


def size_in_bytes(text: str) -> int | None:
    """The bytes that a printed size means, binary (`1004.8 KiB`) or decimal (`1.028MB`).

    ctr rounds, so this is approximate. None for what is no size.
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    number, unit = match.groups()
    bytes_each = _BYTES.get(unit)
    return round(float(number) * bytes_each) if bytes_each is not None else None


def in_units(size: int) -> str:
    """The bytes as ctr prints them in binary units: `4.0 KiB`."""
    value = float(size)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024:  # noqa: PLR2004
            return f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} PiB"


def in_short_units(size: int) -> str:
    """The bytes in at most five characters: `0B`, `4.0K`, `512M`; binary units, as in `ls -h`."""
    value = float(size)
    for unit in "BKMGTP":
        if value < 999.5 or unit == "P":  # noqa: PLR2004 (1000 has a digit too many)
            break
        value /= 1024
    decimals = 1 if value < 9.95 and unit != "B" else 0  # noqa: PLR2004
    return f"{value:.{decimals}f}{unit}"


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
