"""Which values in a container's environment are masked: by record, and without one."""

import json
from pathlib import Path

import pytest

from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.kukeon.secrets import Hidden, hidden_in, mask_secrets
from kuke_ctr.records import RealmSource

MAIN = Resolution("main", "kukeon-main", RealmSource.RECORD)
CANARY = "canary-5b1d"
ID = "default_default_re_sec"
ENV = ("PATH=/bin", "KUKEON_REALM=main", f"TOK={CANARY}", "LANG=C", "EMPTY")


def info(*env: str, name: str = ID, **labels: str) -> str:
    found = {key.replace("_", ".", 1).replace("_", "/"): value for key, value in labels.items()}
    return json.dumps({"ID": name, "Labels": found, "Spec": {"process": {"env": list(env or ENV)}}})


def write_cell(run_path: Path, *secrets: object, cell: str = "re") -> None:
    realm = run_path / "data/main"
    folder = realm / "default/default" / cell
    folder.mkdir(parents=True)
    spec = {"spec": {"namespace": "kukeon-main"}}
    (realm / "metadata.json").write_text(json.dumps({"kind": "Realm", **spec}))
    part = {"id": "sec", "containerdId": ID, "secrets": list(secrets)}
    record = {"kind": "Cell", "spec": {"containers": [part]}}
    (folder / "metadata.json").write_text(json.dumps(record))


def hidden(run_path: Path, text: str = "", name: str = ID) -> Hidden:
    return hidden_in(run_path, MAIN, name, text or info(name=name))


def test_the_record_names_the_variables(tmp_path: Path) -> None:
    write_cell(tmp_path, {"name": " TOK ", "secretRef": {"name": "tok"}}, {"name": "GONE"}, {}, 5)
    assert hidden(tmp_path) == Hidden(frozenset({"TOK"}))
    found = mask_secrets(tmp_path, ("ctr", "-n", "kukeon-main", "c", "info", ID), info())
    assert found is not None
    assert json.loads(found) == json.loads(info().replace(CANARY, "***"))


def test_a_cell_without_secrets_hides_nothing(tmp_path: Path) -> None:
    write_cell(tmp_path)
    assert hidden(tmp_path) == Hidden()


@pytest.mark.parametrize("name", [{"x": 1}, 7])
def test_a_record_that_is_broken_hides_all_that_may_be_a_secret(
    tmp_path: Path, name: object
) -> None:
    write_cell(tmp_path, {"name": name})
    assert hidden(tmp_path) == Hidden(frozenset({"TOK", "LANG", "EMPTY"}), recorded=False)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (ID, info()),
        ("web", info(name="web", kukeon_io_cell="web")),
        ("web", info(*ENV, "KUKEON_CONTAINER_ID=web", name="web")),
        (ID, json.dumps({"process": {"env": ENV}})),  # --spec
    ],
)
def test_without_a_record_all_is_hidden_that_may_be_a_secret(
    tmp_path: Path, name: str, text: str
) -> None:
    found = hidden(tmp_path, text, name)
    assert found == Hidden(frozenset({"TOK", "LANG", "EMPTY"}), recorded=False)
    masked = mask_secrets(tmp_path, ("ctr", "-n", "x", "containers", "info", name), text)
    assert masked is not None
    assert CANARY not in masked
    assert "KUKEON_REALM=main" in masked


def test_a_container_of_somebody_else_hides_nothing(tmp_path: Path) -> None:
    assert hidden(tmp_path, info(name="web"), "web") == Hidden()


def test_what_is_not_json_is_not_recorded(tmp_path: Path) -> None:
    assert hidden(tmp_path, "{") == Hidden()
    assert mask_secrets(tmp_path, ("ctr", "containers", "info", ID), "{") is None
