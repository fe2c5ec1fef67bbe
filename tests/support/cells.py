"""Records of cells, as Kukeon writes them."""

import json
from collections.abc import Mapping
from pathlib import Path

Parts = Mapping[str, Mapping[str, object]]

NEVER = "0001-01-01T00:00:00Z"
"""What Kukeon writes for a time that has not come."""


def write_cell(
    run_path: Path,
    where: str = "default/default/web",
    parts: Parts | None = None,
    *,
    realm: str = "main",
    namespace: str = "kukeon-main",
    started: str | None = None,
) -> Path:
    """The record of a cell and of its realm; the cell's record.

    `parts` are what the record says of each container beside its ids (by default an `app` and a
    `root`), `started` when all of them were.
    """
    space, stack, cell = where.split("/")
    parts = parts if parts is not None else {"app": {}, "root": {"root": True}}
    named = [
        {"id": name, "containerdId": f"{space}_{stack}_{cell}_{name}", "image": "i:1", **more}
        for name, more in parts.items()
    ]
    statuses = [{"id": name, "startTime": started} for name in parts] if started else []
    folder = run_path / "data" / realm
    record = folder / where / "metadata.json"
    record.parent.mkdir(parents=True, exist_ok=True)
    (folder / "metadata.json").write_text(
        json.dumps({"kind": "Realm", "spec": {"namespace": namespace}})
    )
    document = {"kind": "Cell", "spec": {"containers": named}, "status": {"containers": statuses}}
    record.write_text(json.dumps(document))
    return record
