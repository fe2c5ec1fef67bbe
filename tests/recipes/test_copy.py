"""Copies that fail, are overtaken or move, on a ctr with a memory: nobody loses anything."""

import json
import os
import shlex

import pytest

from kuke_ctr.cli.main import main
from scripts.lib.images import MANIFEST
from tests.support.copy_host import MAIN, TEAM
from tests.support.images_host import Capture
from tests.support.store_host import StoreHost

REF = "docker.io/library/app:1"
NEW = "registry.example/new:1"
COPY = ("images", "copy", REF, "--from", "main", "--to", "team")
NOT_IN_TEAM = f'test "$1" != {TEAM}'


def do_not_share(host: StoreHost) -> None:
    """As with `content_sharing_policy = "isolated"`: an archive brings the blobs."""
    host.hook("before-content-ingest", 'case "$*" in *kuke-ctr-copy*) exit 1;; esac', once=False)


def other(host: StoreHost, namespace: str, ref: str) -> str:
    """Another image under this name; its digest."""
    top = host.image("linux/riscv64")
    host.put(namespace, top, ref)
    return str(top["digest"])


def becomes(host: StoreHost, namespace: str, ref: str, digest: str) -> str:
    """Shell that lets a name mean another image."""
    path = host.path_of(namespace, ref)
    text = json.dumps({"digest": digest, "type": MANIFEST, "labels": ""})
    return f"printf %s {shlex.quote(text)} > {shlex.quote(str(path))}"


def test_it_is_whole_and_has_its_labels(store_host: StoreHost, capsys: Capture) -> None:
    top = store_host.image("linux/amd64", "linux/s390x")
    labels = "containerd.io/x=1,io.cri-containerd.image=managed,owner=ops,note=a b"
    store_host.put(MAIN, top, REF, labels=labels)
    assert main([*COPY, "-q"]) == 0
    assert capsys.readouterr().out == f"{REF}\n"
    assert store_host.named(TEAM) == {REF: top["digest"]}
    assert store_host.labels(TEAM, REF) == "owner=ops,note=a b"
    assert store_host.blobs(TEAM) == store_host.blobs(MAIN)


def test_labels_that_are_there_stay_without_force(store_host: StoreHost) -> None:
    top = store_host.image("linux/amd64")
    store_host.put(MAIN, top, REF, labels="owner=ops,more=1")
    store_host.put(TEAM, top, REF, labels="owner=team")
    assert main([*COPY]) == 0
    assert store_host.labels(TEAM, REF) == "owner=team,more=1"
    assert main([*COPY, "--force"]) == 0
    assert store_host.labels(TEAM, REF) == "owner=team,more=1,owner=ops"


def test_a_move_removes_the_source_when_all_of_it_is_there(
    store_host: StoreHost, capsys: Capture
) -> None:
    top = store_host.image("linux/amd64", "linux/s390x")
    store_host.put(MAIN, top, REF)
    assert main([*COPY, "--move", "--as", NEW]) == 0
    assert (store_host.named(MAIN), store_host.named(TEAM)) == ({}, {NEW: top["digest"]})
    assert f"{REF} was removed from realm main" in capsys.readouterr().err


def test_a_move_stops_where_something_did_not_come_along(
    store_host: StoreHost, capsys: Capture
) -> None:
    top = store_host.image("linux/amd64", "linux/s390x")
    digest = str(top["digest"])
    s390x = json.loads(store_host.archive.blobs[digest])["manifests"][1]
    layer = json.loads(store_host.archive.blobs[s390x["digest"]])["layers"][0]["digest"]
    store_host.put(MAIN, top, REF, lacks=layer)
    assert main([*COPY, "--move"]) == 1
    said = capsys.readouterr().err
    assert "only linux/amd64 is copied" in said
    assert "2 blobs of docker.io/library/app:1 that namespace kukeon-main has did not" in said
    assert store_host.named(MAIN) == {REF: digest}


def test_a_move_does_not_remove_what_got_the_name_meanwhile(
    store_host: StoreHost, capsys: Capture
) -> None:
    top = store_host.image("linux/amd64")
    store_host.put(MAIN, top, REF)
    second = other(store_host, TEAM, "x.example/other:1")
    store_host.hook("after-images-import", becomes(store_host, MAIN, REF, second))
    assert main([*COPY, "--move"]) == 1
    assert "became another image while it was copied" in capsys.readouterr().err
    assert store_host.named(MAIN) == {REF: second}
    assert store_host.named(TEAM)[REF] == top["digest"]


def test_a_move_by_an_archive_loses_no_platform(store_host: StoreHost, capsys: Capture) -> None:
    top = store_host.image("linux/amd64", "linux/s390x", "linux/arm64")
    arm = json.loads(store_host.archive.blobs[str(top["digest"])])["manifests"][2]
    store_host.put(MAIN, top, REF, lacks=arm["digest"])
    do_not_share(store_host)
    assert main([*COPY, "--move"]) == 1
    said = capsys.readouterr().err
    assert "an archive of a part of the image would have only linux/amd64" in said
    assert store_host.named(MAIN) == {REF: top["digest"]} and store_host.named(TEAM) == {}
    assert store_host.blobs(TEAM) == set()


