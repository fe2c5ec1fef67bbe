"""What the shared options said, read into `SharedOptions`; each once, and none against another."""

import re
from collections.abc import Mapping

from kuke_ctr.commands.shared.option_table import SHARED, TIME, Group, SharedOption
from kuke_ctr.errors import UsageError
from kuke_ctr.render import Output
from kuke_ctr.shared_options import FANOUT, SharedOptions

_SHORTEST = 0.1
"""Seconds between two looks."""


def options_of(given: Mapping[str, object], options: Group = SHARED) -> SharedOptions:
    """The options as typed on the command line; UsageError for two that exclude each other."""
    value = {option.field: _one(option, given.get(option.field)) for option in options}
    trace = given.get("trace")
    extra = given.get("extra")
    found = SharedOptions(
        realm=value.get("realm"),
        namespace=value.get("namespace"),
        address=value.get("address"),
        run_path=value.get("run_path"),
        manifest=value.get("manifest"),
        ctr=value.get("ctr"),
        backend=value.get("backend"),
        nerdctl=value.get("nerdctl"),
        host=value.get("host"),
        output=_form(value.get("output"), options),
        sort_by=_field(value.get("sort_by")),
        record=value.get("record"),
        replay=value.get("replay"),
        columns=_columns(value.get("columns")),
        timeout=seconds_of(value.get("timeout"), "--timeout", "0 is no limit"),
        trace=trace if isinstance(trace, int) else 0,
        headers=not given.get("no_headers"),
        all_realms=bool(given.get("all_realms")),
        quiet=bool(given.get("quiet")),
        partial=bool(given.get("partial")),
        watch=_interval(value.get("watch")),
        dry_run=bool(given.get("dry_run")),
        record_append=bool(given.get("record_append")),
        record_env=bool(given.get("record_env")),
        extra=tuple(map(str, extra)) if isinstance(extra, list) else (),
        hosts=value.get("hosts"),
        fanout=_fanout(value.get("fanout")),
        fold=not given.get("no_fold"),
    )
    _exclude(found)
    return found


def _one(option: SharedOption, given: object) -> str | None:
    """The one value of an option that may have been given several times, all the same."""
    if not isinstance(given, list) or not given or option.field == "extra":
        return None
    if len(set(given)) > 1:
        raise UsageError(
            f"{option.names[0]} was given twice with different values: "
            f"{' and '.join(map(repr, given))}",
            hint="give it once",
        )
    if given[0] == "" and option.field not in ("realm", "namespace"):  # those say what fits
        raise is_empty(option.names[0])
    return str(given[0])


def _form(text: str | None, options: Group) -> Output | None:
    """What -o asks for, if the command has such a form."""
    if text is None:
        return None
    forms = next(option.forms for option in options if option.forms)
    if text not in forms:
        known = text in list(Output)
        what = f"this command does not print {text}" if known else f"unknown format {text!r}"
        raise UsageError(what, hint=f"-o takes {', '.join(forms)}")
    return Output(text)


def _exclude(options: SharedOptions) -> None:
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
        ("--hosts", "--host", options.hosts is not None and options.host is not None),
        ("--hosts", "--record-env", options.hosts is not None and options.record_env),
        ("--hosts", "--watch", options.hosts is not None and options.watch is not None),
        ("--hosts", "-o raw", options.hosts is not None and options.output is Output.RAW),
    ):
        if both:
            raise UsageError(f"{one} and {other} cannot be combined", hint="leave one of them out")


def _field(column: str | None) -> str | None:
    """The name of a column, which may be typed as the table's header has it: `MEDIA TYPE`."""
    return column.strip().lower().replace(" ", "_") if column is not None else None


def _columns(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    names = tuple(name for part in text.split(",") if (name := _field(part)))
    if not names:
        raise UsageError("--columns is empty", hint="for example --columns ref,size")
    return names


def seconds_of(text: str | None, option: str, also: str = "") -> float | None:
    """A time in seconds: `90`, `1.5`, `90s`, `5m`, `1h`. UsageError, whose hint has `also`."""
    if text is None:
        return None
    match = re.fullmatch(TIME, text, re.ASCII)
    if match is None:
        raise UsageError(
            f"{option} {text!r} is not a time",
            hint="; ".join(("use seconds, or 90s, 5m, 1h", *([also] if also else ()))),
        )
    number, unit = match.groups()
    return float(number) * {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}[unit or "s"]


def _interval(text: str | None) -> float | None:
    seconds = seconds_of(text, "--watch")
    if seconds is not None and seconds < _SHORTEST:
        raise UsageError(f"--watch {text} is too short", hint=f"use {_SHORTEST:g} seconds or more")
    return seconds


def _fanout(text: str | None) -> int:
    if text is None:
        return FANOUT
    if not re.fullmatch(r"[1-9][0-9]{0,4}", text, re.ASCII):
        raise UsageError(
            f"--fanout {text!r} is not a number of hosts", hint=f"the default is {FANOUT}"
        )
    return int(text)


def is_empty(name: str) -> UsageError:
    """The error for an option or an argument that is an empty word."""
    return UsageError(f"{name} is empty", hint="give it a value; is a shell variable unset?")
