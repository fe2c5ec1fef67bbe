"""What Kukeon keeps of a container on disk, in every layout; no daemon is needed for it.

A cell's record, `<realm>/<space>/<stack>/<cell>/metadata.json`, names its containers and their
containerd ids; the folder of a container beside it holds its output. Since 0.5 the realms lie in
`data/` of the run path, before that in the run path itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AliasPath, BeforeValidator, Field

from kuke_ctr.errors import Forbidden, KukeCtrError
from kuke_ctr.kukeon import first_files
from kuke_ctr.kukeon.files import is_folder, is_there, named
from kuke_ctr.kukeon.kept import RESERVED, is_kept
from kuke_ctr.kukeon.realm_files import names_of
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.kukeon.schemas import Document, Spec, mappings, read, within
from kuke_ctr.names import is_name
from kuke_ctr.records import RealmSource

_PARTS = 4
"""A container's id is `<space>_<stack>_<cell>_<container>`."""

_RECORD = "metadata.json"
_REALM_FILES = ("realm.yaml", _RECORD)

TTY = "tty"
"""kuketty's folder, in that of its container."""

_CAPTURE = (TTY, "capture")
_LOG = ("log",)


class _Secret(Document):
    """A secret of a container: a variable of that name, or a file where it is mounted."""

    name: str | None = None


class ContainerRecord(Document):
    """A container in the record of a cell."""

    id: str | None = None
    containerd_id: str | None = within("containerdId")
    root: bool | None = None
    attachable: bool | None = None
    repositories: Annotated[Any, BeforeValidator(mappings)] = within("repos")
    stages: Annotated[Any, BeforeValidator(mappings)] = within("tty", "onInit")
    secrets: Annotated[list[_Secret], BeforeValidator(mappings)] = Field(default=[])

    @property
    def sets_up(self) -> bool:
        """Whether kuketty has work to do before it holds the terminal: repositories, stages."""
        stages = self.stages or []
        return bool(self.repositories) or any(one.get("runOn") == "create" for one in stages)


class CellDocument(Spec):
    """The record of a cell."""

    containers: Annotated[list[ContainerRecord], BeforeValidator(mappings)] = Field(
        default=[], validation_alias=AliasPath("spec", "containers")
    )


@dataclass(frozen=True, slots=True)
class CellContainer:
    """A container of a cell.

    `folder` is its own folder, which need not exist; below `base`, where the realms are, no link
    leads to it. `root` is the one that only holds the cell's network; `attachable` one whose
    terminal kuketty holds, and `sets_up`: kuketty has work to do before that. `logs`: in this
    layout containers have log files; before, their output went into FIFOs. `secrets` are the names
    of its secrets, which are those of variables in its environment too; None where no record could
    be read.
    """

    folder: Path
    root: bool | None = None
    attachable: bool | None = None
    sets_up: bool = False
    logs: bool = True
    secrets: frozenset[str] | None = None

    @property
    def base(self) -> Path:
        """The folder of the realm's folder."""
        return self.folder.parents[_PARTS]

    def outputs(self) -> tuple[Path, ...]:
        """Where its output can be, the likeliest first."""
        names = (_CAPTURE, _LOG) if self.attachable else (_LOG, _CAPTURE)
        return tuple(self.folder.joinpath(*name) for name in names)

    @property
    def kuketty(self) -> Path | None:
        """The folder of the kuketty that holds its terminal."""
        return self.folder / TTY if self.attachable else None


def find_container(run_path: Path, realm: Resolution, container: str) -> CellContainer | None:
    """The container with this containerd id, a checked name; None where no record has it.

    A record is believed where only Kukeon can have written it, and only of the containers of its
    own cell. Raises Forbidden where the run path may not be read by this user.
    """
    for folder in realm_folders(run_path, realm):
        logs = folder.parent != run_path
        for cell in _cells(folder, container):
            found = _in_record(cell, container, logs)
            if found is not None:
                return found
    return None


def realm_folders(run_path: Path, realm: Resolution) -> Iterator[Path]:
    """The folders of a realm: its record names the namespace, or it has none and the name fits.

    --namespace names no realm: there the records alone tell. What somebody else may have written
    is no record.
    """
    names = names_of(realm.name)
    by_name = () if realm.source is RealmSource.FLAG else names
    for folder in _folders(run_path):
        if not is_kept(folder):
            continue
        files = [folder / file for file in _REALM_FILES]
        kept = all(is_kept(file) for file in files if is_there(file))
        namespace = recorded_namespace(folder) if kept else None
        if namespace == realm.namespace or (namespace is None and folder.name in by_name):
            yield folder


