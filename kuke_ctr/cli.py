"""The root of the command line, and the one place where errors become messages and exit codes.

Only the verb that was asked for is imported and built: the table below is all that a start-up knows
of the others.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command as build

from kuke_ctr.errors import INTERRUPTED, NO_READER, Interrupted, KukeCtrError, UsageError
from kuke_ctr.options import begins_with_shared, hoist, is_shared, typed
from kuke_ctr.render import ENCODABLE, show_error

if TYPE_CHECKING:
    from typer.models import CommandInfo


class Entry(NamedTuple):
    """A word after `kuke-ctr`: its one-line help, its other names, whether verbs follow it.

    Its commands are in the module of its name under `commands/`; `more` names other modules there,
    each with the verbs that it has: of several only the one that is asked for is imported.
    """

    help: str
    aliases: tuple[str, ...] = ()
    verbs: bool = True
    more: Mapping[str, tuple[str, ...]] = {}


ENTRIES = {
    "images": Entry(
        "Images of a realm.",
        ("image", "i"),
        more={
            "images_content": ("check", "usage", "inspect"),
            "images_registry": ("pull", "push"),
            "images_archives": ("import", "export"),
            "images_changes": ("tag", "label", "rm", "prune", "convert"),
            "images_mounts": ("mount", "unmount"),
        },
    ),
    "containers": Entry(
        "Containers of a realm.",
        ("container", "c"),
        more={"containers_changes": ("create", "label", "rm")},
    ),
    "tasks": Entry(
        "Tasks: the processes of containers.",
        ("task", "t"),
        more={
            "start": ("start",),
            "attach": ("attach",),
            "exec": ("exec",),
            "tasks_changes": ("kill", "pause", "resume", "rm", "checkpoint"),
        },
    ),
    "run": Entry("Make a container and start it.", verbs=False),
    "exec": Entry("Run a command in a running container.", verbs=False),
    "attach": Entry("Look into a running container, without harm.", verbs=False),
    "logs": Entry("Show what a container has printed.", verbs=False),
    "snapshots": Entry(
        "Snapshots: the file systems of images and containers.",
        ("snapshot",),
        more={"snapshots_changes": ("prepare", "view", "commit", "label", "mount", "rm")},
    ),
    "content": Entry(
        "Content: the blobs that images are made of.",
        more={
            "content_arrivals": ("fetch", "ingest"),
            "content_changes": ("label", "rm", "prune"),
        },
    ),
    "leases": Entry(
        "Leases: what keeps content and snapshots.",
        ("lease",),
        more={"leases_changes": ("create", "rm")},
    ),
    "sandboxes": Entry("Sandboxes of a realm.", ("sandbox", "sb", "s")),
    "events": Entry("What happens in a realm, as it happens.", ("event",), verbs=False),
    "namespaces": Entry("containerd's namespaces.", ("namespace", "ns")),
    "realms": Entry("Realms, and how they become namespaces.", ("realm",)),
    "plugins": Entry("containerd's plugins.", ("plugin",)),
    "deprecations": Entry("What is used here that containerd will drop.", ("deprecation",)),
    "version": Entry("Versions of kuke-ctr, ctr and containerd.", verbs=False),
    "info": Entry("What containerd says about itself.", verbs=False),
    "ctr": Entry("Become ctr itself, with -n and -a filled in.", verbs=False),
    "parse": Entry("Read what ctr printed elsewhere.", verbs=False),
    "schema": Entry("JSON Schema of the records.", verbs=False),
}
NAMES = {name: full for full, entry in ENTRIES.items() for name in (full, *entry.aliases)}
ELSEWHERE = {
    "checkpoint": "tasks checkpoint",
    "commit": "snapshots commit",
    "convert": "images convert",
    "create": "containers create",
    "export": "images export",
    "fetch": "content fetch",
    "import": "images import",
    "inspect": "containers info",
    "kill": "tasks kill",
    "load": "images import",
    "ls": "containers ls",
    "metrics": "tasks metrics",
    "mount": "images mount",
    "pause": "tasks pause",
    "ps": "tasks ls",
    "prune": "images prune",
    "pull": "images pull",
    "push": "images push",
    "resume": "tasks resume",
    "rm": "containers rm",
    "rmi": "images rm",
    "save": "images export",
    "start": "tasks start",
    "stats": "tasks metrics",
    "stop": "tasks kill",
    "tag": "images tag",
    "top": "tasks ps",
    "unmount": "images unmount",
    "unpause": "tasks resume",
}
"""Words that docker's users and ctr's type without a noun, and the command that does that here."""

VERB_ALIASES = {"list": "ls", "remove": "rm", "delete": "rm", "del": "rm"}

# shown as it is typed: a bracket in a help text is not markup
MARKUP: Literal["markdown"] = "markdown"


class Verbs(TyperGroup):
    """The verbs of one noun; each is imported and built when it is asked for."""

    entry: Entry

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """No verb at all asks for help."""
        return super().parse_args(ctx, args or ["--help"])

    def list_commands(self, ctx: Any) -> list[str]:
        """The verbs in the order of the modules."""
        return list(self._infos())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a verb or of one of its other names."""
        for name in (cmd_name, VERB_ALIASES.get(cmd_name, cmd_name)):
            info = _infos_of(self._module_of(name)).get(name)
            if info is not None:
                return _command(info)
        raise unknown(cmd_name, list(self._infos()), ctx.command_path)

    def _module_of(self, verb: str) -> str:
        others = (module for module, verbs in self.entry.more.items() if verb in verbs)
        return next(others, str(self.name))

    def _infos(self) -> dict[str, "CommandInfo"]:
        modules = [str(self.name), *self.entry.more]
        return {
            name: info
            for module in modules
            for name, info in _infos_of(module).items()
            if module == self.name or name in self.entry.more[module]
        }


