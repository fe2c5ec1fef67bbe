"""What `nerdctl ps --format json` and `nerdctl container inspect --mode native` print."""

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kuke_ctr.errors import Unreadable
from kuke_ctr.parse.container_info import ContainerInfo, parse_container_info
from kuke_ctr.parse.nerdctl.lines import (
    Misfit,
    Object,
    filled_at,
    labels_at,
    objects_in,
    read_lines,
    text_at,
)
from kuke_ctr.records import Container, Refused, Task, TaskStatus

_COMMAND = "nerdctl container inspect --mode native"
_STATES = {
    "Up": TaskStatus.RUNNING,
    "Exited": TaskStatus.STOPPED,
    "Restarting": TaskStatus.STOPPED,
    "Paused": TaskStatus.PAUSED,
    "Pausing": TaskStatus.PAUSING,
    "Unknown": TaskStatus.UNKNOWN,
}
_GONE = "0001-01-01T00:00:00Z"
"""Go's time zero."""


class NativeContainer(NamedTuple):
    """A container as containerd has it, and its task; None where it has none.

    `text` is the document that `ctr containers info` prints.
    """

    info: ContainerInfo
    text: str
    task: Task | None


def parse_containers(lines: Iterable[str]) -> Iterator[Container | Refused]:
    """The lines of `nerdctl ps -a --no-trunc --format json`.

    The id is whole there. The labels are not taken from here: 2.x joins them by commas. Nor is the
    state complete: `Created` is also what it prints of a container without a task.
    """
    return (one for one in read_lines(lines, _container) if one is not None)


def _container(found: Object) -> Container | None:
    if found.get("ID") == "" and found.get("CreatedAt") == _GONE:
        return None  # it was removed while nerdctl looked: an empty line is left
    return Container(
        id=filled_at(found, "ID"),
        image=text_at(found, "Image") or None,
        runtime=filled_at(found, "Runtime"),
        status=_status_in(text_at(found, "Status")),
    )


def _status_in(text: str) -> str | None:
    """The state of a task: `Up`, `Exited (7) 4 seconds ago`; None where it is not sure."""
    if text.endswith("(Paused)"):
        return TaskStatus.PAUSED
    word = text.partition(" ")[0]
    return _STATES.get(word)


def parse_native_containers(text: str) -> list[NativeContainer]:
    """The containers of `nerdctl container inspect --mode native`; images are passed over.

    nerdctl prints every container whose id begins with a word that was asked for. Unreadable.
    """
    try:
        return [_native(one) for one in objects_in(text, _COMMAND) if "ID" in one]
    except Misfit as error:
        raise Unreadable(f"`{_COMMAND}` printed a container that cannot be read: {error}") from None


def _native(found: Object) -> NativeContainer:
    name = filled_at(found, "ID")
    labels_at(found)
    plain = {key: value for key, value in found.items() if key != "Process"}
    text = json.dumps(plain, indent=4, ensure_ascii=False)
    return NativeContainer(parse_container_info(text), text, _task(name, found.get("Process")))


def _task(name: str, process: object) -> Task | None:
    if process is None:
        return None
    if not isinstance(process, dict):
        raise Misfit("its Process is not an object")
    pid, said = process.get("Pid"), process.get("Status")
    status = said.get("Status") if isinstance(said, dict) else said
    if not isinstance(pid, int) or isinstance(pid, bool) or pid < 0:
        raise Misfit("its Process has no Pid")
    if status is not None and not isinstance(status, str):
        raise Misfit("the Status of its Process is not a text")
    # without a status the shim did not answer
    return Task(id=name, pid=pid, status=status.upper() if status else TaskStatus.UNKNOWN)
