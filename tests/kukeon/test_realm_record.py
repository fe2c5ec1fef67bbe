"""What is read of a realm's record: never a secret, wherever it stands."""

import json
from pathlib import Path

import pytest

from kuke_ctr.errors import UsageError
from kuke_ctr.kukeon.realm_record import Account, Places, places, record_of
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.kukeon.settings import Settings
from kuke_ctr.records import RealmSource

CANARY = "canary-7f3a"
MAIN = Resolution("main", "kukeon-main", RealmSource.RECORD)


def make(run_path: Path) -> Settings:
    return Settings(run_path, "default", None, None, ("ctr",), "kukeon.io", "a test")


def write(path: Path, **document: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


def test_the_record_says_its_state_and_when(tmp_path: Path) -> None:
    status = {"state": "Ready", "updatedAt": "2026-11-26T18:09:17.37315698+01:00"}
    path = write(
        tmp_path / "data/main/metadata.json",
        metadata={"name": "main", "labels": {"a": "b", "odd": 3}},
        status=status,
    )
    found = record_of("main", make(tmp_path))
    assert found == (path, "Ready", "2026-11-26T17:09:17Z", {"a": "b"}, ())
    assert record_of("other", make(tmp_path)) is None


@pytest.mark.parametrize(("state", "shown"), [(2, "Ready"), (0, "Pending"), (9, "9"), ("", None)])
def test_a_state_that_is_a_number_gets_its_name(tmp_path: Path, state: object, shown: str) -> None:
    write(
        tmp_path / "main/metadata.json", status={"state": state, "updatedAt": "0001-01-01T00:00Z"}
    )
    found = record_of("main", make(tmp_path))
    assert found is not None
    assert (found.state, found.recorded_at) == (shown, None)


@pytest.mark.parametrize(
    ("entry", "account"),
    [
        ({"username": "u", "password": CANARY}, Account(None, "u")),
        ({"username": "u", "password": CANARY, "serverAddress": ""}, Account(None, "u")),
        ({"username": "u", "serverAddress": "https://ghcr.io/v2/"}, Account("ghcr.io", "u")),
        ({"username": f"u:{CANARY}", "password": 3}, Account(None, "u")),
        (
            {"serverAddress": f"https://u:{CANARY}@h.example:5000/x"},
            Account("h.example:5000", None),
        ),
        ({"username": "u", "auth": CANARY, "token": {"x": CANARY}}, Account(None, "u")),
    ],
)
def test_a_credential_is_a_user_and_a_server(
    tmp_path: Path, entry: dict[str, object], account: Account
) -> None:
    write(tmp_path / "data/main/metadata.json", spec={"registryCredentials": [entry, "odd"]})
    found = record_of("main", make(tmp_path))
    assert found is not None
    assert found.accounts == (account,)
    assert CANARY not in repr(found)


def test_a_record_that_does_not_fit_is_refused_without_its_values(tmp_path: Path) -> None:
    write(
        tmp_path / "data/main/metadata.json",
        spec={"registryCredentials": [{"username": [CANARY], "password": CANARY}]},
    )
    with pytest.raises(UsageError) as caught:
        record_of("main", make(tmp_path))
    assert CANARY not in f"{caught.value.message} {caught.value.hint}"


def test_what_is_below_a_realm_is_counted_by_its_records(tmp_path: Path) -> None:
    realm = tmp_path / "data/main"
    write(realm / "metadata.json", spec={"namespace": "kukeon-main"})
    assert places(tmp_path, MAIN) == Places()
    for place in ("shop", "shop/back", "shop/back/web", "shop/back/db", "empty"):
        write(realm / place / "metadata.json")
    for none in ("shop/no-record", "shop/volumes/v/forged"):
        (realm / none).mkdir(parents=True)
    write(realm / "shop/volumes/metadata.json")
    write(realm / "shop/back/secrets/metadata.json")
    assert places(tmp_path, MAIN) == Places(spaces=2, stacks=1, cells=2)
