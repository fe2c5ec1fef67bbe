"""Every realm that the records, the settings or containerd's namespaces show: `realms ls`, `-A`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kuke_ctr.errors import KukeCtrError, UsageError
from kuke_ctr.kukeon.files import named
from kuke_ctr.kukeon.layouts import beside, layouts
from kuke_ctr.kukeon.realm_files import SYSTEM, Suffix, names_of, suffix_of
from kuke_ctr.kukeon.realms import Resolver, resolve
from kuke_ctr.kukeon.settings import Settings
from kuke_ctr.names import RealmSource, is_foreign, is_name

if TYPE_CHECKING:
    from kuke_ctr.records import Realm


class RealmList(NamedTuple):
    """Realms by name, and what could not be read on the way."""

    realms: "tuple[Realm, ...]"
    warnings: tuple[str, ...]


def list_realms(
    settings: Settings, existing: frozenset[str] | None, *, show_all: bool
) -> RealmList:
    """Every realm that the records, the settings or containerd's namespaces show, by name.

    With `show_all` also the namespaces that are no realm's, under their own names.
    """
    from kuke_ctr.records import Realm  # late: a shell needs the names alone

    warnings: list[str] = []
    found, suffix = known_realms(settings, existing, warnings)
    rows = sorted((name, *what) for name, what in found.items())
    loose = (existing or frozenset()) - {namespace for namespace, _ in found.values()}
    if show_all:
        rows += [(namespace, namespace, RealmSource.CONTAINERD) for namespace in sorted(loose)]
    realms = tuple(
        Realm(
            name=name,
            namespace=namespace,
            source=source,
            exists=_exists(namespace, existing),
            residual=tuple(one for one in beside(name, namespace, source, suffix) if one in loose),
        )
        for name, namespace, source in rows
    )
    return RealmList(realms, tuple(dict.fromkeys(warnings)))


def known_realms(
    settings: Settings, existing: frozenset[str] | None, warnings: list[str]
) -> tuple[dict[str, tuple[str, RealmSource]], str]:
    """Every realm by name with its namespace and what shows it, and the suffix of this host.

    What could not be read is added to the warnings.
    """
    found = _recorded(settings, existing, warnings)
    for name, namespace in settings.realms.items():
        if not _known(name, found):
            found[name] = (namespace, RealmSource.SETTINGS)
    try:
        suffix = suffix_of(settings)
        warnings += suffix.warnings
    except UsageError as error:
        suffix = Suffix(settings.suffix, settings.suffix_source)
        warnings.append(error.message)
    claimed = {namespace for namespace, _ in found.values()}
    for namespace in sorted((existing or frozenset()) - claimed):
        realm = _realm_of(namespace, suffix.name)
        if realm is not None and not _known(realm, found):
            walk = Resolver(realm, settings, changing=False)
            layout = walk.from_layout(existing, suffix)
            warnings += layout.warnings
            found[realm] = (layout.namespace, RealmSource.CONTAINERD)
    return found, suffix.name


def _recorded(
    settings: Settings, existing: frozenset[str] | None, warnings: list[str]
) -> dict[str, tuple[str, RealmSource]]:
    """The realms that have a record; one whose record can't be right is a warning."""
    found: dict[str, tuple[str, RealmSource]] = {}
    for name in _record_names(settings.run_path, warnings):
        try:
            resolution = resolve(name, settings, existing=lambda: existing)
        except KukeCtrError as error:
            warnings.append(error.message)
            continue
        warnings += resolution.warnings
        found[name] = (resolution.namespace, resolution.source)
    return found


def _known(realm: str, found: Mapping[str, object]) -> bool:
    return any(name in found for name in names_of(realm))


def _exists(namespace: str, existing: frozenset[str] | None) -> bool | None:
    return None if existing is None else namespace in existing


def _realm_of(namespace: str, suffix: str) -> str | None:
    """The realm whose layout a namespace has; None for one that is nobody's, or BuildKit's."""
    if is_foreign(namespace):
        return None
    realm = "default" if namespace == "kukeon.io" else None
    if namespace in SYSTEM:
        realm = namespace
    elif namespace.startswith("kukeon-"):
        realm = namespace.removeprefix("kukeon-")
    elif namespace.endswith(f".{suffix}"):
        realm = namespace.removesuffix(f".{suffix}")
    return realm if realm is not None and namespace in layouts(realm, suffix) else None


def _record_names(run_path: Path, warnings: list[str]) -> list[str]:
    """The folders under the run path that hold a realm's record, in any layout."""
    names: dict[str, None] = {}
    for folder, files in (
        (run_path / "data", ["metadata.json"]),
        (run_path, ["realm.yaml", "metadata.json"]),
    ):
        try:
            entries = sorted(one.name for one in folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            continue
        except PermissionError:
            warnings.append(
                f"permission denied reading {named(folder)}; some realms may be missing from this "
                "list"
            )
            continue
        for name in entries:
            if is_name(name) and any(_is_there(folder / name / file) for file in files):
                names[name] = None
    return list(names)


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError:
        return True  # its name is all that is known of it
