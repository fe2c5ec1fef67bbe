"""The record of `cells ls`: a cell as Kukeon recorded it, and as containerd has it now."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from kuke_ctr.records import Record


class TreeKind(StrEnum):
    """What a line of `tree` is; `foreign` is above the containers that are not Kukeon's."""

    REALM = "realm"
    SPACE = "space"
    STACK = "stack"
    CELL = "cell"
    CONTAINER = "container"
    FOREIGN = "foreign"


class CellNow(StrEnum):
    """What containerd has of a cell's containers.

    `partly`: some of them run; `stopped`: none does; `absent`: containerd has none of them.
    """

    RUNNING = "running"
    PARTLY = "partly"
    PAUSED = "paused"
    STOPPED = "stopped"
    ABSENT = "absent"


class CellContainer(BaseModel):
    """A container in a cell's record.

    `id` is containerd's. `state`, `restarts`, `exit_code` and `exit_signal` are what Kukeon
    recorded; `status` is what containerd says of its task now, null where it has none or could not
    be asked, and `exists` whether containerd has the container, null where it could not be asked.
    One that is not `recorded` is in no record: its labels, or the form of its id, name the cell.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: str
    id: str
    image: str | None
    root: bool
    attachable: bool | None
    restart_policy: str | None
    volumes: tuple[str, ...]
    state: str | None
    restarts: int
    exit_code: int | None
    exit_signal: str | None
    exists: bool | None
    status: str | None
    recorded: bool


class Cell(Record):
    """A cell of Kukeon's.

    `recorded` and `recorded_at` are the state that Kukeon wrote last, and when. `now` is what
    containerd says, null where it could not be asked; `running` is how many of the containers run,
    such as `2/3`. `differs` says in words where the two do not agree, null where they do.
    `made_from` is the blueprint or config of the cell. A record that can't be read, and a cell that
    only the labels of containers name, have names, containers and `problem`.
    """

    identifier = "name"
    table = ("name", "space", "stack", "recorded", "now", "running", "restarts")
    wide = (
        *(*table, "recorded_at", "address", "exit_codes"),
        *("made_from", "volumes", "reason", "differs"),
    )

    name: str
    space: str
    stack: str
    recorded: str | None
    recorded_at: str | None
    now: CellNow | None
    running: str | None
    restarts: int
    exit_codes: tuple[str, ...]
    reason: str | None
    message: str | None
    differs: str | None
    made_from: str | None
    address: str | None
    volumes: tuple[str, ...]
    problem: str | None
    containers: tuple[CellContainer, ...]


class TreeNode(Record):
    """A line of `kuke-ctr tree`: what is below a node follows it, with a greater `depth`.

    `path` is made of the names from the realm down, `word` is what other commands take in that
    realm: `space/stack/cell/container`, or the id of a container that is not Kukeon's. `id` is
    containerd's: the namespace of a realm, the id of a container. `status` is what runs: of a cell
    a CellNow, of a container the status of its task, null without a task or where containerd could
    not be asked. `recorded`: Kukeon has a record of it; `exists`: containerd has it. These two are
    null where nobody could be asked or there is no such thing. `note` says in words what is wrong.
    """

    identifier = "word"
    table = ("path", "kind", "status", "image", "created_at", "note")
    wide = ("path", "kind", "id", "status", "image", "created_at", "root", "attachable", "note")

    kind: TreeKind
    name: str
    path: str
    word: str
    depth: int
    id: str | None = None
    status: str | None = None
    image: str | None = None
    created_at: str | None = None
    root: bool | None = None
    attachable: bool | None = None
    recorded: bool | None = None
    exists: bool | None = None
    note: str | None = None
