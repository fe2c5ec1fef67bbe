"""What a copy that was killed has left: its pin, which keeps blobs from being collected."""

from contextlib import suppress

from kuke_ctr.backends.ctr import content
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.tables import fetch
from kuke_ctr.errors import KukeCtrError, NotFound
from kuke_ctr.processes.identity import is_gone
from kuke_ctr.recipes.copy_pin import PIN

_HAS_PIN = f'labels."{PIN}"~="."'


def remove_leftovers(scope: Scope) -> None:
    """Remove the pins of processes that have ended, and say so.

    `ctr content ls` with a filter, a probe. Of a process that can't be seen from here the pin is
    only told.
    """
    (answer,) = fetch(scope.ctr, content.LS, [scope.namespace], [_HAS_PIN], probe=True)
    if isinstance(answer, KukeCtrError):
        return
    for blob in answer.records:
        gone = is_gone(blob.labels.get(PIN, "")) if scope.ctr.far is None else None
        if gone is False:
            continue
        line = scope.line("content", "rm", blob.digest)
        if gone is None:
            scope.ctr.notice(
                f"note: another host or container may be copying an image to {scope.namespace}; if "
                f"that was killed, {line} removes what it left"
            )
            continue
        with suppress(NotFound):
            if not content.remove(scope, blob.digest).planned:
                scope.ctr.notice(
                    f"note: a copy to {scope.namespace} had been killed; what it left was removed"
                )