def ignored_folders(run_path: Path, realm: Resolution) -> list[Path]:
    """The folders with the name of a realm in which somebody besides root may write.

    Nothing below them is believed, so that its cells seem to have no record.
    """
    names = names_of(realm.name)
    found = (folder for folder in _folders(run_path) if folder.name in names)
    return [folder for folder in found if not is_kept(folder)]


def _folders(run_path: Path) -> Iterator[Path]:
    """The folders that can be a realm's, in every layout."""
    for folder in (*folders(run_path / "data"), *folders(run_path)):
        if folder.name not in RESERVED:
            yield folder


def recorded_namespace(folder: Path) -> str | None:
    """The namespace in the record of a realm's folder, None where it names none; Forbidden."""
    namespace = None
    for file in _REALM_FILES:
        try:
            record = first_files.read(folder / file, first_files.RealmDocument)
        except Forbidden:
            raise
        except KukeCtrError:  # another realm's broken record is no concern of this one
            continue
        namespace = namespace or (record.namespace if record is not None else None)
    return namespace


def _cells(realm: Path, container: str) -> Iterator[Path]:
    """The cells of a realm, first the one that the id spells, if its names hold no `_`."""
    spelt = container.split("_")[:-1]
    if len(spelt) == _PARTS - 1 and not set(spelt) & set(RESERVED):
        cell = realm.joinpath(*spelt)
        if all(map(is_kept, (cell, cell.parent, cell.parent.parent))):
            yield cell
    yield from cell_folders(realm)


def cell_folders(realm: Path) -> Iterator[Path]:
    """The folders of the cells in a realm's folder: `<space>/<stack>/<cell>`, in their order.

    Only those that nobody but Kukeon can have made.
    """
    for space in _inside(realm):
        for stack in _inside(space):
            yield from _inside(stack)


def places(realm: Path) -> Iterator[tuple[str, ...]]:
    """The spaces in a realm's folder, each before its stacks: `(SPACE,)`, `(SPACE, STACK)`.

    Those that have a record, whether there is a cell in them or not.
    """
    for space in _inside(realm):
        if is_there(space / _RECORD):
            yield (space.name,)
        for stack in _inside(space):
            if is_there(stack / _RECORD):
                yield (space.name, stack.name)


def own_id(cell: Path, part: ContainerRecord) -> str | None:
    """The containerd id of a container in the record of a cell, None where it has none.

    It is made of the names of the folders and its own: one that is not is another cell's, of which
    this record says nothing. Kukeon writes no id where it could not make all containers of a cell,
    though containerd has those that were made before.
    """
    if part.id is None or not is_name(part.id):
        return None
    spelt = "_".join((*cell.parts[1 - _PARTS :], part.id))
    if not part.containerd_id:
        return spelt if is_name(spelt) else None
    return spelt if part.containerd_id == spelt else None


def _inside(parent: Path) -> list[Path]:
    return [each for each in folders(parent) if each.name not in RESERVED and is_kept(each)]


def folders(parent: Path) -> list[Path]:
    """The folders in a folder by name, without links; Forbidden."""
    try:
        return sorted(one for one in parent.iterdir() if is_folder(one))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except PermissionError:
        raise Forbidden(
            f"permission denied reading {named(parent)}",
            hint="only root and the group kukeon may read it; run the same command with --sudo",
        ) from None


def _in_record(cell: Path, container: str, logs: bool) -> CellContainer | None:
    path, record = cell / "metadata.json", None
    try:
        if is_kept(path):
            record = read(path, CellDocument)
    except Forbidden:
        raise
    except KukeCtrError:  # broken, at the worst of times
        pass
    if record is None:
        return _without_record(cell, container, logs)
    for one in record.containers:
        if one.id and own_id(cell, one) == container:
            return CellContainer(
                cell / one.id,
                root=one.root,
                attachable=one.attachable,
                sets_up=one.sets_up,
                logs=logs,
                secrets=frozenset(secret.name.strip() for secret in one.secrets if secret.name),
            )
    return None


def _without_record(cell: Path, container: str, logs: bool) -> CellContainer | None:
    """A record that is gone or broken: the folder of the very names that the id is made of."""
    *spelt, name = container.split("_")
    if spelt != list(cell.parts[1 - _PARTS :]):
        return None
    found = CellContainer(cell / name, logs=logs)
    return found if any(map(is_there, found.outputs())) else None
