"""kuke-ctr ctr"""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from kuke_ctr.commands.shared.kukeon import members_of
from kuke_ctr.commands.shared.option_table import HOST, SCOPE, TRACE
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import UsageError
from kuke_ctr.processes.calls import shown
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()

# ctr's global flags that take a value, as their help texts from 1.4 to 2.3 have them
_WITH_VALUE = ("--connect-timeout", "--timeout")
_OURS = ("-n", "--namespace", "-a", "--address")
_REMOVE = ("rm", "delete", "del", "remove")


@app.command(context_settings={"allow_interspersed_args": False})
@takes(SCOPE, TRACE, HOST)
def ctr(
    session: Session,
    args: Annotated[list[str], typer.Argument(metavar="ARGS", help="The words for ctr, after --.")],
) -> None:
    """Run any ctr command in the realm's namespace.

    kuke-ctr fills in -n and -a and is replaced by ctr: terminal, signals and exit code are ctr's.
    Only `tasks start` of a container of Kukeon's is refused: `kuke start` does it.

    Examples:

        kuke-ctr ctr -r main -- images check
        kuke-ctr ctr -r main -x -- snapshots tree

    Runs `ctr ARGS...`.
    """
    if session.options.record is not None or session.options.replay is not None:
        raise UsageError(
            "`kuke-ctr ctr` cannot be recorded or replayed: ctr replaces kuke-ctr",
            hint="leave --record and --replay out",
        )
    words = _words(args)
    realm = session.realm(changing=True)  # who knows what the words do
    warn_of_no_namespace(realm, "ctr")
    if words[:1] and words[0] in ("tasks", "task", "t") and words[1:2] == ["attach"]:
        safe = f"kuke-ctr tasks attach --namespace {realm.namespace} {words[-1]}"
        print(
            "warning: `ctr tasks attach` forwards every signal to the workload and cannot "
            f"detach; safe instead: {safe}",
            file=sys.stderr,
        )
    _refuse_kukeons(realm, words)
    session.ctr.processes.become(realm.scope.call(*args))


def warn_of_no_namespace(realm: OpenRealm, program: str) -> None:
    """Say where the namespace does not exist: the program would not."""
    if realm.exists() is False:
        note(
            f"warning: there is no namespace {realm.namespace}{realm.of_realm}; {program} "
            "lists it as an empty one, and makes it where something is put into it"
        )


def _refuse_kukeons(realm: OpenRealm, words: Sequence[str]) -> None:
    """UsageError for `tasks start` of a container of Kukeon's; a warning before others end it."""
    noun, verb = (*words, "", "")[:2]
    of_task = noun in ("tasks", "task", "t") and verb in ("start", "kill", *_REMOVE)
    of_container = noun in ("containers", "container", "c") and verb in _REMOVE
    if not (of_task or of_container):
        return
    names = [word for word in words[2:] if not word.startswith("-")]
    found = next(iter(members_of(realm).among(names).values()), None)
    if found is None:
        return
    said = f"{found.id} belongs to Kukeon's cell {found.cell}"
    if verb == "start":
        raise UsageError(
            f"{said}, and ctr could start it in the network of another process; nothing was done",
            hint=found.start_hint,
        )
    better = found.kuke("stop" if of_task else "delete cell")
    note(f"warning: {said}; Kukeon's own command is {better}")


def _words(args: list[str]) -> list[str]:
    """The words from the noun on; another -n or -a before it is wrong usage."""
    rest = list(args)
    while rest and rest[0].startswith("-"):
        flag = rest.pop(0)
        name = flag.partition("=")[0]
        if name in _OURS:
            raise UsageError(
                f"{name} cannot be given to ctr: kuke-ctr fills it in",
                hint="give --namespace or --address to kuke-ctr, before the --",
            )
        if name in _WITH_VALUE and "=" not in flag:
            del rest[:1]
    if not rest and not args:
        raise UsageError(
            "the ctr command to run is missing",
            hint=f"for example: {shown(('kuke-ctr', 'ctr', '--', 'images', 'ls'))}",
        )
    return rest
