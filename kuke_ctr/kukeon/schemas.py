"""What stands in Kukeon's files, as far as kuke-ctr reads it; Kukeon may write more.

`first_files.py` has what every start reads.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import AliasPath, BaseModel, ConfigDict, Field, ValidationError

from kuke_ctr.errors import UsageError
from kuke_ctr.kukeon.files import mapping_in
from kuke_ctr.kukeon.first_files import type_of


class Document(BaseModel):
    """A file, or a part of one: nothing is converted, so that a number is no name."""

    model_config = ConfigDict(frozen=True, strict=True, defer_build=True)


D = TypeVar("D", bound=Document)


def mappings(value: object) -> list[object]:
    """For a list of which only the mappings count."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def within(*place: str) -> Any:
    """A field below other keys: each class costs a start some 0.2 ms, so there is one a file."""
    return Field(default=None, validation_alias=AliasPath(*place))


class Spec(Document):
    """Most of Kukeon's files: what counts is in `spec`."""

    spec: dict[str, object] | None = None


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
    if kind in _ODD_TEXT:
        raise UsageError(f"{path}: {_shown(place)} {_ODD_TEXT[kind]}")
    wanted = _WANTED.get(kind, "something else")
    raise UsageError(f"{path}: {_shown(place)} must be {wanted}, not {type_of(first['input'])}")


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


def _shown(place: tuple[int | str, ...]) -> str:
    """`spec.containers[0].id`."""
    words = (f"[{one}]" if isinstance(one, int) else f".{one[:60]}" for one in place)
    return "".join(words).removeprefix(".") or "the document"


def state_in(value: str | int | None, names: Sequence[str]) -> str | None:
    """A state as a word: older versions of Kukeon record its number. None for an empty one."""
    if isinstance(value, int):
        return names[value] if 0 <= value < len(names) else str(value)
    return value or None
