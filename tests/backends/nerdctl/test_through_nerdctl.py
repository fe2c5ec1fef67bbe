"""What is asked of nerdctl, and where it says less than the truth; a nerdctl made of shell."""

import json
import os
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from tests.support.fake_ctr import FakeCtr
from tests.support.fake_nerdctl import FakeNerdctl

NS = "kukeon-main"
NAMES = {letter: f"sha256:{letter * 64}" for letter in "ab"}
SERVER = "Client:\n  Version:  2.1.9\n\nServer:\n  Version:  2.1.9\n  UUID: the-daemon\n"

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def nerdctl(tmp_path: Path, fake_ctr: FakeCtr, monkeypatch: pytest.MonkeyPatch) -> FakeNerdctl:
    """A nerdctl beside the ctr, for the same daemon, as root."""
    folder = tmp_path / "nerdctl"
    folder.mkdir()
    fake = FakeNerdctl(folder)
    monkeypatch.setenv("KUKE_CTR_NERDCTL", str(fake.program))
    monkeypatch.setenv("CONTAINERD_ADDRESS", str(tmp_path / "c.sock"))
    monkeypatch.setattr("kuke_ctr.processes.runner.check_socket", lambda path, argv: None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    words = ("-a", str(tmp_path / "c.sock"))
    fake_ctr.answer(*words, "version", stdout=SERVER)
    fake_ctr.answer(*words, "namespaces", "ls", "-q", stdout=f"{NS}\n")
    return fake


def of_ctr(fake: FakeCtr, tmp_path: Path, *words: str, stdout: str) -> None:
    fake.answer("-a", str(tmp_path / "c.sock"), "-n", NS, *words, stdout=stdout)


def row(name: str, letter: str, platform: str = "linux/amd64", size: str = "1.0 MiB") -> str:
    digest = NAMES[letter]
    return json.dumps(
        {"Name": name, "ID": digest, "Digest": digest, "BlobSize": size, "Platform": platform}
    )


def native(name: str, letter: str, **labels: str) -> dict[str, object]:
    target = {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": NAMES[letter]}
    return {"Image": {"Name": name, "Labels": labels, "Target": target}, "ImageConfig": {}}


def ctrs_row(name: str) -> str:
    cells = [("REF", name), ("TYPE", "application/vnd.oci.image.manifest.v1+json")]
    cells += [("DIGEST", NAMES["b"]), ("SIZE", "12.0 B"), ("PLATFORMS", "-"), ("LABELS", "-")]
    widths = [max(map(len, cell)) for cell in cells]
    return "".join(
        " ".join(cell[line].ljust(width) for cell, width in zip(cells, widths, strict=True)) + " \n"
        for line in (0, 1)
    )


def run(*words: str) -> int:
    return main([*words, "-n", NS, "--backend", "nerdctl"])


def test_an_image_that_nerdctl_leaves_out_comes_from_ctr(
    nerdctl: FakeNerdctl, fake_ctr: FakeCtr, tmp_path: Path, capsys: Capture
) -> None:
    nerdctl.answer("images --no-trunc --format json", stdout=row("x:1", "a") + "\n")
    nerdctl.answer("native x:1", stdout=json.dumps([native("x:1", "a", team="a,b")]))
    of_ctr(fake_ctr, tmp_path, "images", "ls", "-q", stdout="lost:1\nx:1\n")
    of_ctr(fake_ctr, tmp_path, "images", "ls", "name==lost:1", stdout=ctrs_row("lost:1"))
    assert run("images", "ls", "-o", "json") == 0
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert [image["ref"] for image in found] == ["lost:1", "x:1"]
    assert found[1]["labels"] == {"team": "a,b"}
    assert "note: nerdctl does not list lost:1" in said.err


def test_inspect_finds_an_image_that_nerdctl_leaves_out(
    nerdctl: FakeNerdctl, fake_ctr: FakeCtr, tmp_path: Path, capsys: Capture
) -> None:
    nerdctl.answer("images --no-trunc --format json")
    nerdctl.answer("ps -a --no-trunc --format json")
    for names in ("lost:1", "docker.io/library/lost:1"):
        of_ctr(fake_ctr, tmp_path, "images", "ls", f"name=={names}", stdout=ctrs_row(names))
    of_ctr(fake_ctr, tmp_path, "images", "ls", "-q", stdout="lost:1\n")
    run("inspect", "lost:1")
    said = capsys.readouterr()
    assert "nerdctl does not show lost:1; ctr does" in said.err
    assert "there is no" not in said.err


def test_where_ctr_does_not_say_what_is_left_out_the_list_fails(
    nerdctl: FakeNerdctl, fake_ctr: FakeCtr, tmp_path: Path, capsys: Capture
) -> None:
    nerdctl.answer("images --no-trunc --format json", stdout=row("x:1", "a") + "\n")
    where = ("-a", str(tmp_path / "c.sock"), "-n", NS)
    said = "ctr: context deadline exceeded\n"
    fake_ctr.answer(*where, "images", "ls", "-q", stderr=said, exit_code=1)
    assert run("images", "ls") == 124
    assert "context deadline exceeded" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("version", "more"),
    [("2.1.6", " --kube-hide-dupe=false"), ("2.0.2", ""), ("1.7.7", "")],
)
@pytest.mark.parametrize("output", ["json", "raw"])
def test_no_setting_of_nerdctls_hides_images_of_kubernetes(
    nerdctl: FakeNerdctl,
    fake_ctr: FakeCtr,
    tmp_path: Path,
    capsys: Capture,
    version: str,
    more: str,
    output: str,
) -> None:
    nerdctl.answer("--version", stdout=f"nerdctl version {version}\n")
    nerdctl.answer(f"images --no-trunc --format json{more}", stdout=row("x:1", "a") + "\n")
    nerdctl.answer("native x:1", stdout=json.dumps([native("x:1", "a")]))
    where = ("-a", str(tmp_path / "c.sock"))
    fake_ctr.answer(*where, "namespaces", "ls", "-q", stdout="k8s.io\n")
    fake_ctr.answer(*where, "-n", "k8s.io", "images", "ls", "-q", stdout="x:1\n")
    line = ["images", "ls", "-n", "k8s.io", "--backend", "nerdctl", "-o", output]
    assert main(line) == 0
    assert '"x:1"' in capsys.readouterr().out


def test_a_name_that_nerdctl_reads_otherwise_is_found_by_its_digest(
    nerdctl: FakeNerdctl, fake_ctr: FakeCtr, tmp_path: Path, capsys: Capture
) -> None:
    nerdctl.answer("images --no-trunc --format json", stdout=row("local", "a") + "\n")
    nerdctl.answer("native local")  # 2.x: an empty success
    nerdctl.answer(f"native {NAMES['a']}", stdout=json.dumps([native("local", "a")]))
    of_ctr(fake_ctr, tmp_path, "images", "ls", "-q", stdout="local\n")
    assert run("images", "ls", "-o", "json") == 0
    assert [image["ref"] for image in json.loads(capsys.readouterr().out)] == ["local"]


def test_an_image_that_has_no_document_is_a_refused_row(
    nerdctl: FakeNerdctl, fake_ctr: FakeCtr, tmp_path: Path, capsys: Capture
) -> None:
    nerdctl.answer("images --no-trunc --format json", stdout=row("x:1", "a") + "\n")
    nerdctl.answer("native x:1")
    nerdctl.answer(f"native {NAMES['a']}")
    of_ctr(fake_ctr, tmp_path, "images", "ls", "-q", stdout="x:1\n")
    assert run("images", "ls", "-o", "json") == 4
    assert "`image inspect` does not show this image" in capsys.readouterr().err


def test_no_document_is_asked_for_that_the_table_does_not_show(
    nerdctl: FakeNerdctl, fake_ctr: FakeCtr, tmp_path: Path, capsys: Capture
) -> None:
    nerdctl.answer("images --no-trunc --format json", stdout=row("x:1", "a") + "\n")
    of_ctr(fake_ctr, tmp_path, "images", "ls", "-q", stdout="x:1\n")
    assert run("images", "ls", "--no-headers") == 0
    assert capsys.readouterr().out.split() == [
        "x:1",
        "sha256:aaaaaaaaaaaa",
        "1.0",
        "MiB",
        "linux/amd64",
    ]
    assert not any("inspect" in call for call in nerdctl.calls)


def test_the_platforms_of_an_image_are_one_row(
    nerdctl: FakeNerdctl, fake_ctr: FakeCtr, tmp_path: Path, capsys: Capture
) -> None:
    rows = [row("x:1", "a", "linux/arm64"), row("x:1", "a", "linux/amd64", "2.011MB")]
    nerdctl.answer("images --no-trunc --format json", stdout="\n".join(rows) + "\n")
    document = {**native("x:1", "a"), "ImageConfig": {"os": "linux", "architecture": "amd64"}}
    nerdctl.answer("native x:1", stdout=json.dumps([document]))
    of_ctr(fake_ctr, tmp_path, "images", "ls", "-q", stdout="x:1\n")
    assert run("images", "ls", "-o", "json") == 0
    (image,) = json.loads(capsys.readouterr().out)
    assert image["platforms"] == ["linux/amd64", "linux/arm64"]
    assert (image["size"], image["size_bytes"]) == ("2.011MB", 2011000)


def container(name: str, status: str = "Up") -> str:
    found = {"ID": name, "Image": "x:1", "Runtime": "io.containerd.runc.v2", "Status": status}
    return json.dumps(found) + "\n"


def document(name: str, pid: int, status: str) -> dict[str, object]:
    process = {"Pid": pid, "Status": {"Status": status}}
    return {"ID": name, "Labels": {}, "Image": "x:1", "Spec": {}, "Process": process}


def test_a_container_whose_id_begins_so_is_another_one(
    nerdctl: FakeNerdctl, capsys: Capture
) -> None:
    nerdctl.answer("ps -a --no-trunc --format json", stdout=container("web") + container("web2"))
    both = [document("web", 11, "running"), document("web2", 12, "stopped")]
    nerdctl.answer("native web web2", stdout=json.dumps([*both, both[1]]))
    assert run("ps", "-a", "-o", "json") == 0
    found = {one["id"]: (one["pid"], one["status"]) for one in json.loads(capsys.readouterr().out)}
    assert found == {"web": (11, "RUNNING"), "web2": (None, "STOPPED")}


def test_where_one_has_gone_the_others_are_asked_for_one_by_one(
    nerdctl: FakeNerdctl, capsys: Capture
) -> None:
    nerdctl.answer("ps -a --no-trunc --format json", stdout=container("a") + container("gone"))
    missing = 'time="t" level=fatal msg="1 errors:\\nno such container: gone"\n'
    nerdctl.answer("native a gone", stderr=missing, exit_code=1)
    nerdctl.answer("native a", stdout=json.dumps([document("a", 11, "running")]))
    nerdctl.answer("native gone", stderr=missing, exit_code=1)
    assert run("ps", "-a", "-o", "json") == 0
    assert [one["pid"] for one in json.loads(capsys.readouterr().out)] == [11, None]


LINES = [
    ("stats", "web", "--no-stream"),
    ("stats", "--no-stream"),
    ("inspect", "web"),
    ("ps", "-a"),
    ("containers", "ls", "-o", "json"),
    ("images", "ls", "-o", "json"),
]


@pytest.mark.parametrize("words", LINES, ids=" ".join)
def test_a_document_that_cannot_be_had_is_not_taken_for_none(
    words: tuple[str, ...],
    nerdctl: FakeNerdctl,
    fake_ctr: FakeCtr,
    tmp_path: Path,
    capsys: Capture,
) -> None:
    late = 'time="t" level=fatal msg="1 errors:\\ncontext deadline exceeded"\n'
    nerdctl.answer("ps -a --no-trunc --format json", stdout=container("web"))
    nerdctl.answer("images --no-trunc --format json", stdout=row("x:1", "a") + "\n")
    for name in ("web", "x:1", NAMES["a"]):
        nerdctl.answer(f"native {name}", stderr=late, exit_code=1)
    of_ctr(fake_ctr, tmp_path, "images", "ls", "-q", stdout="x:1\n")
    of_ctr(fake_ctr, tmp_path, "containers", "ls", "-q", stdout="web\n")
    assert run(*words) == 124
    assert "nerdctl: context deadline exceeded" in capsys.readouterr().err


@pytest.mark.parametrize("said", ["no such image: X:1", "invalid reference format: X:1"])
def test_a_name_that_is_none_for_nerdctl_is_found_by_its_digest(
    said: str, nerdctl: FakeNerdctl, fake_ctr: FakeCtr, tmp_path: Path
) -> None:
    nerdctl.answer("images --no-trunc --format json", stdout=row("X:1", "a") + "\n")
    fatal = f'time="t" level=fatal msg="1 errors:\\n{said}"\n'
    nerdctl.answer("native X:1", stderr=fatal, exit_code=1)
    nerdctl.answer(f"native {NAMES['a']}", stdout=json.dumps([native("X:1", "a")]))
    of_ctr(fake_ctr, tmp_path, "images", "ls", "-q", stdout="X:1\n")
    assert run("images", "ls", "-o", "json") == 0


def test_stats_ask_for_those_that_live_and_leave_out_other_ids(
    nerdctl: FakeNerdctl, capsys: Capture
) -> None:
    rows = container("web") + container("web2", "Exited (1) 2 seconds ago")
    nerdctl.answer("ps -a --no-trunc --format json", stdout=rows)
    both = [document("web", 11, "paused"), document("web2", 0, "stopped")]
    nerdctl.answer("native web web2", stdout=json.dumps(both))
    used = {"Name": "--", "CPUPerc": "1.50%", "MemUsage": "1KiB / 8EiB", "MemPerc": "0.00%"}
    used |= {"NetIO": "0B / 0B", "BlockIO": "0B / 0B", "PIDs": "1"}
    lines = [json.dumps({**used, "ID": name}) + "\n" for name in ("web", "web2")]
    nerdctl.answer("stats --no-stream --no-trunc --format json web", stdout="".join(lines))
    assert run("stats", "--no-stream", "-o", "json") == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert (one["id"], one["status"], one["cpu_percent"]) == ("web", "PAUSED", 1.5)


def test_what_is_no_event_of_another_namespace_is_left_out(
    nerdctl: FakeNerdctl, capsys: Capture
) -> None:
    event = {"Timestamp": "2026-11-23T21:12:12Z", "Topic": "/images/create", "Event": "{}"}
    lines = [
        json.dumps({**event, "Namespace": namespace, **more})
        for namespace, more in ((NS, {}), ("of-others", {}), ("of-others", {"Event": "{"}))
    ]
    nerdctl.answer("events --format json", stdout="\n\n".join(lines) + "\n")
    assert run("events", "-o", "jsonl") == 0
    said = capsys.readouterr()
    assert [json.loads(line)["namespace"] for line in said.out.splitlines()] == [NS]
    assert said.err == ""


def test_raw_is_what_nerdctl_printed(
    nerdctl: FakeNerdctl, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    nerdctl.answer("ps -a --no-trunc --format json", stdout=container("web"))
    assert run("containers", "ls", "-o", "raw") == 0
    assert capfdbinary.readouterr().out == container("web").encode()


def test_a_failure_has_nerdctls_words_and_our_exit_code(
    nerdctl: FakeNerdctl, capsys: Capture
) -> None:
    said = 'time="t" level=fatal msg="rpc error: connect: permission denied"\n'
    nerdctl.answer("ps -a --no-trunc --format json", stderr=said, exit_code=1)
    assert run("containers", "ls") == 126
    assert "nerdctl: rpc error: connect: permission denied" in capsys.readouterr().err


def test_a_dry_run_prints_the_one_call(nerdctl: FakeNerdctl, capsys: Capture) -> None:
    assert run("containers", "ls", "--dry-run") == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith(f"--namespace {NS} ps -a --no-trunc --format json")
    assert not [call for call in nerdctl.calls if " ps " in call]


def test_every_call_names_socket_and_namespace(
    nerdctl: FakeNerdctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTAINERD_NAMESPACE", "of-others")
    nerdctl.answer("ps -a --no-trunc --format json", stdout=container("web"))
    assert run("containers", "ls") == 0
    head = f"--address {tmp_path / 'c.sock'} --namespace "
    assert all(call.startswith(head) for call in nerdctl.calls)
    assert {call.split()[3] for call in nerdctl.calls} == {"default", NS}
    assert "of-others" not in nerdctl.environment


@pytest.mark.parametrize("words", [("snapshots", "ls"), ("leases", "ls"), ("tasks", "ls")])
def test_what_nerdctl_does_not_serve_stays_with_ctr(
    words: tuple[str, ...], nerdctl: FakeNerdctl, capsys: Capture
) -> None:
    assert run(*words) == 1
    assert "nothing is known of" in capsys.readouterr().err
    assert nerdctl.calls == []


def test_an_old_nerdctl_is_an_error_that_says_what_to_do(
    nerdctl: FakeNerdctl, capsys: Capture
) -> None:
    nerdctl.answer("--version", stdout="nerdctl version 1.6.0\n")
    assert run("images", "ls") == 1
    said = capsys.readouterr().err
    assert "nerdctl 1.6.0 is too old" in said
    assert "hint: name a newer one with --nerdctl; --backend ctr goes without nerdctl" in said


def test_version_shows_our_own_whatever_is_wrong(nerdctl: FakeNerdctl, capsys: Capture) -> None:
    nerdctl.answer("--version", stdout="nerdctl version 1.6.0\n")
    assert main(["version", "--backend", "nerdctl"]) == 1
    assert "kuke-ctr" in capsys.readouterr().out


def test_an_unknown_backend_is_wrong_usage(capsys: Capture) -> None:
    assert main(["images", "ls", "--backend", "docker"]) == 2
    assert "hint: use auto, ctr, nerdctl" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "target", "by_nerdctl"),
    [
        ("docker.io/library/a:1", "registry.example/b:1", True),
        ("kukeon-local:v1", "registry.example/b:1", False),
        ("docker.io/library/a:1", "b:1", False),
        (f"registry.example/a:1@{NAMES['a']}", "registry.example/b:1", False),
    ],
)
def test_a_tag_of_an_image_that_nerdctl_would_mistake_is_ctrs(
    nerdctl: FakeNerdctl,
    fake_ctr: FakeCtr,
    tmp_path: Path,
    source: str,
    target: str,
    by_nerdctl: bool,
) -> None:
    fake_ctr.answer("--version", stdout="ctr github.com/containerd/containerd/v2 2.1.9\n")
    of_ctr(fake_ctr, tmp_path, "images", "ls", "-q", stdout=f"docker.io/library/x:1\n{source}\n")
    of_ctr(fake_ctr, tmp_path, "images", "tag", source, target, stdout=f"{target}\n")
    nerdctl.answer(f"tag {source} {target}")
    assert run("images", "tag", source, target) == 0
    tagged = [call for call in nerdctl.calls if " tag " in call]
    assert [bool(tagged), any("tag" in call for call in fake_ctr.calls)] == [
        by_nerdctl,
        not by_nerdctl,
    ]
