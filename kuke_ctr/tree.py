"""The tree of commands: the words that there are, and the one that was typed, built.

The table below is all that a start-up knows of the other commands.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command as build

from kuke_ctr.errors import UsageError
from kuke_ctr.options import hoist, is_shared, typed

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

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """In the words of a command line."""
        show_plain(self.get_params(ctx))
        super().format_help(ctx, formatter)

    def list_commands(self, ctx: Any) -> list[str]:
        """The verbs in the order of the modules."""
        return list(self._infos())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a verb or of one of its other names."""
        for name in (cmd_name, VERB_ALIASES.get(cmd_name, cmd_name)):
            info = infos_of(self._module_of(name)).get(name)
            if info is not None:
                return command_of(info)
        raise unknown(cmd_name, list(self._infos()), ctx.command_path)

    def _module_of(self, verb: str) -> str:
        others = (module for module, verbs in self.entry.more.items() if verb in verbs)
        return next(others, str(self.name))

    def _infos(self) -> dict[str, "CommandInfo"]:
        modules = [str(self.name), *self.entry.more]
        return {
            name: info
            for module in modules
            for name, info in infos_of(module).items()
            if module == self.name or name in self.entry.more[module]
        }


class Nouns(TyperGroup):
    """The root: every noun is imported when it is asked for."""

    outline = False

    def make_context(self, info_name: Any, args: list[str], *rest: Any, **extra: Any) -> Any:
        """For a shell that asks for completions, too, shared options may stand before the verb."""
        if extra.get("resilient_parsing"):
            args = hoist(args, is_noun)
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
            return command_of(infos_of(name)[name])
        group = Verbs(name=name, help=entry.help, rich_markup_mode=MARKUP)
        group.entry = entry
        return group

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The help shows the table's lines and imports no noun."""
        self.outline = True
        show_plain(self.get_params(ctx))
        super().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """The same for a shell."""
        self.outline = True
        return super().shell_complete(ctx, incomplete)


def is_noun(word: str) -> bool:
    """Whether a verb follows this word."""
    return word in NAMES and ENTRIES[NAMES[word]].verbs


def path_of(line: Sequence[str]) -> str:
    """What of a command line is the command: `kuke-ctr images ls`."""
    known = 2 if line and is_noun(line[0]) else 1 if line and line[0] in NAMES else 0
    return " ".join(["kuke-ctr", *(word for word in line[:known] if not word.startswith("-"))])


def infos_of(module: str) -> dict[str, "CommandInfo"]:
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

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """In the words of a command line."""
        show_plain(self.get_params(ctx))
        super().format_help(ctx, formatter)


def show_plain(parameters: Sequence[Any]) -> None:
    """Let the help show no types of Python: a flag has no value, and a value a name in capitals."""
    for one in parameters:
        if one.param_type_name == "argument" or one.is_flag or one.count:
            one.display_type_rich = lambda ctx: None
        elif one.metavar is None:
            one.metavar = one.opts[0].lstrip("-").rpartition("-")[2].upper()


def command_of(info: "CommandInfo") -> Any:
    """The command, built, as a program of its own."""
    one = typer.Typer(add_completion=False, rich_markup_mode=MARKUP)
    one.registered_commands.append(info)
    if not issubclass(info.cls or TyperCommand, Lean):
        info.cls = type("Command", (Lean, info.cls or TyperCommand), {})
    return build(one)


def unknown(word: str, names: Sequence[str], path: str) -> UsageError:
    """The error for a word that is no command, with the nearest one that is."""
    from difflib import get_close_matches

    near = get_close_matches(word, [name for name in names if len(name) > 1], n=1)
    if path == "kuke-ctr" and word in ELSEWHERE:
        near = [ELSEWHERE[word]]
    hint = f"did you mean `{path} {near[0]}`?" if near else f"`{path} --help` lists the commands"
    return UsageError(f"there is no command {word!r} in `{path}`", hint=hint)
