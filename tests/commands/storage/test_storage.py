"""Changing content, snapshots and leases over a fake ctr: who is named, what runs and what not."""

import hashlib
import json
import os
import pty
import socket
from collections.abc import Iterable
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.commands.storage import content_fetch as content_arrivals
from tests.support.fake_ctr import FakeCtr
from tests.support.tabwriter import ctr_table

Capture = pytest.CaptureFixture[str]

MANIFEST, CONFIG, LAYER, LOOSE = (f"sha256:{letter * 64}" for letter in "abcd")
CHAIN = f"sha256:{'e' * 64}"
MEDIA = "application/vnd.oci.image.manifest.v1+json"
MAIN = ("-n", "kukeon-main")
REF = "docker.io/library/busybox:1.36"
REFERENCES = (
    f"containerd.io/gc.ref.content.config={CONFIG},containerd.io/gc.ref.content.l.0={LAYER}"
)
MAIN_BLOBS = {
    MANIFEST: "-",
    CONFIG: f"containerd.io/gc.ref.snapshot.overlayfs={CHAIN}",
    LAYER: "-",
    LOOSE: "-",
}


def table(header: str, rows: Iterable[str], padchar: str = " ") -> str:
    return "".join(f"{line}\n" for line in ctr_table(header, rows, padchar=padchar))


def images(*rows: tuple[str, str]) -> str:
    cells = [f"{ref}\t{MEDIA}\t{digest}\t1.0 MiB\tlinux/amd64\t-\t" for ref, digest in rows]
    return table("REF\tTYPE\tDIGEST\tSIZE\tPLATFORMS\tLABELS\t", cells)


def blobs(labels: dict[str, str]) -> str:
    cells = [f"{digest}\t262B\t3 minutes\t{text}" for digest, text in labels.items()]
    return table("DIGEST\tSIZE\tAGE\tLABELS", cells, padchar="\t")


def snapshots(*rows: tuple[str, str, str]) -> str:
    return table("KEY\tPARENT\tKIND\t", ["\t".join([*row, ""]) for row in rows])


def leases(**labels: str) -> str:
    cells = [f"{name}\t2026-11-24T22:13:31Z\t{text}\t" for name, text in labels.items()]
    return table("ID\tCREATED AT\tLABELS\t", cells)


def fill(
    fake: FakeCtr,
    namespace: str,
    *,
    refs: tuple[tuple[str, str], ...] = (),
    content: dict[str, str] | None = None,
    kept: dict[str, str] | None = None,
) -> None:
    """What the lists of a namespace answer."""
    where = ("-n", namespace)
    content, kept = content or {}, kept or {}
    fake.answer(*where, "images", "ls", stdout=images(*refs))
    fake.answer(*where, "images", "ls", "-q", stdout="".join(f"{ref}\n" for ref, _ in refs))
    fake.answer(*where, "content", "ls", stdout=blobs(content))
    fake.answer(*where, "content", "ls", "-q", stdout="".join(f"{one}\n" for one in content))
    fake.answer(*where, "leases", "ls", stdout=leases(**kept))
    fake.answer(*where, "leases", "ls", "-q", stdout="".join(f"{name}\n" for name in kept))


