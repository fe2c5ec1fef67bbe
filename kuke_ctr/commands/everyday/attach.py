"""kuke-ctr attach, kuke-ctr tasks attach"""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from kuke_ctr.commands.shared.container_argument import one_container
from kuke_ctr.commands.shared.launch import own_failures
from kuke_ctr.commands.shared.missing import near_containers
from kuke_ctr.commands.shared.needs_here import only_there
from kuke_ctr.commands.shared.option_table import HOST, QUIET, RECORD, SCOPE, TRACE
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.commands.shared.short_ids import by_id
from kuke_ctr.errors import (
    NO_READER,
    CtrFailed,
    CtrMissing,
    Forbidden,
    KukeCtrError,
    TimeLimit,
    UsageError,
)
from kuke_ctr.processes.farewell import Farewell
from kuke_ctr.render import escape
from kuke_ctr.session import OpenRealm, Session
from kuke_ctr.terminals.detach_keys import DEFAULT_KEYS, describe_keys, parse_keys

if TYPE_CHECKING:
    from kuke_ctr.recipes.attach_target import Look
    from kuke_ctr.terminals.attachment import AttachOptions, Ending, Step

app = typer.Typer()

_EXPECT, _SEND = "--expect", "--send"
_SHOWN_LINES = 10
_LAST_LINES = 10

_ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "e": b"\x1b", "0": b"\0", "\\": b"\\"}
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.|$)", re.DOTALL)


class InOrder(TyperCommand):
    """A command that is told in which order --expect and --send stood (hidden option --order)."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The words, and the order as an option more."""
        order = "".join(name[2] for name in _options_in(args) if name in (_EXPECT, _SEND))
        return super().parse_args(ctx, [*([f"--order={order}"] if order else []), *args])


def _options_in(args: Sequence[str]) -> Iterator[str]:
    """The names of the long options; what follows --expect or --send is a value, whatever it is."""
    words = iter(args)
    for word in words:
        if word == "--":
            return
        name, equals, _ = word.partition("=")
        yield name
        if name in (_EXPECT, _SEND) and not equals:
            next(words, None)


Keys = Annotated[
    str,
    typer.Option(
        "--detach-keys",
        metavar="KEYS",
        help="Keys that detach, as in docker: ctrl-p,ctrl-q. Default: ctrl-],ctrl-].",
    ),
]
NoStdin = Annotated[
    bool, typer.Option("--no-stdin", help="Only watch: nothing that you type is sent.")
]
SigProxy = Annotated[
    bool,
    typer.Option(
        "--sig-proxy",
        help="Forward Ctrl-C and other signals to a task that has no terminal.",
    ),
]
Save = Annotated[
    Path | None,
    typer.Option("--save", metavar="FILE", help="Also write the output to this new file."),
]
Logs = Annotated[
    bool, typer.Option("--logs", help="If the output goes to a log file, follow that file.")
]
Expect = Annotated[
    list[str] | None,
    typer.Option(
        "--expect",
        metavar="REGEX",
        help="Wait for this regular expression in the output; exit with 0 when it came, 124 "
        "when not.",
    ),
]
Send = Annotated[
    list[str] | None,
    typer.Option(
        "--send",
        metavar="TEXT",
        help="Type this text, after the options before it are done; knows \\n, \\r, \\t, \\e "
        "and \\xHH.",
    ),
]


