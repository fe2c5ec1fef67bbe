"""Credentials of registries: whose they are, and which can be used."""

from pathlib import Path

import pytest

from kuke_ctr.errors import NotFound, UsageError
from kuke_ctr.kukeon.credentials import LONGEST, check_secret, of_realm, registry_of


@pytest.mark.parametrize(
    ("reference", "host"),
    [
        ("docker.io/library/busybox:1", "docker.io"),
        ("busybox", "docker.io"),
        ("team/app:1", "docker.io"),
        ("127.0.0.1:5000/a", "127.0.0.1:5000"),
        ("localhost/a", "localhost"),
        ("Registry.Example/a@sha256:0", "registry.example"),
    ],
)
def test_the_registry_of_a_reference(reference: str, host: str) -> None:
    assert registry_of(reference) == host


def entry(server: str, user: object = "u", password: object = "p") -> dict[str, object]:
    return {"serverAddress": server, "username": user, "password": password}


def record(*entries: object) -> tuple[Path, dict[str, object]]:
    return Path("/run/metadata.json"), {"spec": {"registryCredentials": list(entries)}}


@pytest.mark.parametrize(
    "server", ["https://index.docker.io/v1/", "docker.io", "registry-1.docker.io", ""]
)
def test_docker_hub_has_several_addresses(server: str) -> None:
    login = of_realm([record(entry("quay.io", "x"), entry(server))], "docker.io/library/a:1")
    assert (login.user, login.secret) == ("u", "p")
    assert "p'" not in repr(login)


@pytest.mark.parametrize("nowhere", [{}, {"serverAddress": ""}, {"serverAddress": None}])
@pytest.mark.parametrize("reference", ["ghcr.io/a:1", "docker.io/library/a:1", "127.0.0.1:5000/a"])
def test_credentials_without_an_address_are_for_any_registry(
    reference: str, nowhere: dict[str, object]
) -> None:
    anywhere = {"username": "any", "password": "p", **nowhere}
    login = of_realm([record(entry("quay.io", "x"), anywhere, entry("h.example"))], reference)
    assert login.user == "any"
    assert login.source.endswith("which has them for any registry")


def test_those_for_the_registry_itself_come_first() -> None:
    documents = [record(entry("", "any"), entry("https://ghcr.io", "exact"))]
    assert of_realm(documents, "ghcr.io/a:1").user == "exact"


def test_credentials_that_there_are_not_name_those_that_there_are() -> None:
    with pytest.raises(NotFound) as caught:
        of_realm([record(entry("quay.io"), "odd")], "ghcr.io/a:1")
    assert "has credentials for: quay.io" in str(caught.value.hint)
    odd: dict[str, object] = {"spec": {"registryCredentials": 3}}
    for document in ({}, odd):
        with pytest.raises(NotFound):
            of_realm([(Path("/x"), document)], "ghcr.io/a:1")
    with pytest.raises(NotFound):
        of_realm([], "ghcr.io/a:1")
    with pytest.raises(UsageError):
        of_realm([record(entry("ghcr.io", password=None))], "ghcr.io/a:1")
    with pytest.raises(NotFound):  # another port is another registry
        of_realm([record(entry("h.example:5000"))], "h.example:5001/a:1")


@pytest.mark.parametrize("secret", ["", "two\nlines", "a\x7fb", "a\x03", "x" * (LONGEST + 1)])
def test_a_secret_that_ctr_would_not_get_whole_is_refused_unseen(secret: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_secret(secret)
    assert len(caught.value.message) < 100
    assert check_secret("x" * LONGEST)
