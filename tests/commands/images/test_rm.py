"""`images rm` and `prune` over a fake ctr."""

import json
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from tests.support.fake_ctr import FakeCtr
from tests.support.images_host import CONTAINERS, HERE, NS, Capture, changes, on, only


@pytest.mark.parametrize(
    "words",
    [
        ("tag", "nope", "new:1"),
        ("label", "nope", "a=b"),
        ("convert", "nope", "new:1"),
        ("rm", "nope"),
    ],
)
def test_an_image_that_there_is_not_is_3_and_nothing_is_changed(
    images_host: FakeCtr, capsys: Capture, words: tuple[str, ...]
) -> None:
    assert main(["images", *words, *HERE]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "there is no image nope" in err
    assert "example.com/a:1" in err
    assert changes(images_host) == []


def test_each_removal_is_reported_and_users_are_named(
    images_host: FakeCtr, capsys: Capture
) -> None:
    on(images_host, "rm", "example.com/a:1", stdout="example.com/a:1\n")
    on(
        images_host,
        "rm",
        "--sync",
        "example.com/b:1",
        stderr="ctr: unable to delete: no\n",
        exit_code=1,
    )
    refs = ("example.com/a:1", "nope", "example.com/b:1")
    only(images_host, "example.com/a:1", "example.com/b:1")
    assert main(["images", "rm", "--sync", *refs, *HERE]) == 3
    out, err = capsys.readouterr()
    assert out == "example.com/a:1\n"
    assert "warning: example.com/a:1 is still used by the container web" in err
    assert "there is no image nope" in err
    assert "unable to delete" in err
    # the last one waits for the garbage, as in ctr
    assert [call[2:] for call in changes(images_host)] == [
        ["example.com/a:1"],
        ["--sync", "example.com/b:1"],
    ]


def test_the_near_names_are_those_that_are_left(images_host: FakeCtr, capsys: Capture) -> None:
    refs = ("example.com/a:1", "example.com/b:1")
    for ref in refs:
        on(images_host, "rm", ref, stdout=f"{ref}\n")
    assert main(["images", "rm", *refs, "example.com/x:1", *HERE]) == 3
    (hint,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("hint: ")]
    assert hint.startswith("hint: the realm has: example.com/c:1 (")


def test_an_image_that_goes_first_is_not_found(images_host: FakeCtr, capsys: Capture) -> None:
    on(images_host, "rm", "example.com/b:1", stderr='level=warning msg="b: image not found"\n')
    assert main(["images", "rm", "example.com/b:1", *HERE]) == 3
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("words", [("rm", "--all"), ("prune", "--all")])
def test_all_of_them_need_a_yes(
    images_host: FakeCtr, capsys: Capture, words: tuple[str, ...]
) -> None:
    assert main(["images", *words, *HERE]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "example.com/b:1, example.com/c:1" in err
    assert "--yes" in err
    assert changes(images_host) == []


def test_a_dry_run_of_prune_prints_the_calls_and_makes_none(
    images_host: FakeCtr, capsys: Capture
) -> None:
    assert main(["images", "prune", "--all", "--dry-run", *HERE]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "env ctr -n kukeon-main images rm example.com/b:1",
        "env ctr -n kukeon-main images rm --sync example.com/c:1",
    ]
    assert changes(images_host) == []


def test_prune_leaves_what_a_container_uses(images_host: FakeCtr, capsys: Capture) -> None:
    for flag, ref in (((), "example.com/b:1"), (("--sync",), "example.com/c:1")):
        on(images_host, "rm", *flag, ref, stdout=f"{ref}\n")
    assert main(["images", "prune", "--all", "--yes", *HERE]) == 0
    assert capsys.readouterr().out.split() == ["example.com/b:1", "example.com/c:1"]


def test_containers_that_cant_be_read_stop_a_prune(images_host: FakeCtr, capsys: Capture) -> None:
    broken = CONTAINERS + "odd          two\nlines   io.containerd.runc.v2    \n"
    images_host.answer(*NS, "containers", "ls", stdout=broken)
    assert main(["images", "prune", "--all", "--yes", *HERE]) == 4
    assert changes(images_host) == []


def test_containers_that_cant_be_read_keep_nobody_from_removing(
    images_host: FakeCtr, capsys: Capture
) -> None:
    broken = CONTAINERS + "odd          two\nlines   io.containerd.runc.v2    \n"
    images_host.answer(*NS, "containers", "ls", stdout=broken)
    on(images_host, "rm", "example.com/b:1", stdout="example.com/b:1\n")
    assert main(["images", "rm", "example.com/b:1", *HERE]) == 0
    out, err = capsys.readouterr()
    assert out == "example.com/b:1\n"
    assert "could not find out" in err


@pytest.mark.parametrize(
    "words",
    [
        ("prune",),
        ("rm",),
        ("rm", "--all", "example.com/a:1"),
        ("rm", "--all", "--yes", "-A"),
        ("rm", "example.com/a:1", "-o", "json"),
        ("prune", "--all", "-A"),
        ("tag", "example.com/a:1"),
        ("label", "example.com/a:1"),
        ("unmount",),
        ("mount", "example.com/a:1", "/no/such/folder"),
        ("rm", "example.com/a:1", "--", "-n", "moby"),
    ],
)
def test_wrong_usage_changes_nothing(images_host: FakeCtr, words: tuple[str, ...]) -> None:
    where = () if "-A" in words else HERE
    front, dashes, extra = list(words), [], []
    if "--" in words:
        at = words.index("--")
        front, dashes, extra = list(words[:at]), ["--"], list(words[at + 1 :])
    assert main(["images", *front, *where, *dashes, *extra]) == 2
    assert changes(images_host) == []


def test_nothing_is_removed_where_the_settings_point_to_a_foreign_namespace(
    images_host: FakeCtr, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "config.yaml"
    settings.write_text("realms: {docker: {namespace: moby}}\n")
    monkeypatch.setenv("KUKE_CTR_CONFIG", str(settings))
    for words in (("rm", "example.com/a:1"), ("rm", "--all", "--yes"), ("prune", "--all", "--yes")):
        assert main(["images", *words, "--realm", "docker"]) == 2
        assert "moby" in capsys.readouterr().err
    assert changes(images_host) == []


def test_what_a_record_of_kukeon_names_is_not_pruned_and_rm_asks(
    images_host: FakeCtr, capsys: Capture, tmp_path: Path
) -> None:
    """Of a stopped cell of before Kukeon 0.6 nothing but the record is left."""
    realm = tmp_path / "data" / "main"
    cell = realm / "space" / "stack" / "cell"
    cell.mkdir(parents=True)
    (realm / "metadata.json").write_text('{"spec": {"namespace": "kukeon-main"}}')
    spec = {"containers": [{"id": "app", "image": "example.com/b:1"}]}
    (cell / "metadata.json").write_text(json.dumps({"kind": "Cell", "spec": spec}))
    here = (*HERE, "--run-path", str(tmp_path))
    assert main(["images", "prune", "--all", "--dry-run", *here]) == 0
    assert capsys.readouterr().out == "env ctr -n kukeon-main images rm --sync example.com/c:1\n"
    only(images_host, "example.com/b:1", "example.com/a:1")
    on(images_host, "rm", "example.com/b:1", stdout="example.com/b:1\n")
    said = f"example.com/b:1 is needed by Kukeon: it is in 1 record ({cell / 'metadata.json'})"
    assert main(["images", "rm", "example.com/b:1", *here]) == 2
    assert said in capsys.readouterr().err
    assert main(["images", "rm", "example.com/b:1", "--dry-run", *here]) == 0
    assert f"Kukeon: {cell / 'metadata.json'} names it" in capsys.readouterr().err
    assert changes(images_host) == []
    assert main(["images", "rm", "example.com/b:1", "--yes", *here]) == 0
    assert f"Kukeon: {cell / 'metadata.json'} names it" in capsys.readouterr().err
    (cell / "metadata.json").write_text("{")
    assert main(["images", "prune", "--all", "--yes", *here]) == 2
    assert "are not known" in capsys.readouterr().err
