"""The ssh that runs a call on its host, for each way in which a process is spoken to."""

import uuid
from collections.abc import Sequence
from dataclasses import replace

from kuke_ctr.processes import guards
from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.far import Far

_NO_TERMINAL, _TERMINAL = "-T", "-tt"


def through_ssh(call: Call, far: Far, way: str, options: Sequence[str]) -> Call:
    """The call with the words of its ssh; `way` and `options` are the runner's."""
    if way == "terminal":
        given = [_TERMINAL if one == _NO_TERMINAL else one for one in options]
        return replace(call, via=far.argv(guards.plain(call.argv), given))
    if way == "pipes" and call.stdin is None:
        token = f"kuke-ctr-{uuid.uuid4().hex}"
        return replace(
            call,
            via=far.argv(guards.held(call.argv, token), options),
            feeder=far.argv(guards.feeds(token), options),
        )
    line = guards.watched if way == "pipes" or call.stdin is None else guards.plain
    return replace(call, via=far.argv(line(call.argv), options))
