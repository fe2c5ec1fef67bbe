"""Each rule of resolution on a real containerd, with records of every layout on disk."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.kukeon_host import (
    BUSYBOX,
    FOREIGN,
    LABEL,
    MANY,
    PLATFORMS,
    KukeonHost,
    write_record,
)
from tests.support.runner import KukeCtr

MANIFEST = """\
apiVersion: v1beta1
kind: Space
metadata: {name: main}
spec: {namespace: not-this}
---
apiVersion: v1beta1
kind: Realm
metadata: {name: main}
spec: {namespace: team-d}
---
apiVersion: v1beta1
kind: Realm
metadata: {name: newer}
"""


@pytest.fixture
def on_host(kukeon_host: KukeonHost, kuke_ctr: KukeCtr) -> KukeCtr:
    kukeon_host.forget()
    return kukeon_host.on(kuke_ctr)


def resolved(kuke_ctr: KukeCtr, *words: str) -> tuple[str, str, object]:
    done = kuke_ctr("realms", "resolve", *words, "-o", "json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert list(found) == ["name", "namespace", "source", "exists", "rules"]
    assert [rule["won"] for rule in found["rules"]].count(True) == 1
    return found["namespace"], found["source"], found["exists"]


def test_a_namespace_is_taken_as_given_and_containerd_is_not_asked(
    on_host: KukeCtr, kukeon_host: KukeonHost
) -> None:
    done = on_host("images", "ls", "--namespace", "default", "-q")
    assert sorted(done.stdout.split()) == [BUSYBOX, MANY]
    assert all(" -n default images ls" in call for call in kukeon_host.calls)
    assert resolved(on_host, "main", "-n", "k8s.io") == ("k8s.io", "flag", True)


def test_a_manifest_gives_the_namespace_of_its_realm(on_host: KukeCtr, tmp_path: Path) -> None:
    manifest = tmp_path / "realms.yaml"
    manifest.write_text(MANIFEST)
    assert resolved(on_host, "main", "--manifest", str(manifest)) == ("team-d", "manifest", True)
    # without a namespace the layouts decide, not the record
    expected = ("newer.kukeon.io", "layout", True)
    assert resolved(on_host, "newer", "--manifest", str(manifest)) == expected


@pytest.mark.parametrize(
    ("realm", "namespace"), [("main", "kukeon-main"), ("old", "old"), ("documented", "team-d")]
)
def test_a_record_is_found_in_every_layout_and_containerd_is_not_asked(
    on_host: KukeCtr, kukeon_host: KukeonHost, realm: str, namespace: str
) -> None:
    assert resolved(on_host, realm) == (namespace, "record", True)
    kukeon_host.forget()
    assert on_host("containers", "ls", "--realm", realm).returncode == 0
    first = kukeon_host.calls[0]
    assert f" -n {namespace} containers ls" in first


@pytest.mark.parametrize("name", ["kuke-system", "kukeon-system"])
def test_both_names_find_the_system_realm(on_host: KukeCtr, name: str) -> None:
    assert resolved(on_host, name) == ("kukeon-system", "record", True)


def test_the_newest_layout_wins(on_host: KukeCtr, tmp_path: Path) -> None:
    for number, where in enumerate(["x/metadata.json", "x/realm.yaml", "data/x/metadata.json"]):
        write_record(tmp_path / "run" / where, "x", f"age-{number}")
        found = resolved(on_host, "x", "--run-path", str(tmp_path / "run"))
        assert found == (f"age-{number}", "record", False)


def test_the_settings_file_names_a_namespace(on_host: KukeCtr, tmp_path: Path) -> None:
    settings = tmp_path / "config.yaml"
    settings.write_text(
        "realm: mine\nrealms: {mine: {namespace: team-d}, main: {namespace: nope}}\n"
    )
    with_settings = on_host.set(KUKE_CTR_CONFIG=str(settings))
    assert resolved(with_settings, "mine") == ("team-d", "settings", True)
    assert resolved(with_settings, "main") == ("kukeon-main", "record", True)
    assert BUSYBOX in with_settings("images", "ls", "-q").stdout


@pytest.mark.parametrize(
    ("realm", "namespace"),
    [("broken", "kukeon-broken"), ("newer", "newer.kukeon.io"), ("default", "kukeon.io")],
)
def test_the_layout_that_containerd_has_is_taken(
    on_host: KukeCtr, realm: str, namespace: str
) -> None:
    assert resolved(on_host, realm) == (namespace, "layout", True)


def test_two_layouts_at_once_are_a_warning_that_names_the_other(on_host: KukeCtr) -> None:
    done = on_host("containers", "ls", "--realm", "both")
    assert done.returncode == 0
    assert "warning: realm both may be kukeon-both or both.kukeon.io" in done.stderr
    assert resolved(on_host, "both") == ("kukeon-both", "layout", True)


def test_the_suffix_comes_from_its_sources_in_their_order(
    on_host: KukeCtr, kukeon_host: KukeonHost, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    plain = on_host.set(KUKEON_RUN_PATH=str(empty))
    kuke = tmp_path / "home" / ".kuke" / "kuke.yaml"
    kuke.parent.mkdir()
    kuke.write_text("kind: ClientConfiguration\nspec: {containerdNamespaceSuffix: my.org}\n")
    assert resolved(plain, "s") == ("s.my.org", "layout", True)
    elsewhere = plain.set(KUKEON_NAMESPACE_SUFFIX="other.org")
    assert resolved(elsewhere, "s") == ("kukeon-s", "layout", False)
    (empty / ".kukeon-instance.json").write_text('{"containerdNamespaceSuffix": "my.org"}')
    assert resolved(elsewhere, "s") == ("s.my.org", "layout", True)
    explained = elsewhere("realms", "resolve", "s", "--explain").stdout
    assert f"suffix my.org: {empty}/.kukeon-instance.json" in explained


def test_none_is_not_found_with_the_nearest(on_host: KukeCtr) -> None:
    done = on_host("images", "ls", "--realm", "mian", "-o", "json")
    assert (done.returncode, done.stdout) == (3, "")
    assert "the namespace mian.kukeon.io (realm mian) does not exist" in done.stderr
    assert "hint: did you mean --realm main? existing realms: main, " in done.stderr


@pytest.mark.parametrize("realm", ["mytenant", "moby"])
def test_a_bare_name_is_a_hint_and_never_taken(
    on_host: KukeCtr, kukeon_host: KukeonHost, realm: str
) -> None:
    done = on_host("tasks", "ls", "--realm", realm)
    assert done.returncode == 3
    assert f"hint: if you mean the namespace `{realm}`: --namespace {realm}" in done.stderr
    assert not any(f"-n {realm} " in call for call in kukeon_host.calls)


def test_nothing_is_changed_in_a_guessed_namespace(
    on_host: KukeCtr, kukeon_host: KukeonHost
) -> None:
    done = on_host("ctr", "--realm", "typo", "--", "images", "import", "/dev/null")
    assert (done.returncode, done.stdout) == (3, "")
    assert "(derived from the realm's name) does not exist; nothing was changed" in done.stderr
    assert "import" not in " ".join(kukeon_host.calls)
    assert "kukeon-typo" not in kukeon_host.daemon.ctr("namespaces", "ls", "-q").stdout


def test_the_list_has_each_realm_once_and_other_namespaces_on_demand(on_host: KukeCtr) -> None:
    done = on_host("realms", "ls", "-o", "json")
    shown = {
        realm["name"]: (realm["namespace"], realm["source"]) for realm in json.loads(done.stdout)
    }
    assert shown == {
        "both": ("kukeon-both", "containerd"),
        "broken": ("kukeon-broken", "containerd"),
        "default": ("kukeon.io", "containerd"),
        "documented": ("team-d", "record"),
        "kuke-system": ("kukeon-system", "record"),
        "main": ("kukeon-main", "record"),
        "newer": ("newer.kukeon.io", "containerd"),
        "old": ("old", "record"),
    }
    assert "realm both may be kukeon-both or both.kukeon.io" in done.stderr
    everything = set(on_host("realms", "ls", "--all", "-q").stdout.splitlines())
    assert everything - set(shown) == {*FOREIGN, "both.kukeon.io", "s.my.org"} - {"default"}


def test_images_of_all_realms_are_those_of_each(on_host: KukeCtr, kukeon_host: KukeonHost) -> None:
    done = on_host("images", "ls", "-A", "-o", "jsonl")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    for realm, namespace in (("main", "kukeon-main"), ("documented", "team-d"), ("old", "old")):
        names = kukeon_host.daemon.ctr("images", "ls", "-q", namespace=namespace).stdout.split()
        assert [row["ref"] for row in rows if row["realm"] == realm] == names
    (many,) = (row for row in rows if row["realm"] == "main" and row["ref"] == MANY)
    assert set(PLATFORMS) <= set(many["platforms"])
    (odd,) = (row for row in rows if row["realm"] == "main" and row["ref"] == BUSYBOX)
    assert odd["labels"]["odd"] == LABEL


def test_an_image_with_missing_content_is_listed_and_ctrs_complaint_shown(
    on_host: KukeCtr,
) -> None:
    done = on_host("images", "ls", "--realm", "broken", "-o", "json")
    assert done.returncode == 0
    images = {image["ref"]: image for image in json.loads(done.stdout)}
    assert images[BUSYBOX]["platforms"] == []
    assert images[MANY]["platforms"] != []
    assert "not found" in done.stderr


def test_an_empty_realm_says_where_an_import_lands(on_host: KukeCtr) -> None:
    done = on_host("images", "ls", "--realm", "old")
    assert (done.returncode, done.stdout) == (0, "")
    assert "goes to the namespace `default`, which has 2" in done.stderr


def test_a_row_that_a_label_forges_is_found_by_the_names(
    on_host: KukeCtr, kukeon_host: KukeonHost, namespace: str, tmp_path: Path
) -> None:
    daemon = kukeon_host.daemon
    archive = tmp_path / "one.tar"
    daemon.ctr("images", "export", str(archive), BUSYBOX, namespace="default")
    daemon.import_image(archive, "--no-unpack", namespace=namespace)
    row = daemon.ctr("images", "ls", namespace=namespace).stdout.splitlines()[1]
    forged = row.replace("library/busybox", "forgery/by-them")
    daemon.ctr("images", "label", BUSYBOX, f"x=y\n{forged}", namespace=namespace)
    for output in ("table", "json"):
        done = on_host("images", "ls", "-n", namespace, "-o", output)
        assert done.returncode == 4
        assert "forgery/by-them" not in done.stdout
        assert "forgery/by-them" in done.stderr
    assert "forgery/by-them" in on_host("images", "ls", "-n", namespace, "-o", "raw").stdout
