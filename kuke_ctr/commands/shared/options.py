"""The options that many commands share: one table, in groups; a command takes those it honours.

    @app.command("ls")
    @takes(IN_REALM, EVERY_REALM, list_options())
    def ls(session: Session) -> None: ...

A value option is declared as a list, so that the same option twice with different values is
refused, and the last one does not win in silence.
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Concatenate, NamedTuple, ParamSpec

import typer
from typer.models import OptionInfo

from kuke_ctr.commands.shared.option_values import columns_of, exclude, field_of, seconds_of
from kuke_ctr.commands.shared.output import ALOUD, note
from kuke_ctr.errors import UsageError
from kuke_ctr.render import Output
from kuke_ctr.session import Session, SharedOptions

P = ParamSpec("P")
Command = Callable[Concatenate[Session, P], None]


class SharedOption(NamedTuple):
    """One shared option.

    `metavar` is what a value stands for (None: a flag). A short help page leaves `rare` ones out;
    a `hidden` one is for our own use. `forms` are what --output takes in this command.
    """

    names: tuple[str, ...]
    metavar: str | None
    help: str
    rare: bool = False
    hidden: bool = False
    forms: tuple[Output, ...] = ()

    @property
    def field(self) -> str:
        """The name of the parameter."""
        return self.names[0].removeprefix("--").replace("-", "_")


Group = tuple[SharedOption, ...]

SCOPE: Group = (
    SharedOption(
        ("--realm", "-r"), "NAME", "The realm (KUKE_CTR_REALM; default: settings, else `default`)."
    ),
    SharedOption(("--namespace", "-n"), "NS", "Use this namespace instead of a realm's."),
    SharedOption(
        ("--manifest",),
        "FILE",
        "Take the realm's namespace from this YAML file (kind: Realm).",
        rare=True,
    ),
    SharedOption(
        ("--run-path",),
        "DIR",
        "Kukeon's run path (KUKEON_RUN_PATH; default /opt/kukeon).",
        rare=True,
    ),
)
"""Which realm, and so which namespace."""

RUN_PATH: Group = SCOPE[-1:]

EVERY_REALM: Group = (
    SharedOption(("--all-realms", "-A"), None, "All realms that exist, with a REALM column."),
)

TRACE: Group = (
    SharedOption(
        ("--trace", "-x"), None, "Show each ctr command as it runs; -xx adds time and exit code."
    ),
    SharedOption(("--dry-run",), None, "Print what would run, and change nothing."),
)
HOST: Group = (
    SharedOption(
        ("--timeout",), "TIME", "Time limit of a call: 90, 90s, 5m; 0: none (60 for reading)."
    ),
    SharedOption(("--address", "-a"), "SOCKET", "containerd's socket (CONTAINERD_ADDRESS)."),
    SharedOption(
        ("--ctr",), "PROGRAM", "The ctr to run (KUKE_CTR_BIN), for example 'k3s ctr'.", rare=True
    ),
)
"""Which containerd, and how long its answer may take."""

RECORD: Group = (
    SharedOption(
        ("--record",),
        "DIR",
        "Write every ctr call and its output into this new directory.",
        rare=True,
    ),
    SharedOption(("--record-append",), None, "Add to a folder that has recordings.", rare=True),
    SharedOption(
        ("--record-env",), None, "Keep the values of containers' environments.", rare=True
    ),
)
REPLAY: Group = (
    SharedOption(("--replay",), "DIR", "Answer from such a folder; run nothing.", rare=True),
)
CALLS: Group = (*TRACE, *HOST, *RECORD, *REPLAY)
"""Of a command that calls ctr to its end."""

IN_REALM: Group = (*SCOPE, *CALLS)
"""Of a command about what is in one realm."""

EXTRA: Group = (SharedOption(("--extra",), "FLAG", "A flag of ctr's own.", hidden=True),)
"""Of a command that passes further flags on to ctr (`ctr_flags.WithExtra`)."""

HELP_ALL = "kuke-ctr.help-all"
"""Of a Typer context that shows the whole help page."""

_HELP: Group = (
    SharedOption(("--help-all",), None, "Show this page with every option.", rare=True),
)

QUIET: Group = (SharedOption(("--quiet", "-q"), None, "Print only names or ids; same as -o name."),)
_OF_ROWS: Group = (
    SharedOption(("--columns",), "A,B", "Show these columns only."),
    SharedOption(
        ("--sort-by",), "COLUMN", "Sort by this column; -COLUMN sorts in descending order."
    ),
    SharedOption(("--no-headers",), None, "Omit the header line."),
)
_PARTIAL: Group = (
    SharedOption(
        ("--partial",),
        None,
        "With json, yaml, csv: print the readable rows if others cannot be read.",
        rare=True,
    ),
)


FORMS = tuple(form for form in Output if form is not Output.RAW)
"""Of records that are not one table of ctr's."""


