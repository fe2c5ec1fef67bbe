"""kuke-ctr ctr"""

import sys
from typing import Annotated

import typer

from kuke_ctr.commands.shared.options import HOST, SCOPE, TRACE, takes
from kuke_ctr.errors import UsageError
from kuke_ctr.processes.calls import shown
from kuke_ctr.session import Session

app = typer.Typer()

# ctr's global flags that take a value, as their help texts from 1.4 to 2.3 have them
_WITH_VALUE = ("--connect-timeout", "--timeout")
_OURS = ("-n", "--namespace", "-a", "--address")


@app.command(context_settings={"allow_interspersed_args": False})
@takes(SCOPE, TRACE, HOST)
def ctr(
    session: Session,
    args: Annotated[list[str], typer.Argument(metavar="ARGS", help="What ctr gets.")],
) -> None:
    """Become ctr itself, with the realm's -n and the host's -a filled in.

    Runs `ctr ARGS...` in the place of kuke-ctr: its terminal, signals and exit code are ctr's.
    """
    if session.options.record is not None or session.options.replay is not None:
        raise UsageError(
            "ctr itself can't be recorded or replayed: it takes the place of kuke-ctr",
            hint="leave --record and --replay out",
        )
    words = _words(args)
    realm = session.realm(changing=True)  # who knows what the words do
    if words[:1] and words[0] in ("tasks", "task", "t") and words[1:2] == ["attach"]:
        safe = f"kuke-ctr tasks attach --namespace {realm.namespace} {words[-1]}"
        print(
            "warning: ctr forwards every signal it gets to the workload, and has no way to detach; "
            f"this is safe: {safe}",
            file=sys.stderr,
        )
    session.ctr.processes.become(realm.scope.call(*args))


def _words(args: list[str]) -> list[str]:
    """The words from the noun on; another -n or -a before it is wrong usage."""
    rest = list(args)
    while rest and rest[0].startswith("-"):
        flag = rest.pop(0)
        name = flag.partition("=")[0]
        if name in _OURS:
            raise UsageError(
                f"{name} before the noun would replace the one that kuke-ctr fills in",
                hint="give --namespace or --address to kuke-ctr, before the --",
            )
        if name in _WITH_VALUE and "=" not in flag:
            del rest[:1]
    if not rest and not args:
        raise UsageError(
            "ctr gets no command",
            hint=f"for example: {shown(('kuke-ctr', 'ctr', '--', 'images', 'ls'))}",
        )
    return rest
