"""Copying an image to another realm, over a fake ctr: what is planned, and what is refused."""

import json

import pytest

from kuke_ctr.cli.main import main
from tests.support.copy_host import MAIN, TEAM, CopyHost, below, lines_of
from tests.support.images_host import Capture

REF = "docker.io/library/app:1"
COPY = ("images", "copy", "app:1", "--to", "team")


def plan(capsys: Capture, *words: str, code: int = 0) -> tuple[dict[str, list[str]], str]:
    """The lines of a dry run by their verbs, and what was said."""
    assert main([*words, "--dry-run"]) == code
    out, err = capsys.readouterr()
    said = [line for line in err.splitlines() if not line.startswith("+ ")]
    return dict(lines_of(out)), "\n".join(said)


def test_every_blob_is_taken_once_under_a_pin_and_the_image_gets_its_name(
    copy_host: CopyHost, capsys: Capture
) -> None:
    top = copy_host.image("linux/amd64", "linux/arm64", attested=True)
    copy_host.put(MAIN, top, REF)
    copy_host.has(TEAM, below(copy_host.archive, top), below(copy_host.archive, top))
    copy_host.ready()
    found, said = plan(capsys, *COPY)
    pin, *taken = found["ingest"]
    assert "-n kukeon-team" in pin and "< pin.json" in pin
    digests = below(copy_host.archive, top)
    sizes = {digest: len(copy_host.archive.blobs[digest]) for digest in digests}
    assert sorted(taken) == sorted(set(taken)) and len(taken) == len(digests)
    for digest in digests:
        (line,) = [one for one in taken if f"--expected-digest {digest} " in one]
        assert f"--expected-size {sizes[digest]} " in line and line.count("< blob-") == 1
    (label,) = found["label"]
    assert "containerd.io/gc.root=" in label and all(digest in label for digest in digests)
    (imported,) = found["import"]
    assert imported.endswith("images import --local --no-unpack --all-platforms - < image.tar")
    (removed,) = found["rm"]
    assert removed.split()[-1] in label
    assert said == ""


def test_only_what_is_there_is_copied_and_the_rest_is_told(
    copy_host: CopyHost, capsys: Capture
) -> None:
    archive = copy_host.archive
    top = copy_host.image("linux/amd64", "linux/arm64")
    _, arm = json.loads(archive.blobs[str(top["digest"])])["manifests"]
    gone = below(archive, arm)
    copy_host.put(MAIN, top, REF, missing=gone)
    copy_host.on(MAIN, "content", "get", arm["digest"], stderr="ctr: x: not found\n", exit_code=1)
    there = below(archive, top) - gone
    asked = there | {arm["digest"]}
    copy_host.has(MAIN, asked, {arm["digest"]})
    copy_host.has(TEAM, asked, asked)
    copy_host.has(TEAM, there, there)
    copy_host.ready()
    found, said = plan(capsys, *COPY)
    assert said == "note: only linux/amd64 is copied; there is no content for linux/arm64"
    assert len(found["ingest"]) == 1 + len(there)
    assert "--platform none/none" in found["import"][0]
    of_index, of_manifest = found["label"][1:]
    assert arm["digest"] not in of_index and of_manifest.count("gc.ref.content.l.") == 2
    copy_host.put(TEAM, top, REF, missing=gone)
    copy_host.has(TEAM, there, set())
    copy_host.ready()
    assert plan(capsys, *COPY)[1].splitlines() == [
        f"realm team (namespace {TEAM}) has {REF} already; nothing was copied"
    ]
    found, said = plan(capsys, *COPY, "--all-platforms", code=3)
    assert "linux/arm64 is incomplete" in said and not found
    found, said = plan(capsys, *COPY, "--platform", "arm64", code=3)
    assert "the content for linux/arm64 is incomplete" in said and not found
    assert plan(capsys, *COPY, "--platform", "s390x", code=3)[1].startswith(
        "kuke-ctr: the image has nothing for s390x\nhint: its platforms: linux/amd64, linux/arm64"
    )


def test_what_is_there_already_is_not_copied(copy_host: CopyHost, capsys: Capture) -> None:
    top = copy_host.image("linux/amd64")
    for namespace in (MAIN, TEAM):
        copy_host.put(namespace, top, REF)
    copy_host.ready()
    assert main([*COPY, "-q"]) == 0
    out, err = capsys.readouterr()
    assert out == f"{REF}\n"
    assert err == f"realm team (namespace {TEAM}) has {REF} already; nothing was copied\n"
    assert main(["images", "copy", REF, "--to", "main", "--from", "main"]) == 0
    assert main([*COPY[:3], "--to", "main", "--from", "main", "--as", "x.io/new:1"]) == 2
    assert f"`kuke-ctr images tag {REF} x.io/new:1 --namespace {MAIN}`" in capsys.readouterr().err


