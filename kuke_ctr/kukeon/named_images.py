"""The images that Kukeon's records name: those of cells, blueprints and configs.

A cell that was stopped or never started, and a blueprint, may have no container: then nothing but
the record says that its image is needed.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from kuke_ctr.errors import Forbidden, KukeCtrError
from kuke_ctr.kukeon.cells import folders, recorded_namespace
from kuke_ctr.kukeon.files import mapping_in
from kuke_ctr.kukeon.kept import RESERVED, TEMPLATES
from kuke_ctr.kukeon.realm_files import names_of
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.parse.image_names import whole_name

_CELL_DEPTH = 3
"""`<realm>/<space>/<stack>/<cell>`"""


class NamedImage(NamedTuple):
    """A text in a record that may be the name of an image, and the record."""

    name: str
    record: Path


def named_images(run_path: Path, realm: Resolution) -> list[NamedImage]:
    """What the records of a realm name, as an `image` or anywhere else.

    Short names are there as docker reads them, too. Raises Forbidden and UsageError for a record
    that can't be read: it might name any image.
    """
    return [
        NamedImage(name, record)
        for realm_folder in _folders_of(run_path, realm)
        for record in _records(realm_folder)
        for name in _names_in(_document(record))
    ]


def _folders_of(run_path: Path, realm: Resolution) -> Iterator[Path]:
    """The folders of all realms whose namespace this one is, or may be where no record says so."""
    for folder in (*folders(run_path / "data"), *folders(run_path)):
        namespace = recorded_namespace(folder)
        if namespace == realm.namespace or (namespace is None and _may_be(folder.name, realm)):
            yield folder


def _may_be(folder: str, realm: Resolution) -> bool:
    known = names_of(folder)
    return realm.name in known or any(
        realm.namespace in (name, f"kukeon-{name}") or realm.namespace.startswith(f"{name}.")
        for name in known
    )


def _records(folder: Path, depth: int = 0) -> Iterator[Path]:
    if depth == _CELL_DEPTH:
        yield folder / "metadata.json"
        return
    for template in TEMPLATES:
        yield from _files(folder / template)
    for below in folders(folder):
        if below.name not in RESERVED:
            yield from _records(below, depth + 1)


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(one for one in folder.iterdir() if one.is_file())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except PermissionError:
        raise Forbidden(
            f"permission denied reading {folder}", hint="run the same command with --sudo"
        ) from None


def _document(record: Path) -> object:
    try:
        return mapping_in(record)
    except Forbidden:
        raise
    except KukeCtrError as error:
        raise error.but(
            message=f"{error.message}; the images that this record names are not known",
            hint="repair the record, or remove single images with `kuke-ctr images rm`",
        ) from None


def _names_in(document: object) -> Iterator[str]:
    """Every text in a document: a config may give an image's name to a blueprint under any key."""
    waiting: list[tuple[object, object]] = [("", document)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += value.items()
        elif isinstance(value, list):
            waiting += [(key, one) for one in value]
        elif isinstance(value, str) and value:
            yield value
            if key == "image":
                yield whole_name(value)
