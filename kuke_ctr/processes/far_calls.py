"""The ssh that runs a call on its host, for each way in which a process is spoken to."""

import uuid
from collections.abc import Sequence

from kuke_ctr.processes import guards
from kuke_ctr.processes.calls import PIPES, TERMINAL, Call
from kuke_ctr.processes.far import Far

_NONE, _FORCED = "-T", "-tt"
"""ssh's options for a terminal there."""


def through_ssh(call: Call, far: Far, way: str, options: Sequence[str]) -> Call:
    """The call with the words of its ssh; `way` and `options` are the runner's."""
    if way == TERMINAL:
        given = [_FORCED if one == _NONE else one for one in options]
        return call._replace(via=far.argv(guards.plain(call.argv), given))
    if way == PIPES and call.stdin is None:
        token = f"kuke-ctr-{uuid.uuid4().hex}"
        return call._replace(
            via=far.argv(guards.held(call.argv, token), options),
            feeder=far.argv(guards.feeds(token), options),
        )
    line = guards.watched if way == PIPES or call.stdin is None else guards.plain
    return call._replace(via=far.argv(line(call.argv), options))
