"""The tree of commands: only the one that was typed is imported and built."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from kuke_ctr.cli.arguments import (
    is_shared,
    refuse_option_as_address,
    shared_among,
    typed,
    why_not,
    with_values,
)
from kuke_ctr.cli.words import ENTRIES, NAMES, VERB_ALIASES, Entry
from kuke_ctr.commands.shared.option_table import BY_NAME, HELP_ALL, RARE_PANEL
from kuke_ctr.errors import KukeCtrError, UsageError
from kuke_ctr.kukeon.addresses import ADDRESS_OPTION, DOCKERS_A
from kuke_ctr.processes.shell_words import shell_line

if TYPE_CHECKING:
    from typer.models import CommandInfo


# shown as it is typed: a bracket in a help text is not markup
MARKUP: Literal["markdown"] = "markdown"


class Verbs(TyperGroup):
    """The verbs of one noun; each is imported and built when it is asked for."""

    entry: Entry

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """No word at all asks for help; options without a verb are those of a list."""
        if args and args[0].startswith("-") and not ctx.resilient_parsing:
            verbs = self.entry.verbs
            verb = next((word for word in args if word in (*verbs, *VERB_ALIASES)), None)
            if verb is not None:
                line = shell_line([verb, *(word for word in args if word != verb)])
                raise UsageError(
                    f"{args[0]} stands before {verb}",
                    hint=f"options stand behind it: `{ctx.command_path} {line}`",
                )
            if "ls" in verbs and args[0] not in ctx.help_option_names:
                args = ["ls", *args]
        return super().parse_args(ctx, args or ["--help"])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The verb; an error about one that there is not knows the words behind it."""
        return resolved(super().resolve_command, ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """In the words of a command line."""
        show_plain(self.get_params(ctx))
        super().format_help(ctx, formatter)

    def list_commands(self, ctx: Any) -> list[str]:
        """The verbs in the order of the modules."""
        return list(self.entry.verbs)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a verb or of one of its other names."""
        for name in (cmd_name, VERB_ALIASES.get(cmd_name, cmd_name)):
            for module, verbs in self.entry.modules.items():
                if name in verbs:
                    return command_of(infos_of(module)[name])
        raise Unknown(cmd_name, self.entry.verbs)


class Nouns(TyperGroup):
    """The root: every noun is imported when it is asked for."""

    outline = False
    short = False
    """Whether the short help page is shown, which does not name every command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The options of the root."""
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException as error:
            if not hasattr(error, "possibilities") or not hasattr(error, "option_name"):
                raise
            raise no_such_option(error.option_name, ctx, self.params, args) from None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The noun; an error about one that there is not knows the words behind it."""
        return resolved(super().resolve_command, ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:
        """The nouns and the commands without a noun."""
        return list(ENTRIES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The group of a noun, or a command without a noun."""
        name = NAMES.get(cmd_name)
        if name is None:
            raise Unknown(cmd_name, list(NAMES))
        entry = ENTRIES[name]
        if self.outline:
            hidden = self.short and (entry.rare or bool(entry.of_noun))
            return TyperCommand(name, help=entry.help, short_help=entry.help, hidden=hidden)
        if not entry.verbs:
            (module,) = entry.modules
            return command_of(infos_of(module)[entry.same or name])
        group = Verbs(name=name, help=entry.help, rich_markup_mode=MARKUP)
        group.entry = entry
        return group

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The help shows the table's lines and imports no noun."""
        self.outline, self.short = True, HELP_ALL not in ctx.meta
        show_plain(self.get_params(ctx))
        super().format_help(ctx, formatter)


def no_such_option(
    name: str, ctx: Any, parameters: Sequence[Any], args: Sequence[str]
) -> UsageError:
    """The error for an option that is none of these parameters."""
    from kuke_ctr.cli.elsewhere import unknown_option

    shown = [option for option in parameters if not getattr(option, "hidden", False)]
    known = [name for option in shown for name in option.opts]
    return unknown_option(name, ctx.command_path, known, args)


class Unknown(KukeCtrError):
    """A word that is no command, and those that there are."""

    def __init__(self, word: str, names: Sequence[str]) -> None:
        super().__init__(word)
        self.names = names


def resolved(resolve: Callable[[Any, list[str]], Any], ctx: Any, args: list[str]) -> Any:
    """What `resolve` finds; UsageError with a hint for a word that is no command."""
    try:
        return resolve(ctx, args)
    except Unknown as error:
        from kuke_ctr.cli.elsewhere import unknown_command

        word, *rest = args
        raise unknown_command(word, ctx.command_path, error.names, rest) from None


def infos_of(module: str) -> dict[str, "CommandInfo"]:
    """The commands in a module of `commands/`, by name."""
    app = import_module(f"kuke_ctr.commands.{module}").app
    return {info.name or info.callback.__name__: info for info in app.registered_commands}


class Lean(TyperCommand):
    """A command that makes ready only the shared options that are typed: each costs a start 1 ms.

    The help and the complaint about an unknown option know all of them. The short help leaves out
    what is for special cases, and says how to see it.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The same as with all options."""
        names = [name for one in self.params for name in one.opts]
        flags = [name for one in self.params if _is_flag(one) for name in one.opts]
        args = with_values(args, names, flags)
        every, given = self.params, list(args)
        self.params = [one for one in every if not is_shared(one.opts) or typed(one.opts, args)]
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException:
            self.params = every
            return self._parse_all(ctx, given)
        finally:
            self.params = every

    def _parse_all(self, ctx: Any, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, list(args))
        except typer.TyperException as error:
            wrong = self._explained(error, ctx, args)
            if wrong is None:
                raise
            raise wrong from None

    def _explained(
        self, error: typer.TyperException, ctx: Any, args: Sequence[str]
    ) -> UsageError | None:
        """What the parser found wrong, where more can be said of it."""
        if any({ADDRESS_OPTION, "-a"} <= {*option.opts} for option in self.params):
            refuse_option_as_address(args)
        name = getattr(error, "option_name", "")
        if hasattr(error, "possibilities"):
            known = [one for option in self.params for one in option.opts]
            other = shared_among([name], known)
            if other is None:
                return no_such_option(name, ctx, self.params, args)
            hint = why_not(other, known) or f"`{ctx.command_path} --help` shows those it has"
            return UsageError(f"`{ctx.command_path}` has no option {other}", hint=hint)
        if name in (ADDRESS_OPTION, "-a"):
            return UsageError(f"{name} has no value", hint=DOCKERS_A)
        extra = "unexpected extra argument" in error.format_message()
        if extra and ctx.command_path.endswith((" ls", " list")):
            return UsageError(
                f"`{ctx.command_path}` takes no filter",
                hint="`-o name` or `-o jsonl` and `grep` find a row in its output",
            )
        return None

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """In the words of a command line."""
        every = self.params
        show_plain(self.get_params(ctx))
        if HELP_ALL not in ctx.meta:
            self.params = [one for one in every if not is_rare(one)]
            if len(self.params) < len(every):
                self.epilog = f"More options: `{ctx.command_path} --help-all`"
        super().format_help(ctx, formatter)
        self.params = every


def _is_flag(option: Any) -> bool:
    return option.param_type_name == "option" and bool(option.is_flag or option.count)


def is_rare(option: Any) -> bool:
    """Whether a short help page leaves it out."""
    shared = [BY_NAME[name] for name in option.opts if name in BY_NAME]
    return any(one.rare for one in shared) or (
        getattr(option, "rich_help_panel", None) == RARE_PANEL
    )


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
    return get_command(one)
