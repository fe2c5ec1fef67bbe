"""Who signs in to a registry, and with which secret: the user's, or that of the realm's record."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import AliasPath, BeforeValidator, Field

from kuke_ctr.errors import NotFound, UsageError
from kuke_ctr.kukeon.schemas import Document, fit, mappings, within

LONGEST = 4095
"""Bytes: ctr reads its answer from a terminal, and a terminal's line has no more."""

_DOCKER_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Credentials(Document):
    """Who signs in to a registry; to any registry where no address is given."""

    username: str | None = None
    password: str | None = Field(default=None, repr=False)
    server_address: str | None = within("serverAddress")


class RegistryDocument(Document):
    """A realm with its secrets: they are read only where they are needed."""

    credentials: Annotated[list[Credentials], BeforeValidator(mappings)] = Field(
        default=[], validation_alias=AliasPath("spec", "registryCredentials")
    )


@dataclass(frozen=True, slots=True)
class Login:
    """A name and its secret for a registry; `source` says for a person where they are from."""

    user: str
    secret: str = field(repr=False)
    source: str


def check_user(user: str) -> str:
    """The name; UsageError for one with a password in it, which every user of the host could see.

    The error does not show it.
    """
    if ":" in user:
        raise UsageError(
            "--user takes only a name: every user of this host could read a password in a "
            "command line",
            hint="use `echo PASSWORD | kuke-ctr ... --user NAME --password-stdin`, or only "
            "--user NAME, and kuke-ctr asks",
        )
    if not user or _CONTROL.search(user):
        raise UsageError("--user needs a name", hint="--user NAME")
    return user


def check_secret(secret: str) -> str:
    """The secret, where ctr can be told it; UsageError, which does not show it, where not."""
    if not secret:
        raise UsageError("the password is empty", hint="is the file with the password empty?")
    if _CONTROL.search(secret):
        raise UsageError(
            "the password contains a control character or a line break",
            hint="it must be one line of text; --password-stdin < FILE reads it from a file",
        )
    if len(secret.encode(errors="surrogateescape")) > LONGEST:
        raise UsageError(
            f"the password is longer than {LONGEST} bytes; ctr would cut it",
            hint="use a shorter token",
        )
    return secret


def registry_of(reference: str) -> str:
    """The registry in a reference: `127.0.0.1:5000`, `docker.io` where none is named."""
    first, slash, _ = reference.partition("/")
    if slash and (first == "localhost" or "." in first or ":" in first):
        return _host(first)
    return "docker.io"


def of_realm(documents: Iterable[tuple[Path, object]], reference: str) -> Login:
    """The credentials that the realm's record has for the registry of a reference.

    They stand in `spec.registryCredentials[]`: `username`, `password`, `serverAddress`. One without
    an address is for any registry that has none of its own. Raises NotFound, with the registries
    that it has some for.
    """
    host = registry_of(reference)
    known: list[str] = []
    seen: list[str] = []
    for path, document in documents:
        seen.append(str(path))
        entries = fit(path, document, RegistryDocument).credentials
        for server in (host, None):
            entry = next((one for one in entries if _server(one) == server), None)
            if entry is not None:
                return _login(entry, host, path)
        known += [server for entry in entries if (server := _server(entry)) is not None]
    where = f"has credentials for: {', '.join(dict.fromkeys(known))}" if known else "has none"
    raise NotFound(
        f"the realm has no credentials for {host}",
        hint=f"{seen[0]} {where}"
        if seen
        else "the realm has no record; use --user NAME, and kuke-ctr asks for the password",
    )


def _server(entry: Credentials) -> str | None:
    """The registry that credentials are for; None: any."""
    return _host(entry.server_address) if entry.server_address else None


def _login(entry: Credentials, host: str, path: Path) -> Login:
    if entry.username is None or entry.password is None or ":" in entry.username:
        raise UsageError(f"{path}: the credentials for {host} have no username or no password")
    user, secret = check_user(entry.username), check_secret(entry.password)
    any_registry = "" if entry.server_address else ", which has them for any registry"
    return Login(user, secret, f"from the realm's record {path}{any_registry}")


def _host(address: str) -> str:
    """`https://index.docker.io/v1/` and `docker.io` are one; a port is part of the name."""
    host = re.sub(r"^[a-z]+://", "", address.strip().lower()).partition("/")[0]
    return "docker.io" if host in _DOCKER_HUB else host
