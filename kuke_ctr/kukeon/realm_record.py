"""What Kukeon has written of a realm: its record, who signs in to registries, what is below it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import AliasPath, BeforeValidator, Field

from kuke_ctr.kukeon.cells import folders, realm_folders
from kuke_ctr.kukeon.credentials import host_of
from kuke_ctr.kukeon.kept import RESERVED, is_kept
from kuke_ctr.kukeon.realm_files import realm_documents
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.kukeon.schemas import Document, Spec, fit, mappings, state_in, within
from kuke_ctr.kukeon.settings import Settings
from kuke_ctr.parse.times import moment

_STATES = ("Pending", "Creating", "Ready", "Deleting", "Failed", "Unknown")
"""Before 0.6 Kukeon wrote states as numbers: the places in this list."""


class _Account(Document):
    """A registry's credential without its secret: that is never even a field here."""

    username: str | None = None
    server: str | None = within("serverAddress")


def _texts(value: object) -> dict[str, str]:
    """For labels, of which only texts count."""
    pairs = value.items() if isinstance(value, dict) else ()
    return {key: text for key, text in pairs if isinstance(key, str) and isinstance(text, str)}


class _Realm(Spec):
    accounts: Annotated[list[_Account], BeforeValidator(mappings)] = Field(
        default=[], validation_alias=AliasPath("spec", "registryCredentials")
    )
    labels: Annotated[dict[str, str], BeforeValidator(_texts)] = Field(
        default={}, validation_alias=AliasPath("metadata", "labels")
    )
    state: str | int | None = within("status", "state")
    updated_at: str | None = within("status", "updatedAt")


class Account(NamedTuple):
    """A user name and the registry that it is for; None: any registry."""

    server: str | None
    user: str | None


class RealmRecord(NamedTuple):
    """A realm's record: where it is, and what stands in it. `recorded_at`: when Kukeon wrote it."""

    path: Path
    state: str | None
    recorded_at: str | None
    labels: dict[str, str]
    accounts: tuple[Account, ...]


class Places(NamedTuple):
    """How many of each have a record below a realm."""

    spaces: int = 0
    stacks: int = 0
    cells: int = 0


def record_of(name: str, settings: Settings) -> RealmRecord | None:
    """The record that counts, the newest layout first; None where there is none.

    Raises Forbidden and UsageError for one that can't be read.
    """
    for path, document in realm_documents(name, settings):
        found = fit(path, document, _Realm)
        return RealmRecord(
            path=path,
            state=state_in(found.state, _STATES),
            recorded_at=_utc(found.updated_at),
            labels=found.labels,
            accounts=tuple(_account(one) for one in found.accounts),
        )
    return None


def places(run_path: Path, realm: Resolution) -> Places:
    """The spaces, stacks and cells of a realm (their `metadata.json`); Forbidden."""
    spaces = [one for folder in realm_folders(run_path, realm) for one in _recorded([folder])]
    stacks = _recorded(spaces)
    return Places(len(spaces), len(stacks), len(_recorded(stacks)))


def _recorded(parents: Iterable[Path]) -> list[Path]:
    return [
        folder
        for parent in parents
        for folder in folders(parent)
        if folder.name not in RESERVED and is_kept(folder) and is_kept(folder / "metadata.json")
    ]


def _account(one: _Account) -> Account:
    """Without what could be a secret in the wrong place: `name:secret`, `https://n:s@host`."""
    server = host_of(one.server).rpartition("@")[2] if one.server else None
    return Account(server, one.username.partition(":")[0] if one.username else None)


def _utc(text: str | None) -> str | None:
    """`2026-11-26T17:09:17Z`; None for what is no time, or the year 1."""
    found = moment(text)
    if found is None or found.year == datetime.min.year:
        return None
    return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