_ALONE = {Output.NAME: "name: one name or id a line", Output.RAW: "raw: the bytes as they are"}
"""The help of --output if it has one form."""


def format_option(*forms: Output) -> Group:
    """The option --output of a command that knows these forms."""
    *most, last = forms
    listed = f"{', '.join(most)} or {last}" if most else _ALONE[last]
    return (SharedOption(("--output", "-o"), "FORMAT", f"{listed}.", forms=forms),)


def row_options(*forms: Output) -> Group:
    """The options of records: their forms (all of them unless some are named), columns, order."""
    return (*format_option(*(forms or Output)), *QUIET, *_OF_ROWS)


def list_options(*forms: Output) -> Group:
    """The same of a list that is read from a table, some rows of which may be no records."""
    return (*row_options(*forms), *_PARTIAL)


def document_options(*forms: Output) -> Group:
    """The options of a command that prints one document."""
    return format_option(*(forms or (Output.JSON, Output.JSONL, Output.YAML, Output.RAW)))


NAMES: Group = (*format_option(Output.NAME), *QUIET)
"""Of a command that prints the names of what it changed."""

SHARED: Group = (*SCOPE, *EVERY_REALM, *list_options(), *CALLS, *_HELP)
"""Every shared option, in the order of the documentation."""

GROUPS = {
    "Which realm": (*SCOPE, *EVERY_REALM),
    "What is printed": list_options(),
    "What runs": TRACE,
    "Which containerd": HOST,
    "Recordings": (*RECORD, *REPLAY),
}
"""The shared options as the documentation has them."""

BY_NAME = {name: option for option in SHARED for name in option.names}

RARE_PANEL = "Special cases"
"""The help panel of a command's own options that its short page leaves out."""

Snapshotter = Annotated[
    str | None,
    typer.Option(
        "--snapshotter", metavar="NAME", help="Snapshotter: overlayfs, native, ...; default: ctr's."
    ),
]
"""Of the commands that are about one snapshotter."""

_MAY_BE_EMPTY = {"args", "command", "order", "send"}
"""Words of somebody else's program."""


def takes(
    *groups: Group, own: Sequence[str] = ()
) -> Callable[[Callable[Concatenate[Session, P], None]], Callable[..., None]]:
    """The command with these groups of options in its signature; it gets them as a Session.

    `own` are names that have another meaning in this command (`-a`): there the shared option has
    its other name only, and one without another name is not there.
    """
    options = (*(option for group in groups for option in group), *_HELP)
    return lambda function: _with_options(function, options, own)


def _with_options(
    function: Callable[Concatenate[Session, P], None], options: Group, own: Sequence[str]
) -> Callable[..., None]:
    _, *parameters = inspect.signature(function, eval_str=True).parameters.values()

    def with_options(**given: object) -> None:
        mine = {parameter.name: given.pop(parameter.name) for parameter in parameters}
        _refuse_empty(parameters, mine)
        session = Session(options_of(given, options), note, ALOUD)
        function(session, **mine)  # type: ignore[call-arg, arg-type]

    added = [_parameter(option, own) for option in options]
    with_options.__doc__ = function.__doc__
    with_options.__name__ = function.__name__
    with_options.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in (*parameters, *(one for one in added if one is not None))
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
    return UsageError(f"{name} is empty", hint="give it a value; is a shell variable unset?")


def _parameter(option: SharedOption, own: Sequence[str]) -> inspect.Parameter | None:
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
        hidden=option.hidden,
        autocompletion=_completing(option.forms) if option.forms else None,
        callback=_show_all if option.field == "help_all" else None,
        is_eager=option.field == "help_all",
    )
    return inspect.Parameter(
        option.field,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, declared],
    )


def _show_all(ctx: typer.Context, wanted: bool) -> None:
    if wanted:
        ctx.meta[HELP_ALL] = True
        print(ctx.get_help())
        raise typer.Exit


def _completing(forms: Sequence[Output]) -> Callable[[str], list[str]]:
    return lambda incomplete: [form.value for form in forms if form.startswith(incomplete)]


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
        output=_form(value.get("output"), options),
        sort_by=field_of(value.get("sort_by")),
        record=value.get("record"),
        replay=value.get("replay"),
        columns=columns_of(value.get("columns")),
        timeout=seconds_of(value.get("timeout")),
        trace=trace if isinstance(trace, int) else 0,
        headers=not given.get("no_headers"),
        all_realms=bool(given.get("all_realms")),
        quiet=bool(given.get("quiet")),
        partial=bool(given.get("partial")),
        dry_run=bool(given.get("dry_run")),
        record_append=bool(given.get("record_append")),
        record_env=bool(given.get("record_env")),
        extra=tuple(map(str, extra)) if isinstance(extra, list) else (),
    )
    exclude(found)
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
        raise _is_empty(option.names[0])
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
