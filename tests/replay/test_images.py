"""`images check`, `usage` and `inspect` over recordings of every ctr version."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from kuke_ctr.cli.main import main
from scripts.lib.odd_images import BROKEN, WHOLE

FIXTURES = Path(__file__).parents[2] / "fixtures" / "ctr-output"
VERSIONS = ["1.4.13", "1.6.20", "1.7.24", "2.1.9"]
MAIN = "kukeon-main"
Capture = pytest.CaptureFixture[str]

pytestmark = pytest.mark.parametrize("version", VERSIONS)


def run(version: str, *words: str, namespace: str = MAIN, state: str = "images") -> int:
    where = ("--namespace", namespace, "--replay", str(FIXTURES / version / state))
    return main(["images", *words, *where])


def stored(version: str, digest: str) -> Any:
    """The JSON of a blob, as the recording of `content get` has it."""
    (path,) = (FIXTURES / version / "images").glob(f"*content-get-{digest[7:15]}.json")
    return json.loads(json.loads(path.read_text())["stdout"])


def test_a_check_names_the_images_that_lack_something(version: str, capsys: Capture) -> None:
    assert run(version, "check", "-o", "json", namespace="broken") == 5
    out, err = capsys.readouterr()
    found = {row["ref"]: row for row in json.loads(out)}
    assert {ref: (row["status"], row["blobs"]) for ref, row in found.items()} == {
        BROKEN["no-config"]: ("incomplete", "1/2"),
        BROKEN["no-layer"]: ("incomplete", "1/2"),
        BROKEN["no-manifest"]: ("unavailable", "0/?"),
        BROKEN["no-platform"]: ("unavailable", "0/?"),
    }
    assert "content digest" in found[BROKEN["no-config"]]["problem"]
    assert found[BROKEN["no-layer"]]["problem"] is None
    assert not any(row["unpacked"] for row in found.values())
    assert all(ref in err for ref in BROKEN.values())
    assert "level=error" not in err


def test_a_check_of_whole_images_is_fine(version: str, capsys: Capture) -> None:
    assert run(version, "check", "-o", "json") == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert {row["ref"] for row in found} == set(WHOLE.values())
    assert {row["status"] for row in found} == {"complete"}
    assert err == ""


def test_an_empty_namespace_is_fine_whatever_ctr_prints_for_it(
    version: str, capsys: Capture
) -> None:
    assert run(version, "check", namespace="kukeon-empty") == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "has no images" in err


@pytest.mark.parametrize("form", ["table", "wide", "jsonl", "yaml", "csv"])
def test_a_check_comes_in_every_form(version: str, form: str, capsys: Capture) -> None:
    assert run(version, "check", "-o", form, namespace="broken") == 5
    out = capsys.readouterr().out
    if form == "yaml":
        assert len(yaml.safe_load(out)) == 4
    else:
        assert len(out.splitlines()) == (4 if form == "jsonl" else 5)
    assert BROKEN["no-layer"] in out


def test_quiet_names_the_ready_ones_as_ctr_does(version: str, capsys: Capture) -> None:
    assert run(version, "check", "-q", state="healthy") == 5
    out, err = capsys.readouterr()
    (path,) = (FIXTURES / version / "healthy").glob("*-images-check.json")
    rows = json.loads(path.read_text())["stdout"].splitlines()[1:]
    ready = [row.split()[0] for row in rows if " complete (" in row and row.endswith("true")]
    assert out.splitlines() == ready
    assert len(ready) > 10
    assert "docker.io/library/armonly:1 (unavailable)" in err


def test_quiet_leaves_out_what_is_complete_and_not_unpacked(version: str, capsys: Capture) -> None:
    assert run(version, "check", "-q") == 0
    assert capsys.readouterr().out == ""


def test_raw_is_what_ctr_printed_and_still_exits_5(
    version: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(version, "check", "-o", "raw", namespace="broken") == 5
    (path,) = (FIXTURES / version / "images").glob("*broken-images-check.json")
    out, err = capfdbinary.readouterr()
    assert out == json.loads(path.read_text())["stdout"].encode()
    assert b"level=error" in err


def test_usage_is_there_from_1_7_on(version: str, capsys: Capture) -> None:
    code = run(version, "usage", WHOLE["plain"], "-o", "json")
    out, err = capsys.readouterr()
    if version < "1.7":
        assert code == 1
        assert f"ctr {version}" in err
        assert "it needs ctr 1.7" in err
        return
    assert code == 0
    (layer,) = json.loads(out)
    assert layer["key"].startswith("sha256:")
    assert layer["size_approximate"] is True
    assert layer["inodes"] > 10


def test_usage_of_an_image_that_there_is_not_is_not_found(version: str, capsys: Capture) -> None:
    assert run(version, "usage", "nope") == (1 if version < "1.7" else 3)
    if version >= "1.7":
        assert "there is no image nope" in capsys.readouterr().err


def test_inspect_says_what_the_blobs_say(version: str, capsys: Capture) -> None:
    assert run(version, "inspect", WHOLE["many"], "-o", "json") == 0
    out, err = capsys.readouterr()
    assert err == ""
    found = json.loads(out)
    assert (found["ref"], found["complete"], found["missing"]) == (WHOLE["many"], True, [])
    index = stored(version, found["digest"])
    nodes = found["target"]["manifests"]
    assert [node["digest"] for node in nodes] == [one["digest"] for one in index["manifests"]]
    assert [node["size_bytes"] for node in nodes] == [one["size"] for one in index["manifests"]]
    assert [node["kind"] for node in nodes] == ["manifest"] * 3 + ["attestation"]
    for node in nodes:
        manifest = stored(version, node["digest"])
        config = stored(version, manifest["config"]["digest"])
        assert [(layer["digest"], layer["size_bytes"]) for layer in node["layers"]] == [
            (layer["digest"], layer["size"]) for layer in manifest["layers"]
        ]
        assert node["config"]["digest"] == manifest["config"]["digest"]
        assert node["config"]["environment"] == config["config"]["Env"]
        assert node["config"]["diff_ids"] == config["rootfs"]["diff_ids"]
        assert [step["created_by"] for step in node["config"]["history"]] == [
            step["created_by"] for step in config["history"]
        ]


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_image_is_a_tree_and_a_document(version: str, name: str, capsys: Capture) -> None:
    assert run(version, "inspect", WHOLE[name]) == 0
    tree = capsys.readouterr().out
    assert tree.startswith(f"{WHOLE[name]}\n")
    assert "MISSING" not in tree
    assert "\x1b" not in tree
    assert run(version, "inspect", WHOLE[name], "-o", "yaml") == 0
    document = yaml.safe_load(capsys.readouterr().out)
    assert (document["ref"], document["complete"]) == (WHOLE[name], True)
    assert document["digest"][:19] in tree


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_missing_is_shown_and_exits_5(version: str, name: str, capsys: Capture) -> None:
    assert run(version, "inspect", BROKEN[name], namespace="broken") == 5
    tree, err = capsys.readouterr()
    assert run(version, "inspect", BROKEN[name], "-o", "jsonl", namespace="broken") == 5
    found = json.loads(capsys.readouterr().out)
    (digest,) = found["missing"]
    (line,) = [line for line in tree.splitlines() if "MISSING" in line]
    assert digest[:19] in line
    assert f"{digest} is missing" in err
    assert found["complete"] is False


def test_inspect_of_an_image_that_there_is_not_is_3(version: str, capsys: Capture) -> None:
    assert run(version, "inspect", "nope") == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "there is no image nope" in err


@pytest.mark.parametrize("words", [("-q",), ("-o", "csv"), ("-o", "raw"), ("--columns", "ref")])
def test_a_document_has_no_rows(version: str, words: tuple[str, ...], capsys: Capture) -> None:
    assert run(version, "inspect", WHOLE["plain"], *words) == 2
    assert capsys.readouterr().out == ""
