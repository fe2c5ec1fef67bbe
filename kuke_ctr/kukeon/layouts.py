"""The namespaces that versions of Kukeon give to a realm, and what shows which of them is here."""

from collections.abc import Iterable
from pathlib import Path

from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.files import is_there
from kuke_ctr.kukeon.first_files import RealmDocument, read
from kuke_ctr.kukeon.realm_files import INSTANCE, SYSTEM
from kuke_ctr.kukeon.settings import Settings
from kuke_ctr.names import RealmSource, is_foreign


def layouts(realm: str, suffix: str) -> tuple[str, ...]:
    """The namespaces that a realm can have by Kukeon's own layouts, in the order of the rule."""
    if realm in SYSTEM:
        return (SYSTEM[0], newest(realm, suffix))
    old = ("kukeon.io",) if realm == "default" else ()
    return (f"kukeon-{realm}", newest(realm, suffix), *old)


def newest(realm: str, suffix: str) -> str:
    """The namespace that Kukeon makes for a realm since 0.3, and its `image load` always uses."""
    return f"{SYSTEM[1] if realm in SYSTEM else realm}.{suffix}"


def beside(realm: str, namespace: str, source: RealmSource, suffix: str) -> tuple[str, ...]:
    """The namespaces that look like a realm's, where somebody said that it has another one.

    Kukeon's `image load` puts images into `newest` of them, whatever the record says. Where the
    layouts decided, a warning names the other namespace already.
    """
    if source not in (RealmSource.RECORD, RealmSource.SETTINGS):
        return ()
    return tuple(one for one in layouts(realm, suffix) if one != namespace)


def likeliest(
    realm: str, suffix: str, settings: Settings, existing: Iterable[str] | None
) -> tuple[str, str]:
    """The namespace that a realm without one would get on this host, and what shows it."""
    shown = _newer_kukeon(settings, suffix, existing or ())
    if shown is None:
        return layouts(realm, suffix)[0], "nothing shows a newer Kukeon"
    return newest(realm, suffix), f"{shown} shows a newer Kukeon"


def _newer_kukeon(settings: Settings, suffix: str, existing: Iterable[str]) -> str | None:
    """What shows that Kukeon's program here calls namespaces `<realm>.<suffix>`; None: nothing."""
    for file in (settings.run_path / INSTANCE, settings.daemon_file):
        if file is not None and is_there(file):
            return str(file)
    return _record_of_newer(settings.run_path / "data") or _namespace_of_newer(suffix, existing)


def _record_of_newer(data: Path) -> str | None:
    """A realm's record in the layout since 0.5; below a realm called `data` there are spaces."""
    try:
        folders = sorted(data.iterdir())
    except OSError:
        return None
    for record in (folder / "metadata.json" for folder in folders):
        try:
            document = read(record, RealmDocument)
        except KukeCtrError:
            continue
        if document is not None and document.kind in (None, "Realm"):
            return str(record)
    return None


def _namespace_of_newer(suffix: str, existing: Iterable[str]) -> str | None:
    """A namespace of the new form; Kukeon 0.1 made that of the system realm, too."""
    system = newest(SYSTEM[1], suffix)
    forms = (one for one in sorted(existing) if one.endswith(f".{suffix}") and one != system)
    found = next((one for one in forms if not is_foreign(one)), None)
    return None if found is None else f"namespace {found}"
