"""The values of shared options: what was typed, as what it means; UsageError for what can't be."""

import re

from kuke_ctr.errors import UsageError
from kuke_ctr.session import SharedOptions


def exclude(options: SharedOptions) -> None:
    """Raise UsageError for two options that cannot be combined."""
    for one, other, both in (
        ("--realm", "--namespace", options.realm is not None and options.namespace is not None),
        ("--realm", "--all-realms", options.realm is not None and options.all_realms),
        ("--namespace", "--all-realms", options.namespace is not None and options.all_realms),
        (
            "--manifest",
            "--namespace",
            options.manifest is not None and options.namespace is not None,
        ),
        ("--manifest", "--all-realms", options.manifest is not None and options.all_realms),
        ("--record", "--replay", options.record is not None and options.replay is not None),
    ):
        if both:
            raise UsageError(f"{one} and {other} cannot be combined", hint="leave one of them out")


def field_of(column: str | None) -> str | None:
    """The name of a column, which may be typed as the table's header has it: `MEDIA TYPE`."""
    return column.strip().lower().replace(" ", "_") if column is not None else None


def columns_of(text: str | None) -> tuple[str, ...]:
    """The names of the columns in `A,B`; none where nothing was typed."""
    if text is None:
        return ()
    names = tuple(name for part in text.split(",") if (name := field_of(part)))
    if not names:
        raise UsageError("--columns is empty", hint="for example --columns ref,size")
    return names


def seconds_of(text: str | None) -> float | None:
    """A time limit in seconds: `90`, `1.5`, `90s`, `5m`, `1h`; 0 is no limit."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)?", text, re.ASCII)
    if match is None:
        raise UsageError(
            f"--timeout {text!r} is not a time", hint="use seconds, or 90s, 5m, 1h; 0 is no limit"
        )
    number, unit = match.groups()
    return float(number) * {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}[unit or "s"]