@pytest.fixture
def host(fake_ctr: FakeCtr) -> FakeCtr:
    """A realm with an image, a container, and a blob that nothing needs; another with the image."""
    fake_ctr.answer("namespaces", "ls", "-q", stdout="kukeon-main\nother\n")
    fill(fake_ctr, "kukeon-main", refs=((REF, MANIFEST),), content=MAIN_BLOBS)
    fill(fake_ctr, "other", refs=(("o:1", MANIFEST),), content={MANIFEST: "-", LAYER: "-"})
    document = {"config": {"digest": CONFIG}, "layers": [{"digest": LAYER}]}
    for namespace in ("kukeon-main", "other"):
        words = ("-n", namespace, "content", "get", MANIFEST)
        fake_ctr.answer(*words, stdout=json.dumps(document))
    for digest in MAIN_BLOBS:
        fake_ctr.answer(*MAIN, "content", "rm", digest, stdout=f"{digest}\n")
    fake_ctr.answer(*MAIN, "containers", "ls", "-q", stdout="web\n")
    info = {"ID": "web", "SnapshotKey": "web", "Snapshotter": "overlayfs"}
    fake_ctr.answer(*MAIN, "containers", "info", "web", stdout=json.dumps(info))
    rows = ((CHAIN, "", "Committed"), ("web", CHAIN, "Active"), ("spare", CHAIN, "Active"))
    fake_ctr.answer(*MAIN, "snapshots", "ls", stdout=snapshots(*rows))
    root = '{"Labels": {"containerd.io/gc.root": "2026-11-24T22:13:31Z"}}'
    for key in ("web", "spare"):
        line = f"mount -t overlay overlay /mnt -o upperdir=/s/{key},lowerdir=/s/1\n"
        fake_ctr.answer(*MAIN, "snapshots", "mounts", "/mnt", key, stdout=line)
        fake_ctr.answer(*MAIN, "snapshots", "info", key, stdout=root)
        fake_ctr.answer(*MAIN, "snapshots", "rm", key)
    child = 'ctr: failed to remove "x": cannot remove snapshot with child: failed precondition\n'
    fake_ctr.answer(*MAIN, "snapshots", "rm", CHAIN, stderr=child, exit_code=1)
    return fake_ctr


def changing(fake: FakeCtr) -> list[list[str]]:
    """The calls that change something."""
    verbs = {"rm", "label", "ingest", "fetch", "create", "prepare", "view", "commit", "prune"}
    return [call for call in fake.calls if verbs & set(call)]


