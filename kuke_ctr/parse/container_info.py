"""What `ctr containers info ID` prints: JSON, and exact in every version."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from os.path import normpath
from pathlib import Path

from kuke_ctr.errors import Unreadable
from kuke_ctr.parse.json_text import read_json

OF_PROCESS = re.compile(r"/proc/(\d+|self|thread-self)/(?:.*/)?(\w+)")
"""The path of what belongs to a process, found by its number, and what it is."""

KUKETTY_FOLDER = "/run/kukeon/tty"
"""Where kuketty's folder is mounted in a Kukeon attachable container."""

LOG_LABEL = "kuke-ctr/log"
"""The label that names the log file of a container that `kuke-ctr run -d` started."""

RUN_LABEL = "kuke-ctr/run"
"""The label with a token that tells the container of one `run` from any other of its name."""

LOGS = Path("/var/log/kuke-ctr")
"""Where the log files of `kuke-ctr run -d` are: `<namespace>/<id>.log`."""


@dataclass(frozen=True, slots=True)
class ContainerInfo:
    """What commands need to know of a container.

    `terminal`: its process has one (`Spec.process.terminal`). `kuketty` is the folder on the host
    with the `socket` and the `capture` of a Kukeon attachable container, else None. `image`,
    `snapshot` and `snapshotter` are empty where the container has none, `created_at` (as containerd
    writes it: RFC 3339, UTC) where it is not told. `joined` are the namespaces that its spec joins
    by the number of a process: `/proc/4242/ns/net`. `extensions` are the names of what programs
    keep with it.
    """

    id: str
    labels: Mapping[str, str] = field(default_factory=dict)
    image: str = ""
    runtime: str = ""
    snapshot: str = ""
    snapshotter: str = ""
    terminal: bool = False
    kuketty: Path | None = None
    created_at: str = ""
    joined: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()

    @property
    def log(self) -> Path | None:
        """The log file of our own `run -d`, where the label names one."""
        named = self.labels.get(LOG_LABEL, "")
        return Path(named) if named.startswith("/") else None

    def own_log(self, folder: Path) -> Path | None:
        """The same, where it is a place in this folder that `run -d` gives to this container.

        Labels of an image are copied to its containers, so whoever made the image could name any
        file. Beside `<id>.log` there is `<id>-<12 hex>.log`, where an older one was in the way.
        """
        own = re.escape(str(folder / self.id)) + r"(-[0-9a-f]{12})?\.log"
        return self.log if re.fullmatch(own, self.labels.get(LOG_LABEL, "")) else None


def parse_container_info(text: str) -> ContainerInfo:
    """The facts in the JSON of `ctr containers info ID`; Unreadable for anything else."""
    try:
        found = read_json(text)
    except ValueError as error:
        raise Unreadable(f"`ctr containers info` printed invalid JSON: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("ID"), str):
        raise Unreadable("`ctr containers info` printed something that is not a container")
    spec = _mapping(found.get("Spec"))
    return ContainerInfo(
        id=found["ID"],
        labels={str(key): str(value) for key, value in _mapping(found.get("Labels")).items()},
        image=str(found.get("Image") or ""),
        runtime=str(_mapping(found.get("Runtime")).get("Name") or ""),
        snapshot=str(found.get("SnapshotKey") or ""),
        snapshotter=str(found.get("Snapshotter") or ""),
        terminal=_mapping(spec.get("process")).get("terminal") is True,
        kuketty=_kuketty(spec.get("mounts")),
        created_at=str(found.get("CreatedAt") or ""),
        joined=tuple(_joined(_mapping(spec.get("linux")).get("namespaces"))),
        extensions=tuple(map(str, _mapping(found.get("Extensions")))),
    )


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _kuketty(mounts: object) -> Path | None:
    for mount in mounts if isinstance(mounts, list) else ():
        source = _mapping(mount).get("source")
        if _mapping(mount).get("destination") == KUKETTY_FOLDER and isinstance(source, str):
            return Path(source)
    return None


def _joined(namespaces: object) -> Iterator[str]:
    for one in namespaces if isinstance(namespaces, list) else ():
        path = _mapping(one).get("path")
        if isinstance(path, str) and OF_PROCESS.fullmatch(
            plain := normpath(f"/{path.lstrip('/')}")
        ):
            yield plain