def test_a_digest_with_several_names_is_not_moved(store_host: StoreHost, capsys: Capture) -> None:
    top = store_host.image("linux/amd64")
    store_host.put(MAIN, top, REF)
    store_host.put(MAIN, top, NEW)
    words = ("images", "copy", str(top["digest"]), "--from", "main", "--to", "team", "--move")
    assert main([*words]) == 2
    assert f"is an image with 2 names: {REF}, {NEW}; nothing was changed" in capsys.readouterr().err


def test_a_failed_copy_leaves_the_image_that_another_copy_has_made(
    store_host: StoreHost, capsys: Capture
) -> None:
    top = store_host.image("linux/amd64")
    store_host.put(MAIN, top, REF)
    overtaken = becomes(store_host, TEAM, REF, str(top["digest"]))
    store_host.hook("after-content-ingest", overtaken)
    store_host.hook("before-images-check", NOT_IN_TEAM, once=False)
    assert main([*COPY, "--no-fallback"]) == 1
    assert store_host.named(TEAM) == {REF: top["digest"]}
    capsys.readouterr()


def test_a_failed_copy_takes_its_own_name_back(store_host: StoreHost) -> None:
    store_host.put(MAIN, store_host.image("linux/amd64"), REF)
    store_host.hook("after-images-import", "exit 1")
    assert main([*COPY, "--no-fallback"]) == 1
    assert store_host.named(TEAM) == {}


def test_a_name_that_got_another_image_meanwhile_stays(
    store_host: StoreHost, capsys: Capture
) -> None:
    store_host.put(MAIN, store_host.image("linux/amd64"), REF)
    second = other(store_host, MAIN, "x.example/other:1")
    store_host.hook("after-content-ingest", becomes(store_host, TEAM, REF, second))
    assert main([*COPY, "--force"]) == 1
    assert f"meanwhile namespace {TEAM} got another image of the name" in capsys.readouterr().err
    assert store_host.named(TEAM) == {REF: second}


@pytest.mark.parametrize("shared", [True, False])
def test_a_forced_name_means_the_old_image_again_after_a_failure(
    store_host: StoreHost, shared: bool
) -> None:
    store_host.put(MAIN, store_host.image("linux/amd64"), REF)
    old = other(store_host, TEAM, REF)
    if not shared:
        do_not_share(store_host)
    store_host.hook("before-images-check", NOT_IN_TEAM, once=False)
    assert main([*COPY, "--force", *(["--no-fallback"] if shared else [])]) == 1
    assert store_host.named(TEAM) == {REF: old}
    labels = [one for one in store_host.calls if " content label " in one and old in one]
    assert labels and "containerd.io/gc.root=" in labels[-1]  # until then the old one was kept


def test_another_name_by_an_archive_leaves_no_other_name(store_host: StoreHost) -> None:
    top = store_host.image("linux/amd64")
    store_host.put(MAIN, top, REF)
    other(store_host, TEAM, NEW)
    do_not_share(store_host)
    assert main([*COPY, "--as", NEW]) == 1
    assert main([*COPY, "--as", NEW, "--force"]) == 0
    assert store_host.named(TEAM) == {NEW: top["digest"]}
    store_host.hook("before-images-tag", "exit 1")
    assert main([*COPY, "--as", "x.example/third:1"]) == 0  # all blobs are there by now
    store_host.put(MAIN, store_host.image("linux/s390x"), REF)
    assert main([*COPY, "--as", "x.example/fourth:1"]) == 1
    assert set(store_host.named(TEAM)) == {NEW, "x.example/third:1"}


def test_an_interrupted_archive_removes_nobodys_lease(
    store_host: StoreHost, capsys: Capture
) -> None:
    store_host.put(MAIN, store_host.image("linux/amd64"), REF)
    do_not_share(store_host)
    expires = "containerd.io/gc.expire=2199-01-01T00:00:00Z"
    rows = [[name, "2199-01-01T00:00:00Z", expires] for name in ("others-pull", "1234567-aB_-")]
    leases = shlex.quote(json.dumps(rows))
    interrupt = f"printf %s {leases} > leases; kill -INT {os.getpid()}; sleep 5"
    store_host.hook("before-images-import", interrupt)
    assert main([*COPY]) == 130
    said = capsys.readouterr().err
    assert (
        "if nothing else was importing or pulling here: `kuke-ctr leases rm 1234567-aB_- " in said
    )
    assert "others-pull" not in said
    assert not [one for one in store_host.calls if " leases rm " in one]


def test_a_name_with_quotes_is_checked_as_it_is(store_host: StoreHost) -> None:
    top = store_host.image("linux/amd64")
    store_host.put(MAIN, top, REF)
    assert main([*COPY, "--as", 'q"uote']) == 0
    checked = [one for one in store_host.calls if " images check name==" in one]
    assert checked[-1].endswith(r'name=="q\"uote"')
