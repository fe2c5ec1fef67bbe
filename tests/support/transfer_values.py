"""Values that the tests of transfers share."""

from pathlib import Path


def entries(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())