@app.command("attach", cls=InOrder)
@takes(SCOPE, QUIET, TRACE, HOST, RECORD)
def attach_(
    session: Session,
    name: Annotated[str, one_container()],
    keys: Keys = DEFAULT_KEYS,
    no_stdin: NoStdin = False,
    sig_proxy: SigProxy = False,
    save: Save = None,
    logs: Logs = False,
    expect: Expect = None,
    send: Send = None,
    order: Annotated[str, typer.Option("--order", hidden=True)] = "",
) -> None:
    r"""Use the terminal of a running container; leaving does not stop it.

    Press Ctrl-] twice to leave, or Ctrl-C if the task has no terminal (exit code 0). When the task
    ends, ctr deletes it, and its exit code is kuke-ctr's. 125: ctr or kuke-ctr failed. 124:
    --timeout passed, or the --expect text did not come. -q omits the notes, except the last one if
    the exit code is not 0.

    Examples:

        kuke-ctr attach -r main shell
        kuke-ctr attach -r main shell --send 'date\n' --expect '20\d\d' --timeout 5s

    Runs `ctr tasks attach CONTAINER`, or connects to kuketty's socket if Kukeon's kuketty holds the
    terminal.
    """
    watched = parse_keys(keys)
    script = _script(order, expect or [], send or [])
    with own_failures():
        from kuke_ctr.commands.shared.kukeon import members_of
        from kuke_ctr.recipes.attach import attach, plan
        from kuke_ctr.recipes.attach_target import refuse
        from kuke_ctr.terminals.attachment import refuse_existing

        if save is not None:
            refuse_existing(save)
        realm = session.realm(lenient=True)
        found = by_id(realm, name, lambda one: _look(realm, one), attachable=True, offline=True)
        if logs and _follow(session, realm, found):
            return
        refuse(
            found,
            lambda: _has_log(realm, found.name),
            lambda: members_of(realm).of(found.name, found.info.labels),
        )
        options = _options(session, watched, no_stdin, sig_proxy, save, script)
        if session.options.dry_run:
            plan(realm.scope, found, options)
            return
        options, ending = _when_set_up(session, realm, found, options)
        if ending is None:
            if not session.options.quiet:
                _announce(found, options)
                options = replace(options, input_ended=lambda: _input_ended(found, options))
            ending = attach(realm.scope, found, options)
        _tell(session, found, ending)
    raise typer.Exit(ending.exit_code)


def _look(realm: OpenRealm, name: str) -> "Look":
    from kuke_ctr.recipes.attach_target import look, look_in_records

    run_path = realm.host.settings.run_path
    with near_containers(realm, name):
        try:
            if realm.resolution.guessed:
                _ = realm.host.namespaces  # raises where containerd can't be asked
            return _reachable(look(realm.scope, name, run_path))
        except (Forbidden, CtrFailed, CtrMissing, TimeLimit) as error:
            found = look_in_records(realm.scope, name, run_path, realm.resolution, error)
            if found is None:
                raise
            return _reachable(found)


def _reachable(found: "Look") -> "Look":
    far = found.scope.ctr.far
    if found.socket is not None and far is not None:
        raise only_there(far, found.name)
    return found


def _when_set_up(
    session: Session, realm: OpenRealm, found: "Look", options: "AttachOptions"
) -> "tuple[AttachOptions, Ending | None]":
    """Wait for a kuketty that still sets the container up; the end, where that came before."""
    if found.socket is None:
        return options, None
    from kuke_ctr.kukeon.cells import find_container
    from kuke_ctr.recipes.attach_setup import ready

    def declared() -> bool:
        with suppress(KukeCtrError):
            cell = find_container(realm.host.settings.run_path, realm.resolution, found.name)
            return cell is not None and cell.sets_up
        return False

    tell = (lambda _: None) if session.options.quiet else note
    return ready(found, options, tell, declared=declared)


def _has_log(realm: OpenRealm, name: str) -> bool:
    from kuke_ctr.recipes.far_logs import far_log
    from kuke_ctr.recipes.logs import find

    with suppress(KukeCtrError):
        if realm.ctr.far is None:
            find(realm.host, realm.resolution, name)
        else:
            far_log(realm.host, realm.resolution, name)
        return True
    return False


def _follow(session: Session, realm: OpenRealm, found: "Look") -> bool:
    """Follow the log of a task that cannot be attached to; False where it can."""
    from kuke_ctr.terminals.task_io import IoKind

    if found.socket is not None or found.io.kind not in (IoKind.LOG, IoKind.UNKNOWN):
        return False
    from kuke_ctr.commands.everyday.logs import print_log

    with suppress(KeyboardInterrupt):  # leaving, as from an attachment
        print_log(session, realm, found.name, lines=_LAST_LINES, following=True)
    return True


def _options(
    session: Session,
    keys: bytes,
    no_stdin: bool,
    sig_proxy: bool,
    save: Path | None,
    script: "tuple[Step, ...]",
) -> "AttachOptions":
    from kuke_ctr.terminals.attachment import AttachOptions

    return AttachOptions(
        take_input=not no_stdin,
        keys=keys,
        sig_proxy=sig_proxy,
        save=save,
        timeout=session.options.timeout or None,
        script=script,
    )


