"""The options that every command shares: one table, added to a command by `@shared`.

A value option is declared as a list, so that the same option twice with different values is
refused, and the last one does not win in silence.
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Concatenate, NamedTuple, ParamSpec, overload

import typer
from typer.models import OptionInfo

from kuke_ctr.errors import UsageError
from kuke_ctr.session import Session, SharedOptions

P = ParamSpec("P")


class Shared(NamedTuple):
    """One shared option: its names, what a value stands for (None: a flag), its help."""

    names: tuple[str, ...]
    metavar: str | None
    help: str

    @property
    def field(self) -> str:
        """The name of the parameter."""
        return self.names[0].removeprefix("--").replace("-", "_")


SHARED = (
    Shared(("--realm", "-r"), "NAME", "The realm (KUKE_CTR_REALM; else `default`)."),
    Shared(("--namespace", "-n"), "NS", "This containerd namespace, whatever the realm."),
    Shared(("--all-realms", "-A"), None, "Every realm that exists, with a REALM column."),
    Shared(("--output", "-o"), "FORMAT", "table, wide, json, jsonl, yaml, csv, name or raw."),
    Shared(("--quiet", "-q"), None, "One identifier a line, the same as -o name."),
    Shared(("--columns",), "A,B", "These columns only."),
    Shared(("--sort-by",), "COLUMN", "Sort by this column; -COLUMN downwards."),
    Shared(("--no-headers",), None, "No header line."),
    Shared(
        ("--partial",), None, "json, yaml, csv: print the good rows where others can't be read."
    ),
    Shared(
        ("--trace", "-x"), None, "Show each ctr command as it runs; -xx with time and exit code."
    ),
    Shared(("--dry-run",), None, "Print what would run, change nothing."),
    Shared(("--timeout",), "TIME", "Time limit of a call: 90, 90s, 5m; 0 is none (reading: 60)."),
    Shared(("--address", "-a"), "SOCKET", "containerd's socket (CONTAINERD_ADDRESS), as in ctr."),
    Shared(("--ctr",), "PROGRAM", "The ctr to run (KUKE_CTR_BIN); words are fine: 'k3s ctr'."),
    Shared(("--run-path",), "DIR", "Kukeon's run path (KUKEON_RUN_PATH; else /opt/kukeon)."),
    Shared(("--manifest",), "FILE", "Read the realm from this manifest."),
    Shared(("--record",), "DIR", "Write every call of ctr into this folder."),
    Shared(("--record-append",), None, "Add to a folder that has recordings already."),
    Shared(("--record-env",), None, "Keep the values of containers' environments in recordings."),
    Shared(("--replay",), "DIR", "Answer from such a folder, start nothing."),
)

Snapshotter = Annotated[
    str | None,
    typer.Option("--snapshotter", metavar="NAME", help="overlayfs, native, ...; else ctr's own."),
]
"""Of the commands that are about one snapshotter."""

_MAY_BE_EMPTY = {"args", "command", "order", "send"}
"""Words of somebody else's program."""

_BY_NAME = {name: option for option in SHARED for name in option.names}


@overload
def shared(command: Callable[Concatenate[Session, P], None]) -> Callable[..., None]: ...
@overload
def shared(
    *, own: Sequence[str]
) -> Callable[[Callable[Concatenate[Session, P], None]], Callable[..., None]]: ...
def shared(
    command: Callable[Concatenate[Session, P], None] | None = None, *, own: Sequence[str] = ()
) -> Callable[..., None] | Callable[[Callable[Concatenate[Session, P], None]], Callable[..., None]]:
    """The command with the shared options in its signature; it gets them as a Session.

    `own` are names that have another meaning in this command (`-a`): there the shared option has
    its other name only, and one without another name is not there.
    """
    if command is None:
        return lambda command: _with_shared(command, own)
    return _with_shared(command, own)


