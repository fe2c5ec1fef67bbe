"""The pin of a copy: a small blob that keeps content from being collected until it has a name.

It refers to all that is to stay, so no label of anybody else's blob changes, and two copies at once
are in nobody's way.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from kuke_ctr.backends.ctr import content
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import Interrupted, KukeCtrError, NotFound
from kuke_ctr.parse.references import GC_ROOT
from kuke_ctr.processes.identity import identity_for
from kuke_ctr.processes.patience import patient
from kuke_ctr.processes.shell_words import shell_line

PIN = "kuke-ctr.io/copy"
"""The label of a pin: which process has made it."""

REFERENCE = "containerd.io/gc.ref.content"
"""What a label starts with by which a blob keeps another one."""

_TRIES = 20
"""How often a pin is made: a collection may be quicker than the label that keeps it."""


@contextmanager
def pinned(
    target: Scope, name: str, digests: Sequence[str], undo: Callable[[], None]
) -> Iterator[None]:
    """Inside, a pin keeps the digests in the target (none: no pin); `name` is what is copied.

    After a failure inside, `undo` takes back what was made. Then the pin goes, unless `undo` fails:
    that is told, with the line that removes the pin later.
    """
    pin: str | None = None
    failed = True
    try:
        if digests:
            pin = _make(target, name, digests)
        yield
        failed = False
    finally:
        with patient() as came:
            try:
                if failed:
                    undo()
                if pin is not None:  # the collection that follows takes what nothing refers to
                    with suppress(NotFound):
                        content.remove(target, pin)
            except KukeCtrError as error:
                target.ctr.notice(_stays(target, pin, error))
    if came:
        raise Interrupted("interrupted; the image had been copied")


def _stays(target: Scope, pin: str | None, error: KukeCtrError) -> str:
    stays = f"warning: what the copy had begun could not be taken back: {error.message}"
    if pin is None:
        return stays
    return f"{stays}; later, {target.line('content', 'rm', pin)} does it"


def _make(target: Scope, name: str, digests: Sequence[str]) -> str:
    """Make the blob that keeps the others; its digest."""
    for last in (*[False] * (_TRIES - 1), True):
        made = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        ours = identity_for(target.ctr.far)
        text = json.dumps({"kuke-ctr copies": name, "process": ours, "time": made})
        digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        target.ctr.processes.tell_of(f"{shell_line(('printf', '%s', text))} > pin.json")
        call = target.call(
            "content", "ingest", "--expected-digest", digest, f"kuke-ctr-pin-{digest}"
        )
        call = call._replace(stdin=text.encode(), reads="pin.json")
        target.ctr.checked(target.ctr.processes.run(call))
        references = [f"{REFERENCE}.{i}={one}" for i, one in enumerate(digests)]
        labels = (f"{GC_ROOT}={made}", f"{PIN}={ours}", *references)
        try:
            target.change("content", "label", digest, *labels)
        except NotFound:  # collected before it had a label
            if last:
                raise
        else:
            return digest
    raise AssertionError("unreachable")
