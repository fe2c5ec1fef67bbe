"""The small files that every start may read, typed by hand: the import of pydantic takes longer.

A realm's record, Kukeon's settings, and our own. `schemas.py` types what fewer commands read.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol, Self, TypeVar

from kuke_ctr.errors import UsageError
from kuke_ctr.kukeon.files import mapping_in


class _Typed(Protocol):
    """What a mapping in a file can become."""

    @classmethod
    def of(cls, path: Path, document: Mapping[object, object]) -> Self:
        """The part that counts; UsageError with the place of what does not fit."""


T = TypeVar("T", bound=_Typed)


class RealmDocument(NamedTuple):
    """A realm: its record in the run path, or a document of a manifest."""

    kind: str | None
    name: str | None
    namespace: str | None

    @classmethod
    def of(cls, path: Path, document: Mapping[object, object]) -> Self:
        return cls(
            text_at(path, document, "kind"),
            text_at(path, document, "metadata", "name"),
            text_at(path, document, "spec", "namespace"),
        )


class Instance(NamedTuple):
    """`.kukeon-instance.json` in the run path."""

    suffix: str | None

    @classmethod
    def of(cls, path: Path, document: Mapping[object, object]) -> Self:
        return cls(text_at(path, document, "containerdNamespaceSuffix"))


class KukeonSettings(NamedTuple):
    """Kukeon's settings: kuke.yaml of the client, kukeond.yaml of the daemon."""

    run_path: str | None = None
    socket: str | None = None
    suffix: str | None = None

    @classmethod
    def of(cls, path: Path, document: Mapping[object, object]) -> Self:
        return cls(
            line_at(path, document, "spec", "runPath"),
            line_at(path, document, "spec", "containerdSocket"),
            text_at(path, document, "spec", "containerdNamespaceSuffix"),
        )


OWN_TEXTS = ("realm", "address", "run_path", "ctr", "backend", "nerdctl", "host")
"""The keys of kuke-ctr's config.yaml whose value is a text."""


class OwnSettings(NamedTuple):
    """kuke-ctr's config.yaml: an empty text is none. `realms` are name -> namespace."""

    realm: str = ""
    address: str = ""
    run_path: str = ""
    ctr: str = ""
    backend: str = ""
    nerdctl: str = ""
    host: str = ""
    realms: Mapping[str, str] = {}

    @classmethod
    def of(cls, path: Path, document: Mapping[object, object]) -> Self:
        for key in document:
            if key not in cls._fields:
                raise _unknown_key(path, str(key), cls._fields)
        texts = {}
        for key in OWN_TEXTS:
            if key in document and not isinstance(document[key], str):
                raise UsageError(f"{path}: {key} must be text")
            texts[key] = line_at(path, document, key) or ""
        return cls(**texts, realms=_own_realms(path, document.get("realms")))


def read(path: Path, kind: type[T]) -> T | None:
    """What a file holds; None where it does not exist or is empty. Forbidden, UsageError."""
    found = mapping_in(path)
    return None if found is None else kind.of(path, found)


def text_at(path: Path, document: Mapping[object, object], *place: str) -> str | None:
    """The text below these keys, None where there is none; UsageError where it is no text.

    Never with the value: it may be a secret, or as long as a hostile file makes it.
    """
    value: object = document
    for depth, key in enumerate(place):
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise _misfit(path, place[:depth], "a mapping (`key: value`)", value)
        value = value.get(key)
    if value is None or isinstance(value, str):
        if any("\ud800" <= one <= "\udfff" for one in value or ""):
            raise UsageError(f"{path}: {'.'.join(place)} contains half a character")
        return value
    raise _misfit(path, place, "text", value)


def line_at(path: Path, document: Mapping[object, object], *place: str) -> str | None:
    """The same of text that becomes a path or a word of a command.

    A NUL cannot, a line break is a mistake.
    """
    text = text_at(path, document, *place)
    if any(one < " " or one == "\x7f" for one in text or ""):
        raise UsageError(f"{path}: {'.'.join(place)} contains a control character")
    return text


TYPES = {
    "NoneType": "null",
    "bool": "true or false",
    "int": "a number",
    "float": "a number",
    "str": "text",
    "list": "a list",
    "dict": "a mapping",
}


def type_of(value: object) -> str:
    """The type of a value in the words of YAML."""
    kind = type(value).__name__
    return TYPES.get(kind, f"a {kind}")


def _misfit(path: Path, place: tuple[str, ...], wanted: str, value: object) -> UsageError:
    return UsageError(f"{path}: {'.'.join(place)} must be {wanted}, not {type_of(value)}")


def _unknown_key(path: Path, key: str, known: tuple[str, ...]) -> UsageError:
    from difflib import get_close_matches

    near = get_close_matches(key[:60], known, n=1) or [", ".join(known)]
    return UsageError(f"{path}: unknown key {key[:60]!r}", hint=f"perhaps: {near[0]}")


_EXAMPLE = "for example: realms: {main: {namespace: kukeon-main}}"


def _own_realms(path: Path, value: object) -> Mapping[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise UsageError(f"{path}: realms must be a mapping of names", hint=_EXAMPLE)
    found: dict[str, str] = {}
    for name, realm in value.items():
        namespace = realm.get("namespace") if isinstance(realm, Mapping) else None
        if not isinstance(name, str) or not isinstance(namespace, str) or not namespace:
            raise UsageError(
                f"{path}: realm {repr(name)[:60]} needs a namespace that is text",
                hint=f"{_EXAMPLE}; put quotes around a name that YAML reads as something else, "
                'such as "no", "on" or "12"',
            )
        found[name] = namespace
    return found