def _with_shared(
    function: Callable[Concatenate[Session, P], None], own: Sequence[str]
) -> Callable[..., None]:
    _, *parameters = inspect.signature(function, eval_str=True).parameters.values()

    def with_options(**given: object) -> None:
        mine = {parameter.name: given.pop(parameter.name) for parameter in parameters}
        _refuse_empty(parameters, mine)
        function(Session(options_of(given)), **mine)  # type: ignore[call-arg, arg-type]

    added = [_parameter(option, own) for option in SHARED]
    with_options.__doc__ = function.__doc__
    with_options.__name__ = function.__name__
    with_options.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in (*parameters, *(one for one in added if one is not None), _EXTRA)
        ]
    )
    return with_options


def _refuse_empty(parameters: Sequence[inspect.Parameter], given: Mapping[str, object]) -> None:
    """Raise UsageError for an empty word: ctr reads it as none, and does more than was meant."""
    for parameter in parameters:
        value = given[parameter.name]
        words = value if isinstance(value, list) else [value]
        if "" in words and parameter.name not in _MAY_BE_EMPTY:
            raise _is_empty(_shown_name(parameter))


def _shown_name(parameter: inspect.Parameter) -> str:
    """As the help has it: `--exec-id`, `REF`."""
    (declared, *_) = parameter.annotation.__metadata__
    if isinstance(declared, OptionInfo):
        long = [name for name in declared.param_decls or () if name.startswith("--")]
        return long[0] if long else f"--{parameter.name.replace('_', '-')}"
    word = re.search(r"[A-Z]+", declared.metavar or "")
    return word[0] if word else parameter.name.upper()


def _is_empty(name: str) -> UsageError:
    return UsageError(f"{name} is empty", hint="give it a value (an unset variable?)")


def _parameter(option: Shared, own: Sequence[str]) -> inspect.Parameter | None:
    names = [name for name in option.names if name not in own]
    if not names:
        return None
    kind: type
    default: object
    if option.field == "trace":
        kind, default = int, 0
    elif option.metavar is None:
        kind, default = bool, False
    else:
        kind, default = list[str], None
    declared = typer.Option(
        *names,
        metavar=option.metavar,
        count=option.field == "trace",
        help=option.help,
        rich_help_panel="Shared options",
        show_default=False,
    )
    return inspect.Parameter(
        option.field,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, declared],
    )


_EXTRA = inspect.Parameter(
    "extra",
    inspect.Parameter.KEYWORD_ONLY,
    default=None,
    annotation=Annotated[list[str], typer.Option("--extra", hidden=True)],
)


def _words(given: object) -> tuple[str, ...]:
    return tuple(map(str, given)) if isinstance(given, list) else ()


def options_of(given: Mapping[str, object]) -> SharedOptions:
    """The options as typed on the command line; UsageError for two that exclude each other."""
    value = {option.field: _one(option, given.get(option.field)) for option in SHARED}
    trace = given.get("trace")
    options = SharedOptions(
        realm=value["realm"],
        namespace=value["namespace"],
        address=value["address"],
        run_path=value["run_path"],
        manifest=value["manifest"],
        ctr=value["ctr"],
        output=value["output"],
        sort_by=_field(value["sort_by"]) if value["sort_by"] is not None else None,
        record=value["record"],
        replay=value["replay"],
        columns=_columns(value["columns"]),
        timeout=_seconds(value["timeout"]),
        trace=trace if isinstance(trace, int) else 0,
        headers=not given.get("no_headers"),
        all_realms=bool(given.get("all_realms")),
        quiet=bool(given.get("quiet")),
        partial=bool(given.get("partial")),
        dry_run=bool(given.get("dry_run")),
        record_append=bool(given.get("record_append")),
        record_env=bool(given.get("record_env")),
        extra=_words(given.get("extra")),
    )
    _exclude(options)
    return options


def _one(option: Shared, given: object) -> str | None:
    """The one value of an option that may have been given several times, all the same."""
    if not isinstance(given, list) or not given:
        return None
    if len(set(given)) > 1:
        raise UsageError(
            f"{option.names[0]} was given twice: {' and '.join(map(repr, given))}",
            hint="give it once",
        )
    if given[0] == "" and option.field not in ("realm", "namespace"):  # those say what fits
        raise _is_empty(option.names[0])
    return str(given[0])


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
    ):
        if both:
            raise UsageError(f"{one} and {other} exclude each other", hint="leave one of them out")


