"""What Kukeon leaves on disk, as far as the demo, the benchmark and the tests need it."""

import json
from pathlib import Path


def record_path(run_path: Path, realm: str) -> Path:
    """Where Kukeon 0.5 and later keep a realm's record."""
    return run_path / "data" / realm / "metadata.json"


def write_record(run_path: Path, realm: str, namespace: str) -> Path:
    """Write the record of a realm; its path."""
    document = {
        "apiVersion": "v1beta1",
        "kind": "Realm",
        "metadata": {"name": realm},
        "spec": {"namespace": namespace},
    }
    path = record_path(run_path, realm)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n")
    return path
