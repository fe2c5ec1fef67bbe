"""Which values in a container's environment are masked: by record, and without one."""

import json
from pathlib import Path

import pytest

from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.kukeon.secrets import Hidden, hidden_in, mask_secrets, masks
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


FAR = """kuke-ctr files
v HOME /root
t 3 /opt/kukeon
= {name}
 {text}
/
.
"""


def recorded(name: str, text: str, *, keep_env: bool = False) -> str:
    """What is written down of a file of another host."""
    mask = masks(Path, keep_env=keep_env)
    found = mask(("sh", "-s", "3:/opt/kukeon"), FAR.format(name=name, text=text))
    assert found is not None
    return found


@pytest.mark.parametrize("keep_env", [True, False])
@pytest.mark.parametrize(
    "key",
    [
        *("password", "registryPassword", "dockerconfigjson", ".dockerconfigjson", "apiKey"),
        *("API_KEY", "DB_PASSWORD", "accessKey", "private-key", "authToken", "clientSecret"),
        "MYSQL_PWD",
    ],
)
def test_nothing_that_may_be_a_password_of_another_host_is_recorded(
    key: str, keep_env: bool
) -> None:
    for value in (CANARY, [CANARY], {"a": 5, key: [CANARY]}):
        spec = json.dumps({"kind": "Realm", "spec": {"namespace": "main", key: value}})
        found = recorded("./data/main/metadata.json", spec, keep_env=keep_env)
        assert CANARY not in found
        assert '"namespace": "main"' in found
    assert "4711" not in recorded("./data/main/metadata.json", json.dumps({key: 4711}))
    pair = json.dumps([{"name": key, "value": CANARY}, {"name": "PORT", "value": "80"}])
    found = recorded("./data/main/metadata.json", f'{{"values": {pair}}}', keep_env=keep_env)
    assert CANARY not in found
    assert '"80"' in found


@pytest.mark.parametrize("folder", ["configs", "blueprints"])
def test_of_a_template_of_another_host_only_the_images_are_recorded(folder: str) -> None:
    odd = "on: yes, 2026-01-01: a"  # keys that are no texts
    text = f"{{spec: {{image: shop:2, values: {{GREETING: {CANARY}, n: 4711}}, {odd}}}}}"
    found = recorded(f"./data/main/{folder}/shop", text)
    assert CANARY not in found
    assert "4711" not in found
    assert "shop:2" in found
