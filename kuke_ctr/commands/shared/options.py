"""The options that many commands share: one table, in groups; a command takes those it honours.

    @app.command("ls")
    @takes(IN_REALM, EVERY_REALM, list_options())
    def ls(session: Session) -> None: ...

A value option is declared as a list, so that the same option twice with different values is
refused, and the last one does not win in silence.
"""

import inspect
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Concatenate, ParamSpec

import typer
from typer.models import OptionInfo

from kuke_ctr.commands.shared.option_table import HELP, HELP_ALL, Group, SharedOption
from kuke_ctr.commands.shared.option_values import is_empty, options_of
from kuke_ctr.commands.shared.output import ALOUD, note
from kuke_ctr.errors import KukeCtrError, UsageError
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.shell_words import shell_line
from kuke_ctr.session import Session

P = ParamSpec("P")


Command = Callable[Concatenate[Session, P], None]


Snapshotter = Annotated[
    str | None,
    typer.Option(
        "--snapshotter", metavar="NAME", help="Snapshotter: overlayfs, native, ...; default: ctr's."
    ),
]
"""Of the commands that are about one snapshotter."""


_MAY_BE_EMPTY = {"args", "command", "entrypoint", "order", "send"}
"""Words of somebody else's program, and `--entrypoint ''`, which is none at all."""


def takes(
    *groups: Group, own: Sequence[str] = ()
) -> Callable[[Callable[Concatenate[Session, P], None]], Callable[..., None]]:
    """The command with these groups of options in its signature; it gets them as a Session.

    `own` are names that have another meaning in this command (`-a`): there the shared option has
    its other name only, and one without another name is not there.
    """
    options = (*(option for group in groups for option in group), *HELP)
    return lambda function: _with_options(function, options, own)


def _with_options(
    function: Callable[Concatenate[Session, P], None], options: Group, own: Sequence[str]
) -> Callable[..., None]:
    run: Callable[..., None] = function
    _, *parameters = inspect.signature(function, eval_str=True).parameters.values()

    def with_options(**given: object) -> None:
        mine = {parameter.name: given.pop(parameter.name) for parameter in parameters}
        _refuse_empty(parameters, mine)
        session = Session(options_of(given, options), note, ALOUD)
        session.heed_far = lambda far: _refuse_far(function, far, given)
        if session.options.hosts is not None:
            _refuse_sudo(given)
        elif given.get("sudo") and not session.options.host:
            _become_root(session, mine)
        try:
            if session.options.hosts is not None:
                from kuke_ctr.commands.shared.fleet import over_hosts  # late: the same

                over_hosts(session.options, lambda each: run(each, **mine))
            elif session.options.watch is not None:
                from kuke_ctr.commands.shared.watch import watch  # late: mostly nobody watches

                of_realms = any(option.field == "namespace" for option in options)
                watch(session, lambda again: run(again, **mine), of_realms=of_realms)
            else:
                run(session, **mine)
        except KukeCtrError as error:
            from kuke_ctr.commands.shared.hints import scoped  # late: most commands succeed

            raise scoped(error, session.options) from error.__cause__

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


def _refuse_far(command: Callable[..., None], far: Far, given: Mapping[str, object]) -> None:
    from kuke_ctr.commands.shared.needs_here import refuse_far  # late: mostly it is this host

    _refuse_sudo(given)
    refuse_far(command.__module__, command.__name__, far)


def _refuse_sudo(given: Mapping[str, object]) -> None:
    if given.get("sudo"):
        raise UsageError(
            "--sudo makes kuke-ctr root on this host, not on another one",
            hint="connect as root: --host ssh://root@HOST",
        )


def _become_root(session: Session, given: Mapping[str, object]) -> None:
    """Start again under sudo, with the variables that `--env NAME` takes from this shell."""
    from kuke_ctr.processes.as_root import become_root, sudo_argv

    env = given.get("env")
    named = [str(one) for one in env if "=" not in str(one)] if isinstance(env, list) else []
    argv = sudo_argv(os.environ, sys.argv, named)
    if session.options.trace and os.geteuid() != 0:
        ALOUD.traced(f"+ {shell_line(argv)}")
    become_root(argv)


def _refuse_empty(parameters: Sequence[inspect.Parameter], given: Mapping[str, object]) -> None:
    """Raise UsageError for an empty word: ctr reads it as none, and does more than was meant."""
    for parameter in parameters:
        value = given[parameter.name]
        words = value if isinstance(value, list) else [value]
        if "" in words and parameter.name not in _MAY_BE_EMPTY:
            raise is_empty(_shown_name(parameter))


def _shown_name(parameter: inspect.Parameter) -> str:
    """As the help has it: `--exec-id`, `REF`."""
    (declared, *_) = parameter.annotation.__metadata__
    if isinstance(declared, OptionInfo):
        long = [name for name in declared.param_decls or () if name.startswith("--")]
        return long[0] if long else f"--{parameter.name.replace('_', '-')}"
    word = re.search(r"[A-Z]+", re.sub(r"\[.*\]", "", declared.metavar or ""))
    return word[0] if word else parameter.name.upper()


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
        callback=show_all if option.field == "help_all" else None,
        is_eager=option.field == "help_all",
    )
    return inspect.Parameter(
        option.field,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, declared],
    )


def show_all(ctx: typer.Context, wanted: bool) -> None:
    """Show the whole help page of a command, where that is `wanted`."""
    if wanted:
        ctx.meta[HELP_ALL] = True
        print(ctx.get_help())
        raise typer.Exit