def test_another_image_of_the_name_is_kept_without_force(
    copy_host: CopyHost, capsys: Capture
) -> None:
    top, other = copy_host.image("linux/amd64"), copy_host.image("linux/s390x")
    copy_host.put(MAIN, top, REF)
    copy_host.put(TEAM, other, REF)
    copy_host.has(TEAM, below(copy_host.archive, top), below(copy_host.archive, top))
    copy_host.ready()
    found, said = plan(capsys, *COPY, code=1)
    assert not found and "has another image of the name" in said and "--force" in said
    assert plan(capsys, *COPY, "--force")[0]["import"]


def test_different_images_of_a_name_are_listed_and_one_is_chosen(
    copy_host: CopyHost, capsys: Capture
) -> None:
    one, two = copy_host.image("linux/amd64"), copy_host.image("linux/s390x")
    copy_host.put(MAIN, one, REF)
    copy_host.put("default", two, REF)
    copy_host.has(TEAM, below(copy_host.archive, two), below(copy_host.archive, two))
    copy_host.ready()
    _, said = plan(capsys, *COPY, code=2)
    assert str(one["digest"])[:19] in said and str(two["digest"])[:19] in said
    assert "`kuke-ctr images copy app:1 --to team --from-namespace " in said
    found, _ = plan(capsys, *COPY, "--from-namespace", "default")
    assert any(str(two["digest"]) in line for line in found["ingest"])


def test_of_the_same_image_the_complete_one_is_taken(copy_host: CopyHost, capsys: Capture) -> None:
    top = copy_host.image("linux/amd64")
    copy_host.put(MAIN, top, REF, status="incomplete (1/2)")
    copy_host.put("default", top, REF)
    copy_host.has(TEAM, below(copy_host.archive, top), below(copy_host.archive, top))
    copy_host.ready()
    plan(capsys, *COPY)
    assert ["-n", "default", "content", "get", str(top["digest"])] in copy_host.fake.calls


def test_an_image_without_its_layers_is_found_wrong(copy_host: CopyHost, capsys: Capture) -> None:
    top = copy_host.image("linux/amd64")
    layer = json.loads(copy_host.archive.blobs[str(top["digest"])])["layers"][0]["digest"]
    copy_host.put(MAIN, top, REF, missing={layer})
    copy_host.has(TEAM, below(copy_host.archive, top), below(copy_host.archive, top))
    copy_host.ready()
    assert "1 blobs are missing" in plan(capsys, *COPY, code=5)[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("images", "copy", "app:1"), "--to is missing"),
        (("images", "copy", "*app*", "--to", "team"), "`kuke-ctr images find '*app*'`"),
        ((*COPY, "--to-namespace", "x"), "--to and --to-namespace cannot be combined"),
        ((*COPY, "--platform", "amd64", "--all-platforms"), "cannot be combined"),
        (("images", "copy", "app:1", "-r", "team"), "--to REALM is where the image goes"),
        ((*COPY, "--from-namespace", "moby", "--from", "x"), "cannot be combined"),
    ],
)
def test_wrong_usage_says_what_to_write(
    copy_host: CopyHost, capsys: Capture, words: tuple[str, ...], said: str
) -> None:
    copy_host.ready()
    assert main(list(words)) == 2
    assert said in capsys.readouterr().err


def test_what_is_nowhere_is_exit_code_3(copy_host: CopyHost, capsys: Capture) -> None:
    copy_host.put("default", copy_host.image("linux/amd64"), "docker.io/library/app:2")
    copy_host.ready()
    assert main(list(COPY)) == 3
    assert "there is no image app:1 in any namespace" in capsys.readouterr().err
    assert main(["images", "copy", "app", "--to", "team"]) == 3
    assert "there are other tags: docker.io/library/app:2" in capsys.readouterr().err


def test_a_move_needs_the_place_that_loses_the_image(copy_host: CopyHost, capsys: Capture) -> None:
    copy_host.put(MAIN, copy_host.image("linux/amd64"), REF)
    copy_host.ready()
    assert main([*COPY, "--move"]) == 2
    said = capsys.readouterr().err
    assert "say from where" in said and "`kuke-ctr images find app:1`" in said
    assert main([*COPY, "--move", "--from", "main", "--platform", "linux/amd64"]) == 2
    assert "the other platforms would be lost" in capsys.readouterr().err
    assert copy_host.fake.calls == []


def test_what_is_no_index_and_no_manifest_goes_by_an_archive(
    copy_host: CopyHost, capsys: Capture
) -> None:
    kind = "application/vnd.docker.distribution.manifest.v1+prettyjws"
    copy_host.put(MAIN, copy_host.image("linux/amd64"), REF, media_type=kind)
    copy_host.ready()
    found, said = plan(capsys, *COPY)
    assert "neither an index nor a manifest" in said and "by an archive instead" in said
    (line,) = found["import"]
    assert f"-n {MAIN} images export --all-platforms - {REF} | " in line
    assert plan(capsys, *COPY, "--no-fallback", code=1)[0] == {}