class Nouns(TyperGroup):
    """The root: every noun is imported when it is asked for."""

    outline = False

    def make_context(self, info_name: Any, args: list[str], *rest: Any, **extra: Any) -> Any:
        """For a shell that asks for completions, too, shared options may stand before the verb."""
        if extra.get("resilient_parsing"):
            args = hoist(args, _is_noun)
        return super().make_context(info_name, args, *rest, **extra)

    def list_commands(self, ctx: Any) -> list[str]:
        """The nouns and the commands without a noun."""
        return list(ENTRIES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The group of a noun, or a command without a noun."""
        name = NAMES.get(cmd_name)
        if name is None:
            raise unknown(cmd_name, list(NAMES), "kuke-ctr")
        entry = ENTRIES[name]
        if self.outline:
            return TyperCommand(name, help=entry.help)
        if not entry.verbs:
            return _command(_infos_of(name)[name])
        group = Verbs(name=name, help=entry.help, rich_markup_mode=MARKUP)
        group.entry = entry
        return group

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The help shows the table's lines and imports no noun."""
        self.outline = True
        super().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """The same for a shell."""
        self.outline = True
        return super().shell_complete(ctx, incomplete)


def _is_noun(word: str) -> bool:
    """Whether a verb follows this word."""
    return word in NAMES and ENTRIES[NAMES[word]].verbs


def _infos_of(module: str) -> dict[str, "CommandInfo"]:
    """The commands in a module of `commands/`, by name."""
    app = import_module(f"kuke_ctr.commands.{module}").app
    return {info.name or info.callback.__name__: info for info in app.registered_commands}


class Lean(TyperCommand):
    """A command that makes ready only the shared options that are typed: each costs a start 1 ms.

    The help and the complaint about an unknown option know all of them.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The same as with all options."""
        every, given = self.params, list(args)
        self.params = [one for one in every if not is_shared(one.opts) or typed(one.opts, args)]
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException:
            self.params = every
            return super().parse_args(ctx, given)
        finally:
            self.params = every


def _command(info: "CommandInfo") -> Any:
    one = typer.Typer(add_completion=False, rich_markup_mode=MARKUP)
    one.registered_commands.append(info)
    if info.cls is TyperCommand:
        info.cls = Lean
    return build(one)


def unknown(word: str, names: Sequence[str], path: str) -> UsageError:
    """The error for a word that is no command, with the nearest one that is."""
    from difflib import get_close_matches

    near = get_close_matches(word, [name for name in names if len(name) > 1], n=1)
    if path == "kuke-ctr" and word in ELSEWHERE:
        near = [ELSEWHERE[word]]
    hint = f"did you mean `{path} {near[0]}`?" if near else f"`{path} --help` lists the commands"
    return UsageError(f"there is no command {word!r} in `{path}`", hint=hint)


app = typer.Typer(
    cls=Nouns,
    rich_markup_mode=MARKUP,
    epilog="The shared options (`kuke-ctr images ls --help` lists them) may stand before or after "
    "the command: `kuke-ctr --realm main images ls`. Exit codes: docs/output.md.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"kuke-ctr {version('kuke-ctr')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """containerd's ctr for Kukeon realms: structured, traceable, harmless."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code (docs/output.md lists them)."""
    words = list(sys.argv[1:] if argv is None else argv)
    if sys.stdout is None or sys.stderr is None:
        _open_streams()
    try:
        return _finish(_run(words))
    except BrokenPipeError:
        return _reader_gone()
    except KukeCtrError as error:  # stdout is full, or was closed
        show_error(error)
        return error.exit_code


def _open_streams() -> None:
    """Whoever started us closed stdout or stderr (`>&-`): what would be printed there is dropped.

    Otherwise an error would go to stdout, and a socket could get the number of a stream.
    """
    from kuke_ctr.children import open_standard_streams

    open_standard_streams()
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False, errors="backslashreplace")


def _run(words: list[str]) -> int:
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors=ENCODABLE)
    try:
        line = hoist(words, _is_noun)
        if begins_with_shared(line):
            if "--help" not in line:
                raise UsageError("no command was given", hint="`kuke-ctr --help` lists them")
            line = ["--help"]
        return _invoke(line or ["--help"])
    except (KukeCtrError, Interrupted) as error:
        show_error(error)
        return error.exit_code
    except typer.TyperException as error:  # what the parser found wrong
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else "kuke-ctr"
        message = error.format_message().rstrip(".")
        show_error(
            UsageError(message[:1].lower() + message[1:], hint=f"`{path} --help` shows the usage")
        )
        return 2
    except (KeyboardInterrupt, typer.Abort):
        print("kuke-ctr: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except OSError as error:
        return _system_said_no(error)
    except Exception:  # noqa: BLE001 - a bug of ours: one sentence, and where the rest is
        return _bug()


def _invoke(line: list[str]) -> int:
    """Parse and run; not by the parser's own `main`, which turns a broken pipe into exit 1."""
    command = build(app)
    if "_KUKE_CTR_COMPLETE" in os.environ:  # a shell asks for completions
        with suppress(KukeCtrError):  # a word that is no command has none; a prompt is no place
            command(prog_name="kuke-ctr")  # for messages
        return 0
    try:
        with command.make_context("kuke-ctr", line) as context:
            command.invoke(context)
    except typer.Exit as ending:
        return ending.exit_code
    return 0


def _finish(code: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        return _system_said_no(error)
    return code


def _system_said_no(error: OSError) -> int:
    """A full disk under our output, a folder that vanished: the system's own words."""
    try:
        sys.stdout.flush()
    except OSError:
        _drop_output()
    where = f" ({error.filename})" if error.filename else ""
    show_error(KukeCtrError(f"the system refused: {error.strerror or error}{where}"))
    return 1


def _reader_gone() -> int:
    """Nobody reads our output any more: silent."""
    _drop_output()
    return NO_READER


def _drop_output() -> None:
    """What is still in our buffer goes nowhere: Python's own flush at exit must not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _bug() -> int:
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="kuke-ctr-", suffix=".traceback", delete=False, errors="backslashreplace"
    ) as file:
        traceback.print_exc(file=file)
    print(f"kuke-ctr: this is a bug of kuke-ctr; the traceback is in {file.name}", file=sys.stderr)
    return 70