def test_content_rm_names_the_images_of_every_namespace_and_asks(
    host: FakeCtr, capsys: Capture
) -> None:
    assert main(["content", "rm", "-r", "main", LAYER]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{LAYER} is in use: a layer of the image {REF} in namespace kukeon-main" in err
    assert "of the image o:1 in namespace other (that image is not affected" in err
    assert "hint: add --yes" in err
    assert changing(host) == []


def test_labels_that_name_an_image_are_enough(host: FakeCtr, capsys: Capture) -> None:
    labels = {**MAIN_BLOBS, MANIFEST: REFERENCES}
    fill(host, "kukeon-main", refs=((REF, MANIFEST),), content=labels)
    assert main(["content", "rm", "-r", "main", LAYER]) == 2
    err = capsys.readouterr().err
    assert f"a layer of the image {REF} in namespace kukeon-main" in err
    assert "a layer of the image o:1 in namespace other" in err
    assert not any("get" in call for call in host.calls)


def test_content_rm_with_yes_looks_for_nobody(host: FakeCtr, capsys: Capture) -> None:
    assert main(["content", "rm", "-r", "main", "-y", LAYER]) == 0
    assert capsys.readouterr().out == f"{LAYER}\n"
    assert changing(host) == [[*MAIN, "content", "rm", LAYER]]
    assert not any("images" in call for call in host.calls)


@pytest.mark.parametrize(
    ("digest", "role"), [(MANIFEST, "a manifest"), (CONFIG, "the config"), (LAYER, "a layer")]
)
def test_every_part_of_an_image_is_in_use(
    host: FakeCtr, capsys: Capture, digest: str, role: str
) -> None:
    assert main(["content", "rm", "-r", "main", digest]) == 2
    assert f"{role} of the image {REF}" in capsys.readouterr().err


def test_content_that_nothing_needs_goes_without_a_question(host: FakeCtr, capsys: Capture) -> None:
    assert main(["content", "rm", "-r", "main", LOOSE[7:15]]) == 0
    assert capsys.readouterr().out == f"{LOOSE}\n"


def test_content_that_only_a_lease_can_keep_is_asked_about(host: FakeCtr, capsys: Capture) -> None:
    fill(
        host,
        "kukeon-main",
        refs=((REF, MANIFEST),),
        content=MAIN_BLOBS,
        kept={"builder": "-", "old": "containerd.io/gc.expire=2020-01-01T00:00:00Z"},
    )
    assert main(["content", "rm", "-r", "main", LOOSE]) == 2
    err = capsys.readouterr().err
    assert (
        "a lease may be the only thing that keeps it (ctr does not say which one): builder\n" in err
    )


def test_a_referrer_without_an_image_is_named(host: FakeCtr, capsys: Capture) -> None:
    labels = {**MAIN_BLOBS, LOOSE: f"containerd.io/gc.ref.content.l.0={LAYER}"}
    fill(host, "kukeon-main", content=labels)
    assert main(["content", "rm", "-r", "main", LAYER]) == 2
    assert f"a layer of the content {LOOSE}, which belongs to no image" in capsys.readouterr().err


def test_a_list_that_can_not_be_read_is_no_permission(host: FakeCtr, capsys: Capture) -> None:
    row = f"{REF} {MEDIA} broken\n"
    host.answer(*MAIN, "images", "ls", stdout=images((REF, MANIFEST)) + row)
    assert main(["content", "rm", "-r", "main", LOOSE]) == 2
    assert "could not be searched completely (1 rows of `ctr images ls`)" in capsys.readouterr().err
    assert changing(host) == []


def test_a_blob_whose_own_row_can_not_be_read_is_no_missing_one(
    host: FakeCtr, capsys: Capture
) -> None:
    rows = dict(MAIN_BLOBS)
    del rows[LOOSE]
    broken = f"{LOOSE}\tx=a\nb\n"
    host.answer(*MAIN, "content", "ls", stdout=blobs(rows) + broken)
    assert main(["content", "rm", "-r", "main", LOOSE]) == 2
    assert "could not be searched completely" in capsys.readouterr().err
    assert main(["content", "rm", "-r", "main", LOOSE, "--yes"]) == 0


def test_missing_content_is_3_though_ctr_says_0_and_the_others_go(
    host: FakeCtr, capsys: Capture
) -> None:
    nothing = f"sha256:{'9' * 64}"
    host.answer(*MAIN, "content", "rm", nothing)
    for more in ([], ["--yes"]):
        assert main(["content", "rm", "-r", "main", nothing, LOOSE, *more]) == 3
        out, err = capsys.readouterr()
        assert out == f"{LOOSE}\n"
        assert f"there is no content {nothing} in realm main" in err


def test_a_dry_run_tells_and_prints_the_commands(host: FakeCtr, capsys: Capture) -> None:
    assert main(["content", "rm", "-r", "main", LAYER, LOOSE, "--dry-run"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        f"env ctr -n kukeon-main content rm {LAYER}",
        f"env ctr -n kukeon-main content rm {LOOSE}",
    ]
    assert f"{LAYER} is in use" in err
    assert changing(host) == []


def test_an_answer_on_a_terminal_decides(
    host: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for answer, code in (("n\n", 130), ("y\n", 0)):
        ours, theirs = pty.openpty()
        os.write(ours, answer.encode())
        with os.fdopen(theirs, "r") as stdin:
            monkeypatch.setattr("sys.stdin", stdin)
            monkeypatch.setattr("sys.stderr.isatty", lambda: True)
            assert main(["content", "rm", "-r", "main", LAYER]) == code
        os.close(ours)
        assert "Continue? [y/N]" in capsys.readouterr().err
    assert changing(host) == [[*MAIN, "content", "rm", LAYER]]


@pytest.mark.parametrize(
    "line",
    [
        ["content", "rm", LAYER],
        ["content", "prune"],
        ["snapshots", "rm", "web"],
        ["leases", "rm", "x"],
    ],
)
def test_nothing_is_removed_in_a_foreign_namespace_that_was_not_named(
    host: FakeCtr, capsys: Capture, line: list[str], tmp_path: Path
) -> None:
    manifest = tmp_path / "realm.yaml"
    manifest.write_text("kind: Realm\nmetadata: {name: main}\nspec: {namespace: moby}\n")
    assert main([*line, "-r", "main", "--manifest", str(manifest), "--yes"]) == 2
    assert "do it anyway: --namespace moby" in capsys.readouterr().err
    assert main([*line, "-A", "--yes"]) == 2
    assert changing(host) == []


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (["content", "rm", "junk"], "is not a digest"),
        (["content", "label", LAYER, "x"], "is not a label"),
        (["content", "label", LAYER, "--", "-x=y"], "is not a label"),
        (["content", "fetch", "x:1", "--user", "me:secret"], "cannot sign in"),
        (["content", "fetch", "x:1", "--", "--user", "me:secret"], "password cannot be passed"),
        (["content", "ingest", "k", "/nowhere/at/all"], "cannot read"),
        (["content", "ingest", "k", "/"], "is a directory"),
        (["content", "ingest", "k", "/dev/null", "--expected-digest", "x"], "is not a digest"),
        (["content", "ingest", "k", "/dev/null", "--keep"], "needs the digest"),
        (["content", "rm", LAYER, "-o", "json"], "does not print json"),
        (["snapshots", "prepare", "k", "-t", "/x", "--mounts"], "cannot be combined"),
        (["snapshots", "label", "k", "nothing"], "is not a label"),
        (["snapshots", "mount", "web", "/nowhere/at/all"], "does not exist"),
        (["snapshots", "mount", "web", "/proc"], "is already mounted on /proc"),
        (["snapshots", "mount", "web", "/usr"], "is not empty"),
        (["snapshots", "mount", "web", "/etc/passwd"], "is not a directory"),
        (["leases", "create", "a", "b"], "is not a label"),
        (["leases", "create", "a", "--id", "b"], "two ids"),
        (["leases", "create", "--expires", "soon"], "is not a time"),
        (["leases", "rm"], "missing argument"),
    ],
)
def test_bad_input_is_2_and_changes_nothing(
    host: FakeCtr, capsys: Capture, line: list[str], complaint: str
) -> None:
    assert main([*line[:2], "-r", "main", *line[2:]]) == 2
    err = capsys.readouterr().err
    assert complaint in err
    assert "secret" not in err
    assert changing(host) == []


@pytest.mark.parametrize("losses", [1, 2])
def test_what_is_collected_before_it_has_its_label_is_brought_once_more(
    host: FakeCtr,
    capsys: Capture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    losses: int,
) -> None:
    monkeypatch.setattr(content_arrivals, "rooted_label", lambda: "root=now")
    file, count, read = (tmp_path / name for name in ("blob", "count", "read"))
    file.write_text("bytes")
    digest = f"sha256:{hashlib.sha256(b'bytes').hexdigest()}"
    words = (*MAIN, "content", "ingest", "--expected-digest", digest, "key")
    host.answer(*words, first=f"cat >> {read}; echo >> {count}")
    label = f"test $(wc -l < {count}) -gt {losses} && exit 0"
    gone = f"ctr: content digest {digest}: not found\n"
    host.answer(
        *(*MAIN, "content", "label", digest, "root=now"), first=label, stderr=gone, exit_code=1
    )
    code = main(["content", "ingest", "-r", "main", "key", str(file), "--keep"])
    out, err = capsys.readouterr()
    assert read.read_text() == "bytesbytes"
    assert (code, out) == ((0, f"{digest}\n") if losses == 1 else (3, ""))
    assert ("before it was labelled" in err) == (losses > 1)


def test_ingest_hands_the_file_to_ctr_and_prints_its_digest(
    host: FakeCtr, capsys: Capture, tmp_path: Path
) -> None:
    file = tmp_path / "blob"
    file.write_bytes(b"hello")
    digest = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    words = ("content", "ingest", "--expected-size", "5", "--expected-digest", digest, "key")
    host.answer(*MAIN, *words, first=f"cat > {tmp_path}/got")
    line = ["content", "ingest", "-r", "main", "key", str(file), "--expected-size", "5"]
    assert main(line) == 0
    assert capsys.readouterr().out == f"{digest}\n"
    assert (tmp_path / "got").read_bytes() == b"hello"


@pytest.mark.parametrize("kind", ["pipe", "socket", "file", "null"])
@pytest.mark.parametrize("data", [b"", b"hello"])
def test_a_stdin_without_a_byte_is_refused_and_no_byte_is_taken(
    host: FakeCtr, capsys: Capture, tmp_path: Path, kind: str, data: bytes
) -> None:
    if kind == "pipe":
        reader, writer = os.pipe()
        os.write(writer, data)
        os.close(writer)
    elif kind == "socket":
        one, other = socket.socketpair()
        other.sendall(data)
        other.close()
        reader = one.detach()
    else:
        (tmp_path / "in").write_bytes(data)
        reader = os.open(os.devnull if kind == "null" else tmp_path / "in", os.O_RDONLY)
    with os.fdopen(reader) as stdin:
        assert content_arrivals._is_empty(reader) == (not data or kind == "null")
        if not data or kind == "null":
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("sys.stdin", stdin)
                assert main(["content", "ingest", "-r", "main", "key"]) == 2
            assert "empty" in capsys.readouterr().err
            assert changing(host) == []
        else:
            assert os.read(reader, 9) == data


def test_an_empty_stdin_may_be_meant(
    host: FakeCtr, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").write_bytes(b"")
    (tmp_path / "full").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    digest = f"sha256:{hashlib.sha256().hexdigest()}"
    host.answer(*MAIN, "content", "ingest", "--expected-digest", digest, "full")
    words = ["content", "ingest", "-r", "main", "full", "--expected-size", "0"]
    with Path("in").open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        assert main(words) == 0
    out, err = capsys.readouterr()
    assert out == f"{digest}\n"
    assert "full is used as the name REF" in err
    assert main([*words, "full"]) == 2
    assert "full is not empty" in capsys.readouterr().err


def test_a_fetch_after_which_there_is_no_image_has_failed(host: FakeCtr, capsys: Capture) -> None:
    words = ("content", "fetch", "--platform", "linux/s390x", "--plain-http", "x.io/y:1")
    host.answer(*MAIN, *words, stdout="progress\n")
    host.answer(*MAIN, "images", "ls", "-q", 'name=="x.io/y:1"', stdout="")
    line = ["content", "fetch", "x.io/y:1", "-r", "main", "--plain-http"]
    assert main([*line, "--platform", "linux/s390x"]) == 1
    assert "the image x.io/y:1 is not in realm main" in capsys.readouterr().err
    host.answer(*MAIN, "images", "ls", "-q", 'name=="x.io/y:1"', stdout="x.io/y:1\n")
    assert main([*line, "--platform", "linux/s390x"]) == 0
    assert capsys.readouterr().out == "x.io/y:1\n"


def test_prune_says_what_goes_and_what_breaks(host: FakeCtr, capsys: Capture) -> None:
    labels = {**MAIN_BLOBS, MANIFEST: REFERENCES}
    fill(host, "kukeon-main", refs=((REF, MANIFEST),), content=labels)
    assert main(["content", "prune", "-r", "main"]) == 2
    err = capsys.readouterr().err
    assert "1 layer (about 0.0 MB) of realm main (namespace kukeon-main) will be removed" in err
    assert f"1 image will be incomplete: {REF}" in err
    host.answer(*MAIN, "content", "prune", "references", "--async")
    assert main(["content", "prune", "-r", "main", "--async", "--yes"]) == 0
    assert changing(host) == [[*MAIN, "content", "prune", "references", "--async"]]


def test_prune_of_nothing_asks_nothing(host: FakeCtr, capsys: Capture) -> None:
    assert main(["content", "prune", "-r", "main"]) == 0
    assert "no layer that can be removed" in capsys.readouterr().err
    assert changing(host) == []


def test_an_old_ctr_says_since_when_there_is_one(host: FakeCtr, capsys: Capture) -> None:
    host.answer("--version", stdout="ctr containerd.io 1.4.13\n")
    assert main(["content", "prune", "-r", "main"]) == 1
    assert "needs ctr 1.5" in capsys.readouterr().err
    assert main(["snapshots", "prepare", "k", "-r", "main", "--mounts"]) == 1
    assert "needs ctr 1.5" in capsys.readouterr().err


def test_snapshots_rm_names_container_image_and_children(host: FakeCtr, capsys: Capture) -> None:
    assert main(["snapshots", "rm", "web", "-r", "main"]) == 2
    assert "web is in use: it has the files of the container web" in capsys.readouterr().err
    assert main(["snapshots", "rm", CHAIN, "-r", "main"]) == 2
    err = capsys.readouterr().err
    assert f"the unpacked files of the image {REF}" in err
    assert "the snapshot web is on top of it, so containerd will refuse" in err
    assert changing(host) == []


def test_snapshots_go_children_first_and_containerds_refusal_has_a_hint(
    host: FakeCtr, capsys: Capture
) -> None:
    assert main(["snapshots", "rm", CHAIN, "spare", "-r", "main", "-y"]) == 1
    out, err = capsys.readouterr()
    assert out == "spare\n"
    assert "remove them first" in err
    assert [call[-1] for call in changing(host)] == ["spare", CHAIN]


def test_a_snapshot_of_nobody_goes_and_a_missing_one_is_3(host: FakeCtr, capsys: Capture) -> None:
    assert main(["snapshots", "rm", "spare", "spar", "-r", "main"]) == 3
    out, err = capsys.readouterr()
    assert out == "spare\n"
    assert "there is no snapshot spar in realm main" in err
    assert "hint: the realm has: spare" in err


def test_another_snapshotter_has_other_users(host: FakeCtr, capsys: Capture) -> None:
    native = (*MAIN, "snapshots", "--snapshotter", "native")
    host.answer(*native, "ls", stdout=snapshots(("web", "", "Active")))
    host.answer(*native, "mounts", "/mnt", "web", stdout="mount -t bind /n/1 /mnt -o rbind\n")
    host.answer(*native, "info", "web", stdout='{"Labels": {"containerd.io/gc.root": "x"}}')
    host.answer(*native, "rm", "web")
    assert main(["snapshots", "rm", "web", "-r", "main", "--snapshotter", "native"]) == 0
    assert capsys.readouterr().out == "web\n"


def test_commit_of_a_containers_snapshot_is_asked_about(host: FakeCtr, capsys: Capture) -> None:
    host.answer(*MAIN, "snapshots", "commit", "new", "web")
    host.answer(*MAIN, "snapshots", "commit", "new", "spare")
    assert main(["snapshots", "commit", "new", "web", "-r", "main"]) == 2
    assert "the container web" in capsys.readouterr().err
    assert main(["snapshots", "commit", "new", "spare", "-r", "main"]) == 0
    assert main(["snapshots", "commit", "new", "web", "-r", "main", "-y"]) == 0
    assert capsys.readouterr().out == "new\nnew\n"


def test_a_view_gets_the_label_that_keeps_it(host: FakeCtr, capsys: Capture) -> None:
    assert main(["snapshots", "view", "v", CHAIN, "-r", "main", "--dry-run"]) == 0
    made, labelled = capsys.readouterr().out.splitlines()
    assert made == f"env ctr -n kukeon-main snapshots view v {CHAIN}"
    assert labelled.startswith("env ctr -n kukeon-main snapshots label v containerd.io/gc.root=20")


@pytest.fixture
def mount_program(host: FakeCtr, tmp_path: Path) -> Path:
    """A mount that only writes down what it was called with; gives the folder to mount on."""
    target = tmp_path / "target"
    target.mkdir()
    script = host.folder / "mount"
    script.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/mounted\n')
    script.chmod(0o755)
    line = f"mount -t overlay overlay {target} -o upperdir=/s/spare,lowerdir=/s/1\n"
    host.answer(*MAIN, "snapshots", "mounts", str(target), "spare", stdout=line)
    return target


def test_a_mount_that_did_nothing_is_an_error(
    host: FakeCtr, capsys: Capture, mount_program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert main(["snapshots", "mount", "spare", str(mount_program), "-r", "main"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert f"nothing is mounted on {mount_program}" in err
    words = f"-t overlay -o upperdir=/s/spare,lowerdir=/s/1 overlay {mount_program}\n"
    assert (mount_program.parent / "mounted").read_text() == words


def test_mounting_needs_root_and_a_dry_run_does_not(
    host: FakeCtr, capsys: Capture, mount_program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    line = ["snapshots", "mount", "spare", str(mount_program), "-r", "main"]
    assert main(line) == 126
    assert "only root" in capsys.readouterr().err
    assert main([*line, "--dry-run", "--read-only"]) == 0
    options = "upperdir=/s/spare,lowerdir=/s/1,ro"
    assert capsys.readouterr().out == f"mount -t overlay -o {options} overlay {mount_program}\n"
    assert not (mount_program.parent / "mounted").exists()


def test_a_mount_command_with_other_words_is_refused(
    host: FakeCtr, capsys: Capture, mount_program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    words = (*MAIN, "snapshots", "mounts", str(mount_program), "spare")
    host.answer(*words, stdout="mount -t overlay overlay /etc -o ro\n")
    assert main(["snapshots", "mount", "spare", str(mount_program), "-r", "main"]) == 4
    assert "does not run" in capsys.readouterr().err
    assert not (mount_program.parent / "mounted").exists()


def test_lease_ids_labels_and_times(host: FakeCtr, capsys: Capture) -> None:
    words = ("leases", "create", "--id", "mine", "--expires", "168h", "team=a")
    host.answer(*MAIN, *words, stdout="mine\n")
    assert main(["leases", "create", "mine", "team=a", "--expires", "7d", "-r", "main"]) == 0
    assert capsys.readouterr().out == "mine\n"


def with_leases(host: FakeCtr, **kept: str) -> None:
    labels = {**MAIN_BLOBS, MANIFEST: REFERENCES}
    del labels[LOOSE]
    fill(host, "kukeon-main", refs=((REF, MANIFEST),), content=labels, kept=kept)
    header = "TYPE\tID\tPLATFORMS\tSTATUS\t"
    plugins = table(header, ["io.containerd.snapshotter.v1\toverlayfs\tlinux/amd64\tok\t"])
    host.answer("plugins", "ls", "type==io.containerd.snapshotter.v1", stdout=plugins)
    rows = ((CHAIN, "", "Committed"), ("web", CHAIN, "Active"))
    words = ("snapshots", "--snapshotter", "overlayfs", "ls")
    host.answer(*MAIN, *words, stdout=snapshots(*rows))
    host.answer(*MAIN, "content", "active", stdout=table("REF\tSIZE\tAGE\t", [], padchar="\t"))
    for name in kept:
        host.answer(*MAIN, "leases", "rm", name, stdout=f"{name}\n")


def test_a_lease_that_keeps_nothing_goes_without_a_question(host: FakeCtr, capsys: Capture) -> None:
    with_leases(host, empty="containerd.io/gc.expire=2100-01-01T00:00:00Z")
    assert main(["leases", "rm", "empty", "emty", "-r", "main"]) == 3
    out, err = capsys.readouterr()
    assert out == "empty\n"
    assert "there is no lease emty in realm main" in err


def test_a_lease_says_what_it_may_keep(host: FakeCtr, capsys: Capture) -> None:
    with_leases(host, mine="-")
    labels = {**MAIN_BLOBS, MANIFEST: REFERENCES}
    fill(host, "kukeon-main", refs=((REF, MANIFEST),), content=labels, kept={"mine": "-"})
    rows = ((CHAIN, "", "Committed"), ("web", CHAIN, "Active"), ("lost", CHAIN, "View"))
    native = ("snapshots", "--snapshotter", "overlayfs")
    host.answer(*MAIN, *native, "ls", stdout=snapshots(*rows))
    host.answer(*MAIN, *native, "info", "lost", stdout='{"Kind": "View"}')
    assert main(["leases", "rm", "mine", "-r", "main"]) == 2
    err = capsys.readouterr().err
    assert f"only a lease protects this content: {LOOSE};" in err
    assert "only a lease protects these snapshots: lost" in err
    assert changing(host) == []
    host.answer(*MAIN, "leases", "rm", "--sync", "mine", stdout="mine\n")
    assert main(["leases", "rm", "mine", "-r", "main", "--sync", "-y"]) == 0
    assert capsys.readouterr().out == "mine\n"


def test_a_lease_with_an_owner_is_asked_about_and_an_expired_one_is_not(
    host: FakeCtr, capsys: Capture
) -> None:
    with_leases(
        host, theirs="owner=backup", old="containerd.io/gc.expire=2020-01-01T00:00:00Z,owner=x"
    )
    assert main(["leases", "rm", "theirs", "-r", "main"]) == 2
    assert "theirs has a label that names an owner: owner=backup" in capsys.readouterr().err
    assert main(["leases", "rm", "old", "-r", "main"]) == 0
    assert capsys.readouterr().out == "old\n"


COMMITTED = "ctr: failed to get active mount: snapshot {} not active or view: failed precondition\n"
TAKEN = 'ctr: {} "{}": already exists\n'


@pytest.mark.parametrize("chosen", [(), ("--snapshotter", "native")])
@pytest.mark.parametrize("verb", ["mount", "mounts"])
def test_a_committed_snapshot_gets_the_line_that_makes_a_view(
    host: FakeCtr, capsys: Capture, tmp_path: Path, verb: str, chosen: tuple[str, ...]
) -> None:
    (folder := tmp_path / "mnt").mkdir()
    host.answer(
        *(*MAIN, "snapshots", *chosen, "mounts", str(folder), CHAIN),
        stderr=COMMITTED.format(CHAIN),
        exit_code=1,
    )
    words = ["snapshots", verb, CHAIN, str(folder), *chosen, "-r", "main", "--dry-run"]
    assert main(words if verb == "mount" else words[:-1]) == 1
    view = " ".join(["view", *chosen, "NAME", CHAIN, "--namespace kukeon-main"])
    assert f"`kuke-ctr snapshots {view}`" in capsys.readouterr().err


@pytest.mark.parametrize("line", [["prepare", "k"], ["view", "k", CHAIN], ["commit", "k", "web"]])
def test_a_key_that_is_taken_says_what_shows_and_removes_it(
    host: FakeCtr, capsys: Capture, line: list[str]
) -> None:
    host.answer(*MAIN, "snapshots", *line, stderr=TAKEN.format("snapshot", "k"), exit_code=1)
    yes = ["--yes"] if line[0] == "commit" else []
    assert main(["snapshots", *line, *yes, "-r", "main"]) == 1
    err = capsys.readouterr().err
    assert "`kuke-ctr snapshots info k --namespace kukeon-main` shows it" in err
    assert "`kuke-ctr snapshots rm k --namespace kukeon-main` removes it" in err


def test_an_id_of_a_lease_that_is_taken_says_what_shows_and_removes_it(
    host: FakeCtr, capsys: Capture
) -> None:
    words = ("leases", "create", "--id", "mine")
    host.answer(*MAIN, *words, stderr=TAKEN.format("lease", "mine"), exit_code=1)
    assert main(["leases", "create", "mine", "-r", "main"]) == 1
    err = capsys.readouterr().err
    assert "`kuke-ctr leases ls id==mine --namespace kukeon-main` shows it" in err
    assert "`kuke-ctr leases rm mine --namespace kukeon-main` removes it" in err


@pytest.mark.parametrize(
    ("said", "code", "hint"),
    [
        ('failed to resolve reference "x:1": object required', 1, "docker.io/library/busybox"),
        ('failed to resolve reference "x:1": unexpected: 401 Unauthorized', 1, "images pull --us"),
        ('failed to resolve reference "x:1": x:1: not found', 3, "not have this repository"),
        ('failed to do request: Head "http://x/v2": dial tcp: refused', 1, "registry running"),
        ("failed to copy: write tcp 127.0.0.1:1: write: broken pipe", 1, "broken pipe"),
    ],
)
def test_a_fetch_that_fails_knows_registries(
    host: FakeCtr, capsys: Capture, said: str, code: int, hint: str
) -> None:
    host.answer(*MAIN, "content", "fetch", "x:1", stderr=f"ctr: {said}\n", exit_code=1)
    assert main(["content", "fetch", "x:1", "-r", "main"]) == code
    assert hint in capsys.readouterr().err


def test_a_snapshot_in_use_is_named_by_its_whole_key(host: FakeCtr, capsys: Capture) -> None:
    assert main(["snapshots", "rm", CHAIN, "-r", "main"]) == 2
    assert f"kuke-ctr: {CHAIN} is in use: " in capsys.readouterr().err
