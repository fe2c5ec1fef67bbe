"""Amounts that people type for a container's limits."""

import re

from kuke_ctr.errors import UsageError

_MEMORY = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,20})?)(?:([kmgt])(?:i?b)?|b)?", re.IGNORECASE)
_POWER = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_MOST_CPUS = 1_000_000
PERIOD = 100_000
"""The period that a share of processors is counted in, in microseconds; ctr's own."""


def memory_in_bytes(text: str) -> int:
    """The bytes of `268435456`, `256m`, `256MiB`, `1.5g`: units are powers of 1024, as in docker.

    Raises UsageError.
    """
    match = _MEMORY.fullmatch(text.strip())
    amount = float(match[1]) * 1024 ** _POWER[(match[2] or "").lower()] if match else 0
    if amount < 1:
        raise UsageError(
            f"{text!r} is not an amount of memory", hint="for example: 268435456 or 256m"
        )
    return int(amount)


def quota_of(cpus: float) -> int:
    """The microseconds of a PERIOD that so many processors are: 1.5 is 150000. UsageError."""
    quota = round(cpus * PERIOD) if abs(cpus) < _MOST_CPUS else 0  # not nan, not inf
    if quota < 1_000:  # noqa: PLR2004 (the kernel's least)
        what = "too small" if cpus < 1 else "not an amount of processors"
        raise UsageError(f"--cpus {cpus:g} is {what}", hint="use 0.01 or more, for example 1.5")
    return quota
