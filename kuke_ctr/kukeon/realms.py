"""Realm -> namespace: the rules of docs/realms.md, and their explanation."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kuke_ctr.errors import Forbidden, UsageError
from kuke_ctr.kukeon.files import named, who_may
from kuke_ctr.kukeon.first_files import RealmDocument, read
from kuke_ctr.kukeon.layouts import layouts, likeliest
from kuke_ctr.kukeon.realm_files import (
    Suffix,
    manifest_namespace,
    names_of,
    namespace_in,
    record_paths,
    suffix_of,
)
from kuke_ctr.kukeon.settings import Settings
from kuke_ctr.names import RealmSource, check_name

if TYPE_CHECKING:
    from kuke_ctr.records import Realm

Existing = Callable[[], frozenset[str] | None]

RULES = ("--namespace", "manifest", "record", "settings", "layout")
"""The rules in their order, as the explanation names them."""


class Rule(NamedTuple):
    """One rule: what it found, for a person to read, and whether it won."""

    rule: str
    found: str
    namespace: str | None = None
    won: bool = False


class Resolution(NamedTuple):
    """The namespace of a realm. `exists` is None where nobody asked; `guessed`: no such namespace
    was found, and this is the first that it could have."""

    name: str
    namespace: str
    source: RealmSource
    exists: bool | None = None
    rules: tuple[Rule, ...] = ()
    warnings: tuple[str, ...] = ()
    guessed: bool = False

    @classmethod
    def of(cls, realm: "Realm") -> "Resolution":
        """That of a realm in a list."""
        return cls(realm.name, realm.namespace, realm.source, realm.exists)


class Resolver:
    """Walks the rules once and notes what each found."""

    def __init__(self, name: str, settings: Settings, changing: bool) -> None:
        self.name = name
        self.settings = settings
        self.changing = changing
        self.rules: list[Rule] = []
        self.warnings: list[str] = []

    def lose(self, rule: str, found: str) -> None:
        self.rules.append(Rule(rule, found))

    def win(
        self, rule: str, found: str, namespace: str, source: RealmSource, **known: bool | None
    ) -> Resolution:
        check_name(namespace, "namespace")
        self.rules.append(Rule(rule, found, namespace, won=True))
        rest = RULES[RULES.index(rule) + 1 :]
        return Resolution(
            self.name,
            namespace,
            source,
            exists=known.get("exists"),
            rules=(*self.rules, *(Rule(later, "not needed") for later in rest)),
            warnings=tuple(self.warnings),
            guessed=bool(known.get("guessed")),
        )

    def from_manifest(self, path: Path | None) -> Resolution | None:
        if path is None:
            self.lose("manifest", "no --manifest")
            return None
        namespace = manifest_namespace(path, self.name)
        if namespace is None:
            self.lose("manifest", f"{path} has no spec.namespace")
            for rule in ("record", "settings"):
                self.lose(rule, "not used: there is a --manifest")
            return None
        return self.win("manifest", str(path), namespace, RealmSource.MANIFEST)

    def from_record(self) -> Resolution | None:
        denied: list[Path] = []
        lost = []
        for path in record_paths(self.settings.run_path, self.name):
            try:
                document = read(path, RealmDocument)
            except Forbidden:
                if self.changing:
                    raise
                denied.append(path)
                continue
            if document is None:
                continue
            self.check_owner(path, document)
            namespace = namespace_in(path, document)
            if namespace is not None:
                self.warn_of(denied)
                return self.win("record", str(path), namespace, RealmSource.RECORD)
            lost.append(f"{path} has no spec.namespace")
        self.warn_of(denied)
        lost += [f"permission denied reading {named(path)}" for path in denied[:1]]
        self.lose("record", "; ".join(lost) or f"no record under {self.settings.run_path}")
        return None

    def warn_of(self, denied: Sequence[Path]) -> None:
        if denied:  # one is enough: the others are as a rule in the same folder
            self.warnings.append(
                f"permission denied reading {named(denied[0])}; the realm's record may name "
                f"another namespace ({who_may(denied[0])})"
            )

    def check_owner(self, path: Path, document: RealmDocument) -> None:
        """A record that was copied from another realm would send a change to that one."""
        kind = document.kind or None
        if kind not in (None, "Realm"):
            raise UsageError(f"{path} is the record of a {kind}, not of a realm")
        owner = document.name
        if not owner or owner in names_of(self.name):
            return
        said = f"{path} is the record of realm {owner}, not of {self.name}"
        if self.changing:
            raise UsageError(
                said, hint=f"use --realm {owner} or --namespace to say which one you mean"
            )
        self.warnings.append(said)

    def from_settings(self) -> Resolution | None:
        for name in names_of(self.name):
            if name in self.settings.realms:
                found = self.settings.realms[name]
                return self.win("settings", "settings file", found, RealmSource.SETTINGS)
        self.lose("settings", "not in the settings file")
        return None

    def from_layout(
        self, existing: frozenset[str] | None, known: Suffix | None = None
    ) -> Resolution:
        suffix = known or suffix_of(self.settings)
        candidates = layouts(self.name, suffix.name)
        listed = ", ".join(candidates)
        origin = f"suffix {suffix.name}: {suffix.source}"
        there = [name for name in candidates if existing is not None and name in existing]
        if known is None and there[:1] != [candidates[0]]:  # that one has no suffix
            self.doubt(suffix)
        if there:
            if len(there) > 1:
                others = ", ".join(there[1:])
                self.warnings.append(
                    f"realm {self.name} may be {there[0]} or {others}; using {there[0]} "
                    "(--namespace selects another)"
                )
            found = f"of {listed} containerd has {', '.join(there)} ({origin})"
            return self.win("layout", found, there[0], RealmSource.LAYOUT, exists=True)
        guess, shown = likeliest(self.name, suffix.name, self.settings, existing)
        found = f"containerd has none of {listed} ({origin})"
        if existing is None:
            found = f"one of {listed}; containerd did not answer ({origin})"
        return self.win(
            "layout",
            f"{found}; {shown}",
            guess,
            RealmSource.LAYOUT,
            exists=None if existing is None else False,
            guessed=True,
        )

    def doubt(self, suffix: Suffix) -> None:
        """A suffix that may be another one is no ground for a change."""
        if self.changing and suffix.warnings:
            raise Forbidden(suffix.warnings[0], hint="run the same command with --sudo")
        self.warnings += suffix.warnings


def resolve(
    name: str | None,
    settings: Settings,
    *,
    existing: Existing,
    namespace: str | None = None,
    manifest: Path | None = None,
    changing: bool = False,
) -> Resolution:
    """The namespace of a realm (None: the default one of the settings).

    `existing` gives containerd's namespaces, or None where it can't be asked; it is called only
    where the layouts decide. Raises UsageError for names and files that can't be right, Forbidden
    for a record that a `changing` command may not read.
    """
    realm = check_name(settings.realm if name is None else name, "realm")
    walk = Resolver(realm, settings, changing)
    if namespace is not None:
        return walk.win("--namespace", "as given", namespace, RealmSource.FLAG)
    walk.lose("--namespace", "not given")
    return (
        walk.from_manifest(manifest)
        or (walk.from_record() if manifest is None else None)
        or (walk.from_settings() if manifest is None else None)
        or walk.from_layout(existing())
    )