def _script(order: str, expects: Sequence[str], sends: Sequence[str]) -> "tuple[Step, ...]":
    """The steps in the order in which they were typed: a text is sent after what is before it."""
    if not expects and not sends:
        return ()
    if not expects:
        raise UsageError(
            "--send without --expect would leave before there is an answer",
            hint="for example: --send 'date\\n' --expect '20\\d\\d'",
        )
    from kuke_ctr.terminals.attachment import Step

    patterns, texts = iter(map(_pattern, expects)), iter(map(_text, sends))
    steps: list[Step] = []
    for letter in order:
        if letter == _EXPECT[2]:
            steps.append(Step(next(patterns)))
        elif steps and steps[-1].send is None:
            steps[-1] = replace(steps[-1], send=next(texts))
        else:
            steps.append(Step(b"", next(texts)))
    return tuple(steps)


def _pattern(text: str) -> bytes:
    pattern = os.fsencode(text)
    try:
        re.compile(pattern)
    except re.error as error:
        raise UsageError(
            f"--expect {text!r} is not a regular expression: {error}",
            hint="write \\$ or \\[ for a character that has a meaning in regular expressions",
        ) from None
    return pattern


def _text(text: str) -> bytes:
    r"""The bytes of a text with `\n \r \t \e \0 \xHH \\` in it."""

    def read(match: re.Match[bytes]) -> bytes:
        code = match[1].decode(errors="replace")
        if len(code) > 1:
            return bytes([int(code[1:], 16)])
        if code not in _ESCAPES:
            raise UsageError(
                f"--send {text!r} has an unknown escape \\{code}",
                hint="the known escapes are \\n \\r \\t \\e \\0 \\xHH, and \\\\ for a backslash",
            )
        return _ESCAPES[code]

    return _ESCAPE.sub(read, os.fsencode(text))


def _announce(found: "Look", options: "AttachOptions") -> None:
    from kuke_ctr.recipes.attach_target import remarks

    for text in remarks(found):
        note(text)
    if options.sig_proxy and _has_terminal(found):
        note(
            "--sig-proxy has no effect: this task has a terminal, and Ctrl-C goes to it like any "
            "key"
        )
    ways = _ways(found, options)
    if ways and not options.script:
        note(f"attaching to {found.name}; type {ways} to leave it running")


def _has_terminal(found: "Look") -> bool:
    return found.info.terminal or found.socket is not None


def _ways(found: "Look", options: "AttachOptions") -> str:
    """What to type to leave; empty where nothing does."""
    ways = []
    typing, has_terminal = os.isatty(options.stdin), _has_terminal(found)
    if typing:
        ways.append(describe_keys(options.keys))
    if not (typing and options.take_input and has_terminal) and (
        has_terminal or not options.sig_proxy
    ):
        ways.append("Ctrl-C")
    return " or ".join(ways)


def _input_ended(found: "Look", options: "AttachOptions") -> None:
    ways = _ways(found, options)
    leave = f"; type {ways} to leave" if ways else ""
    with suppress(OSError):
        note(f"ctr cannot pass end-of-file on to {found.name}; its output continues{leave}")


def _tell(session: Session, found: "Look", ending: "Ending") -> None:
    """How it ended, on stderr; where the terminal has gone, nobody will read it."""
    from kuke_ctr.terminals.attachment import EndKind

    name = found.name
    lines: list[str] = []
    if ending.kind is EndKind.ENDED and found.socket is not None:
        lines = [
            f"the terminal of {name} was closed; {found.line('tasks', 'rm', name)} prints its "
            "exit status and deletes the task"
        ]
    elif ending.kind is EndKind.ENDED:
        lines = [f"{name} exited with status {ending.status}; ctr has deleted its task"]
    elif ending.kind is not EndKind.EXPECTED and ending.exit_code != NO_READER:
        lines = [f"{ending.why}; {name} is still running"]
    if ending.awaited is not None:
        lines = [*(f"kuke-ctr: {line}" for line in lines), *_instead(ending)]
    elif session.options.quiet and ending.exit_code == 0:
        return
    if lines:
        _say(lines)


def _instead(ending: "Ending") -> Iterator[str]:
    awaited = (ending.awaited or b"").decode(errors="backslashreplace")
    seen = ending.seen.decode(errors="backslashreplace").splitlines()[-_SHOWN_LINES:]
    yield (
        f"kuke-ctr: {awaited!r} did not appear in the "
        f"output{'; the last lines were:' if seen else ', which was empty'}"
    )
    yield from (f"  {line}" for line in seen)


def _say(lines: Sequence[str]) -> None:
    sys.stderr.flush()
    text = "".join(f"{escape(line)}\n" for line in lines)
    start = "\n" if os.isatty(2) else ""  # the cursor is wherever the task has left it
    with suppress(OSError):
        Farewell.write(2, (start + text).encode(errors="surrogateescape"))
