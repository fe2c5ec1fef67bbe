"""What went wrong on the way to a far host: what ssh says, and what the shell there says."""

import re
from typing import NamedTuple

from kuke_ctr.errors import CtrMissing, KukeCtrError, Unreachable
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.guards import NOT_THERE
from kuke_ctr.processes.shell_words import shell_line

SSHS = 255
"""ssh's own exit code; that of a command there is never taken for it (`guards`)."""

_MISSING = 127


class _Row(NamedTuple):
    """Words of ssh, and what to do then; `{ssh}` is the line that connects by hand."""

    says: str
    hint: str


_ROWS = (
    _Row(
        r"REMOTE HOST IDENTIFICATION HAS CHANGED",
        "the host has another key than before: ask its operator; if that is right, "
        "`{forget}` forgets the old one",
    ),
    _Row(
        r"Host key verification failed|No .* host key is known",
        "`{ssh} true` shows the host's key and asks whether it is the right one",
    ),
    _Row(
        r"Permission denied|Too many authentication failures|no mutual signature",
        "no key of yours is accepted there (`ssh-add -l` lists them), or the user is another one: "
        "--host ssh://USER@{host}",
    ),
    _Row(
        r"Could not resolve hostname",
        "check the name, or give the host one in ~/.ssh/config",
    ),
    _Row(
        r"Connection refused",
        "no sshd listens there: check the port (--host ssh://{host}:PORT)",
    ),
    _Row(
        r"timed out|No route to host|unreachable|Timeout",
        "the host does not answer: is it up, and does a firewall let ssh through? "
        "`{ssh} true` tries it by hand",
    ),
    _Row(
        r"[Bb]ad configuration option|Bad owner or permissions|no argument after keyword",
        "repair ~/.ssh/config; `ssh -G {host}` reads it",
    ),
)

_USUAL_HINT = "`{ssh} true` tries it by hand"

_CONNECTING = re.compile(
    r"^(?!ctr: |time=)(?:ssh: |kex_exchange_identification: |Received disconnect"
    r"|Connection timed out|Connection closed by \S+ port|(?:\S+: )?Permission denied"
    r"|Host key verification failed"
    r"|No \S+ host key is known|.*mutual signature|.*onfiguration option|Bad owner"
    r"|.*no argument after keyword)",
    re.MULTILINE,
)
"""What ssh says before anything runs there. It says nothing where a connection is lost that calls
share: then ctr may have done all of its work, some, or none."""


def failure_on_the_way(call: Call, result: Result) -> KukeCtrError | None:
    """The error for a far call that did not reach its program; None where it ran."""
    if call.far is None:
        return None
    said = _last(result.stderr)
    if result.exit_code == SSHS:
        lost = not _CONNECTING.search(result.stderr.decode(errors="replace"))
        return unreachable(call.far, result.stderr, call.typed_argv, lost=lost)
    if result.exit_code == _MISSING and said.endswith(NOT_THERE):
        program = call.argv[0]
        return CtrMissing(
            f"{program} is not installed on {call.far} (not on the PATH that ssh has there)",
            hint=f"`{call.far.line(('ls', '/usr/local/bin'))}` looks further; --ctr names the "
            "program, for example --ctr /usr/local/bin/ctr",
            command=call.typed_argv,
            ran=False,
        )
    return None


def unreachable(
    far: Far, stderr: bytes, command: tuple[str, ...], *, lost: bool = False
) -> Unreachable:
    """The error for what ssh said before it ended with its own exit code.

    `lost`: the call had begun there.
    """
    text, said = stderr.decode(errors="replace"), _last(stderr)
    hint = next((row.hint for row in _ROWS if re.search(row.says, text)), _USUAL_HINT)
    ssh = shell_line(far.words)
    forget = shell_line(("ssh-keygen", "-R", far.host if far.port is None else _with_port(far)))
    message = f"ssh could not reach {far}: {said or 'the connection ended'}"
    if lost:
        hint = "look whether ctr had done its work; `{ssh} true` tries the connection"
        message = f"the connection to {far} was lost; what runs in containers there goes on"
    return Unreachable(
        message,
        hint=hint.format(ssh=ssh, host=far.host, forget=forget),
        command=command,
        ran=lost,
    )


def _with_port(far: Far) -> str:
    return f"[{far.host}]:{far.port}"


def _last(stderr: bytes) -> str:
    lines = stderr.decode(errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
