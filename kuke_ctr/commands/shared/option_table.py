"""The options that many commands share: one table, in groups."""

from typing import NamedTuple

from kuke_ctr.render import Output


class SharedOption(NamedTuple):
    """One shared option.

    `metavar` is what a value stands for (None: a flag). A short help page leaves `rare` ones out;
    a `hidden` one is for our own use. `forms` are what --output takes in this command. `alone` is
    the value of an option whose value may be left out.
    """

    names: tuple[str, ...]
    metavar: str | None
    help: str
    rare: bool = False
    hidden: bool = False
    forms: tuple[Output, ...] = ()
    alone: str | None = None

    @property
    def field(self) -> str:
        """The name of the parameter."""
        return self.names[0].removeprefix("--").replace("-", "_")


Group = tuple[SharedOption, ...]


TIME = r"(\d+(?:\.\d+)?)(ms|s|m|h)?"
"""What a value looks like that is a time: `90`, `1.5`, `5m`."""


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


REALM: Group = (SCOPE[0], *SCOPE[2:])
"""The same of a command about a realm and not about any namespace."""


RUN_PATH: Group = SCOPE[-1:]


ONE_REALM: Group = (SharedOption(("--realm", "-r"), "NAME", "Look at this realm only."), *RUN_PATH)
"""Of a command that is about all realms unless one is named."""


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
    SharedOption(
        ("--host", "-H"),
        "HOST",
        "A host that ssh reaches: web3, ssh://root@web3 (KUKE_CTR_HOST).",
    ),
    SharedOption(("--address", "-a"), "SOCKET", "containerd's socket (CONTAINERD_ADDRESS)."),
    SharedOption(
        ("--ctr",), "PROGRAM", "The ctr to run (KUKE_CTR_BIN), for example 'k3s ctr'.", rare=True
    ),
    SharedOption(
        ("--backend",),
        "NAME",
        "auto, ctr or nerdctl (KUKE_CTR_BACKEND); auto: ctr, and nerdctl for what ctr cannot do.",
        rare=True,
    ),
    SharedOption(("--nerdctl",), "PATH", "The nerdctl to run (KUKE_CTR_NERDCTL).", rare=True),
    SharedOption(("--sudo",), None, "Run kuke-ctr itself as root, by sudo.", rare=True),
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


FLEET: Group = (
    SharedOption(
        ("--hosts",), "NODES", "Ask many hosts by ssh: web[1-500], a,b, @group.", rare=True
    ),
    SharedOption(("--fanout",), "N", "With --hosts: how many at once; default 64.", rare=True),
    SharedOption(
        ("--no-fold",), None, "With --hosts: do not join the equal rows of hosts.", rare=True
    ),
)
"""Of a command that reads, and does so on many hosts."""


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


HELP: Group = (SharedOption(("--help-all",), None, "Show this page with every option.", rare=True),)


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


_ALONE = {
    Output.NAME: "name: as without it, one identifier a line",
    Output.RAW: "raw: the bytes as they are",
}
"""The help of --output where it has one form."""


def format_option(*forms: Output) -> Group:
    """The option --output of a command that knows these forms."""
    *most, last = forms
    listed = f"{', '.join(most)} or {last}" if most else _ALONE[last]
    return (SharedOption(("--output", "-o"), "FORMAT", f"{listed}.", forms=forms),)


def row_options(*forms: Output) -> Group:
    """The options of records: their forms (all of them unless some are named), columns, order."""
    return (*format_option(*(forms or Output)), *QUIET, *_OF_ROWS)


WATCH: Group = (
    SharedOption(
        ("--watch", "-w"),
        "[SECONDS]",
        "Show the list again every 2 (or SECONDS) seconds, and after events.",
        alone="2",
    ),
)
"""Of a command that shows what there is now, and changes nothing."""


def table_options(*forms: Output) -> Group:
    """The same of what is read from a table, some rows of which may be no records."""
    return (*row_options(*forms), *_PARTIAL)


def list_options(*forms: Output) -> Group:
    """The same of a list of what there is now."""
    return (*table_options(*forms), *WATCH, *FLEET)


def document_options(*forms: Output) -> Group:
    """The options of a command that prints one document; one that has ctr's own asks many hosts."""
    of_ctr = (Output.JSON, Output.JSONL, Output.YAML, Output.RAW)
    return format_option(*forms) if forms else (*format_option(*of_ctr), *FLEET)


NAMES: Group = (*format_option(Output.NAME), *QUIET)
"""Of a command that prints the names of what it changed."""


SHARED: Group = (*SCOPE, *EVERY_REALM, *list_options(), *CALLS, *HELP)
"""Every shared option, in the order of the documentation."""


GROUPS = {
    "Which realm": (*SCOPE, *EVERY_REALM),
    "What is printed": (*table_options(), *WATCH),
    "What runs": TRACE,
    "Which containerd": HOST,
    "Many hosts": FLEET,
    "Recordings": (*RECORD, *REPLAY),
}
"""The shared options as the documentation has them."""


BY_NAME = {name: option for option in SHARED for name in option.names}


RARE_PANEL = "Special cases"
"""The help panel of a command's own options that its short page leaves out."""
