"""The ways to attach: a ctr on a terminal of its own, a ctr on pipes, kuketty's socket.

Leaving a task must not hurt it. A ctr on pipes passes every signal on to the workload, so that only
SIGKILL ends it; a ctr on a pseudo terminal passes none on. Both die when we do.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.pipes import Pipes
from kuke_ctr.terminals.attach_loop import Attachment, attach
from kuke_ctr.terminals.attachment import AttachOptions, Ending, EndKind, Step
from kuke_ctr.terminals.clients import PipesPeer, PtyPeer, SocketPeer
from kuke_ctr.terminals.user_terminal import Mode

if TYPE_CHECKING:
    from kuke_ctr.terminals.kuketty import Connection

_SEEN_LIMIT = 4096


def attach_pty(call: Call, options: AttachOptions) -> Ending:
    """Run a ctr on a terminal of its own, for a task or process with a terminal.

    The user's terminal is raw meanwhile; neither stdin nor stdout needs to be one. Raises
    CtrMissing, Forbidden and CtrFailed before anything is started.
    """
    return attach(
        options, Mode.RAW, lambda size: PtyPeer(call, size), _conversation(options.script)
    )


def relay_pipes(start: Callable[[], Pipes], options: AttachOptions) -> Ending:
    """Relay a ctr on pipes (`Processes.open_pipes`), for a task without a terminal.

    It is started when the user's terminal and the signals are ready; raises what `start` raises.
    """
    return attach(
        options, Mode.KEYS, lambda size: PipesPeer(start()), _conversation(options.script)
    )


def attach_socket(connect: Callable[[], "Connection"], options: AttachOptions) -> Ending:
    """Attach to a terminal that kuketty holds (`kuketty.attach`); raises what `connect` raises.

    An ENDED has the status 0: nobody tells the real one.
    """
    return attach(
        options,
        Mode.RAW,
        lambda size: SocketPeer(connect(), size),
        _conversation(options.script),
    )


def _conversation(script: tuple[Step, ...]) -> Callable[[Attachment], None] | None:
    if not script:
        return None

    def play(attachment: Attachment) -> None:
        _play(attachment, script)

    return play


def _play(attachment: Attachment, script: tuple[Step, ...]) -> None:
    """Expect and send, step by step; signals and time limits stay the relay's."""
    from kuke_ctr.terminals.pexpect_door import Listener

    listener = Listener(_output_of(attachment))
    for step in script:
        attachment.awaited = step.expect
        if not listener.expect(step.expect):
            break
        if step.send is not None:
            attachment.send(step.send)
    else:
        attachment.awaited = None
        attachment.leave(EndKind.EXPECTED, 0, "what was expected was seen")
    attachment.seen = listener.seen[-_SEEN_LIMIT:]


def _output_of(attachment: Attachment) -> Callable[[int], bytes]:
    """Gives the next bytes of the output, at most so many; none once the attachment is over."""
    came = bytearray()
    attachment.hear(came.extend)

    def more(size: int) -> bytes:
        while not came and attachment.go_on():
            pass
        piece = bytes(came[:size])
        del came[:size]
        return piece

    return more
