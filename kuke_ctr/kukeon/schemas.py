"""What stands in Kukeon's files and in ours, as far as kuke-ctr reads it.

Kukeon may write more than is named here; in our own settings an unknown key is a mistake.
"""

from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AliasPath, BaseModel, ConfigDict, Field, ValidationError

from kuke_ctr.errors import UsageError
from kuke_ctr.kukeon.files import mapping_in


class Document(BaseModel):
    """A file, or a part of one: nothing is converted, so that a number is no name."""

    model_config = ConfigDict(frozen=True, strict=True, defer_build=True)


D = TypeVar("D", bound=Document)


Line = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$")]
"""Text that becomes a path or a word of a command: a NUL cannot, a line break is a mistake."""


def mappings(value: object) -> list[object]:
    """For a list of which only the mappings count."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def within(*place: str) -> Any:
    """A field below other keys: each class costs a start some 0.2 ms, so there is one a file."""
    return Field(default=None, validation_alias=AliasPath(*place))


class Spec(Document):
    """Most of Kukeon's files: what counts is in `spec`."""

    spec: dict[str, object] | None = None


class RealmDocument(Spec):
    """A realm: its record in the run path, or a document of a manifest."""

    kind: str | None = None
    metadata: dict[str, object] | None = None
    name: str | None = within("metadata", "name")
    namespace: str | None = within("spec", "namespace")


class Instance(Document):
    """`.kukeon-instance.json` in the run path."""

    suffix: str | None = within("containerdNamespaceSuffix")


class KukeonSettings(Spec):
    """Kukeon's settings: kuke.yaml of the client, kukeond.yaml of the daemon."""

    run_path: Line | None = within("spec", "runPath")
    socket: Line | None = within("spec", "containerdSocket")
    suffix: str | None = within("spec", "containerdNamespaceSuffix")


class OwnRealm(Document):
    """A realm in our own settings."""

    namespace: str = Field(min_length=1)


class OwnSettings(Document):
    """kuke-ctr's config.yaml."""

    model_config = ConfigDict(extra="forbid")

    realm: Line = ""
    address: Line = ""
    run_path: Line = ""
    ctr: Line = ""
    realms: dict[str, OwnRealm] | None = None


def read(path: Path, model: type[D]) -> D | None:
    """What a file holds; None where it does not exist or is empty. Forbidden, UsageError."""
    found = mapping_in(path)
    return None if found is None else fit(path, found, model)


def fit(path: Path, document: object, model: type[D]) -> D:
    """The document, typed; UsageError with the place and the type of what does not fit.

    Never with the value: it may be a secret, or as long as a hostile file makes it.
    """
    try:
        return model.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
    place, kind = first["loc"], first["type"]
    if model is OwnSettings:
        raise _own_mistake(path, place, kind, first["input"])
    if kind in _ODD_TEXT:
        raise UsageError(f"{path}: {_shown(place)} {_ODD_TEXT[kind]}")
    wanted = _WANTED.get(kind, "something else")
    raise UsageError(f"{path}: {_shown(place)} must be {wanted}, not {_type_of(first['input'])}")


_ODD_TEXT = {
    "string_pattern_mismatch": "contains a control character",
    "string_unicode": "contains half a character",
}

_WANTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "list_type": "a list",
    "model_type": "a mapping (`key: value`)",
    "dict_type": "a mapping (`key: value`)",
}


_TYPES = {
    "NoneType": "null",
    "bool": "true or false",
    "int": "a number",
    "float": "a number",
    "str": "text",
    "list": "a list",
    "dict": "a mapping",
}


def _shown(place: tuple[int | str, ...]) -> str:
    """`spec.containers[0].id`."""
    words = (f"[{one}]" if isinstance(one, int) else f".{one[:60]}" for one in place)
    return "".join(words).removeprefix(".") or "the document"


def _type_of(value: object) -> str:
    kind = type(value).__name__
    return _TYPES.get(kind, f"a {kind}")


_EXAMPLE = "for example: realms: {main: {namespace: kukeon-main}}"


def _own_mistake(path: Path, place: tuple[int | str, ...], kind: str, value: object) -> UsageError:
    key = str(place[0]) if place else ""
    if key not in OwnSettings.model_fields:
        from difflib import get_close_matches

        known = list(OwnSettings.model_fields)
        near = get_close_matches(key[:60], known, n=1) or [", ".join(known)]
        return UsageError(f"{path}: unknown key {key[:60]!r}", hint=f"perhaps: {near[0]}")
    if key != "realms":
        return UsageError(f"{path}: {key} {_ODD_TEXT.get(kind, 'must be text')}")
    if len(place) == 1:
        return UsageError(f"{path}: realms must be a mapping of names", hint=_EXAMPLE)
    name = value if place[-1] == "[key]" else place[1]
    return UsageError(
        f"{path}: realm {repr(name)[:60]} needs a namespace that is text",
        hint=f"{_EXAMPLE}; put quotes around a name that YAML reads as something else, such as "
        '"no", "on" or "12"',
    )
