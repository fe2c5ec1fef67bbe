"""Where Kukeon has written of a realm: its records in the run path, a manifest, the suffix."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from kuke_ctr.errors import Forbidden, UsageError
from kuke_ctr.kukeon.files import documents, mapping_in, read_text
from kuke_ctr.kukeon.first_files import Instance, RealmDocument, read
from kuke_ctr.kukeon.settings import THE_DEFAULT, Settings
from kuke_ctr.names import check_name

SYSTEM = ("kukeon-system", "kuke-system")
"""The two names of the one system realm: the documentation's, and the one on real hosts' disks."""

INSTANCE = ".kukeon-instance.json"
"""The file in the run path that has the suffix of this host; newer Kukeon writes it."""


def names_of(realm: str) -> tuple[str, ...]:
    """The realm's name, and the other one of the system realm."""
    return (realm, *(name for name in SYSTEM if name != realm)) if realm in SYSTEM else (realm,)


def record_paths(run_path: Path, realm: str) -> Iterator[Path]:
    """Where the record of a realm can be, in every layout, the newest first."""
    for name in names_of(realm):
        yield run_path / "data" / name / "metadata.json"
    for file in ("realm.yaml", "metadata.json"):
        for name in names_of(realm):
            yield run_path / name / file


def namespace_in(path: Path, document: RealmDocument) -> str | None:
    """`spec.namespace` of a record or a manifest; None where it has none.

    Raises UsageError for one that is no name: to go on with a guess would be the wrong place.
    """
    if not document.namespace:
        return None
    try:
        return check_name(document.namespace, "namespace")
    except UsageError as error:
        raise UsageError(f"{path}: spec.namespace: {error.message}", hint=error.hint) from None


def manifest_namespace(path: Path, realm: str) -> str | None:
    """`spec.namespace` of the manifest's realm of that name; None where it has none."""
    return namespace_in(path, RealmDocument.of(path, _manifest_realm(path, realm)))


def _manifest_realm(path: Path, realm: str) -> Mapping[object, object]:
    """The manifest's realm of that name."""
    text = read_text(path)
    if text is None:
        raise UsageError(f"the manifest {path} does not exist", hint="--manifest needs a YAML file")
    realms = [
        (document, RealmDocument.of(path, document).name)
        for document in documents(path, text)
        if isinstance(document, dict) and document.get("kind") == "Realm"
    ]
    found = [document for document, name in realms if name in names_of(realm)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            f"{path} has {len(found)} realms with the name {realm}", hint="remove one of them"
        )
    known = ", ".join(name for _, name in realms if name) or "none"
    raise UsageError(f"{path} has no realm {realm}", hint=f"it has: {known}")


def realm_documents(
    realm: str, settings: Settings, *, manifest: Path | None = None
) -> Iterator[tuple[Path, object]]:
    """What is written of a realm and where: in the manifest, else in its records, newest first.

    Raises Forbidden for a record that may not be read, UsageError as `resolve`.
    """
    if manifest is not None:
        yield manifest, _manifest_realm(manifest, realm)
        return
    for path in record_paths(settings.run_path, realm):
        document = mapping_in(path)
        if document is not None:
            yield path, document


class Suffix(NamedTuple):
    """The suffix of Kukeon's own layout, who gave it, and what could not be read.

    `unread` are only files that could name another: one behind the file that has it is no matter.
    """

    name: str
    source: str
    unread: tuple[str, ...] = ()

    @property
    def warnings(self) -> list[str]:
        """For a command whose answer depends on the suffix."""
        doubt = f"the suffix of namespaces may be another than {self.name}"
        return [f"{one}; {doubt}" for one in self.unread[:1]]


def suffix_of(settings: Settings) -> Suffix:
    """The suffix of this host; UsageError for one that can't be right."""
    found = Suffix(
        settings.suffix,
        settings.suffix_source,
        settings.unread if settings.suffix_source == THE_DEFAULT else (),
    )
    path = settings.run_path / INSTANCE
    try:
        instance = read(path, Instance)
    except Forbidden as error:
        instance, found = None, found._replace(unread=(error.message,))
    if instance is not None and instance.suffix:
        found = Suffix(instance.suffix, str(path))
    try:
        check_name(found.name, "namespace suffix")
    except UsageError as error:
        raise UsageError(f"{error.message} (from {found.source})", hint=error.hint) from None
    return found


class Fact(NamedTuple):
    """A setting of this host, and who gave it; no value where it can't be told."""

    name: str
    value: str | None
    source: str


def facts_of(settings: Settings) -> list[Fact]:
    """Where Kukeon and containerd are on this host, and the suffix of Kukeon's own layout."""
    own = f"the default of `{' '.join(settings.ctr)}`"
    socket = settings.socket or settings.address
    host = [Fact("host", str(settings.far), settings.far_source)] if settings.far else []
    return [
        *host,
        Fact("run path", str(settings.run_path), _where(settings, settings.run_path_source)),
        Fact("socket", socket, _where(settings, settings.socket_source))
        if socket
        else Fact("socket", None, own),
        _suffix_fact(settings),
    ]


def _suffix_fact(settings: Settings) -> Fact:
    try:
        found = suffix_of(settings)
    except UsageError as error:
        return Fact("suffix", None, error.message)
    return Fact("suffix", found.name, "; ".join((found.source, *found.unread[:1])))


def _where(settings: Settings, source: str) -> str:
    unread = settings.unread if source == THE_DEFAULT else ()
    return "; ".join((source, *unread[:1]))