def _field(column: str) -> str:
    """The name of a column, which may be typed as the table's header has it: `MEDIA TYPE`."""
    return column.strip().lower().replace(" ", "_")


def _columns(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    names = tuple(_field(name) for name in text.split(",") if name.strip())
    if not names:
        raise UsageError("--columns names no column", hint="for example --columns ref,size")
    return names


def _seconds(text: str | None) -> float | None:
    """A time limit in seconds: `90`, `1.5`, `90s`, `5m`, `1h`; 0 is no limit."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)?", text)
    if match is None:
        raise UsageError(
            f"--timeout {text!r} is no time", hint="seconds, or 90s, 5m, 1h; 0 is no limit"
        )
    number, unit = match.groups()
    return float(number) * {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}[unit or "s"]


def is_shared(names: Sequence[str]) -> bool:
    """Whether these are the names of a shared option."""
    return any(name in _BY_NAME for name in names)


def typed(names: Sequence[str], words: Sequence[str]) -> bool:
    """Whether an option may be among the words of a command line; --help asks for all of them."""
    long = tuple(name for name in names if name.startswith("--"))
    short = [name[1] for name in names if not name.startswith("--")]
    return any(
        word == "-h"
        or word.startswith((*long, "--help"))
        or (word[:1] == "-" and word[1:2] != "-" and any(letter in word for letter in short))
        for word in words
    )


def hoist(words: Sequence[str], is_noun: Callable[[str], bool]) -> list[str]:
    """The command line with the shared options that stand before the verb moved behind it.

    `-r main images ls` becomes `images ls --realm main`, so that an option is declared in one place
    only, whichever side it is typed on. It gets its long name, for its letter may mean something
    else behind the verb. `is_noun` tells whether a word is followed by a verb.
    """
    before: list[str] = []
    command: list[str] = []
    rest = list(words)
    wanted = 1
    while rest and len(command) < wanted:
        taken = _shared_words(rest)
        if taken:
            before += _long(rest[:taken])
            del rest[:taken]
        elif rest[0].startswith("-"):
            break  # --help, or something unknown: the parser knows what to say
        else:
            command.append(rest.pop(0))
            wanted = 2 if is_noun(command[0]) else 1
    return [*command, *before, *rest]


def begins_with_shared(words: Sequence[str]) -> bool:
    """Whether a shared option stands where, after `hoist`, a command should."""
    return bool(words) and _shared_words(words) > 0


def _shared_words(words: Sequence[str]) -> int:
    """How many words a shared option at the front takes; 0 where there is none."""
    name, equals, _ = words[0].partition("=")
    option = _BY_NAME.get(name)
    if option is not None:
        needs_next = option.metavar is not None and not equals
        return min(2 if needs_next else 1, len(words))
    if not re.fullmatch(r"-[a-zA-Z].+", words[0]):
        return 0
    for index, letter in enumerate(words[0][1:], start=2):  # a cluster: -xq, -rmain, -xxrmain
        option = _BY_NAME.get(f"-{letter}")
        if option is None:
            return 0
        if option.metavar is not None:
            return 1 if index < len(words[0]) else min(2, len(words))
    return 1


def _long(words: Sequence[str]) -> list[str]:
    """The words that a shared option takes, letters as long names: `-xr main`, `-xrmain`."""
    name, *values = words
    option = _BY_NAME.get(name)
    if option is not None:
        return [option.names[0], *values]
    if name.startswith("--"):
        return [*words]
    found: list[str] = []
    for index, letter in enumerate(name[1:], start=2):
        option = _BY_NAME[f"-{letter}"]
        found.append(option.names[0])
        if option.metavar is not None:
            return [*found, *([name[index:]] if index < len(name) else values)]
    return found
