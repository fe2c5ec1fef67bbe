"""`content fetch` and `ingest` over a fake ctr."""

import hashlib
import os
import socket
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.commands.storage import content_fetch as content_arrivals
from tests.support.fake_ctr import FakeCtr
from tests.support.storage_host import MAIN, Capture, changing


@pytest.mark.parametrize("losses", [1, 2])
def test_what_is_collected_before_it_has_its_label_is_brought_once_more(
    storage_host: FakeCtr,
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
    storage_host.answer(*words, first=f"cat >> {read}; echo >> {count}")
    label = f"test $(wc -l < {count}) -gt {losses} && exit 0"
    gone = f"ctr: content digest {digest}: not found\n"
    storage_host.answer(
        *(*MAIN, "content", "label", digest, "root=now"), first=label, stderr=gone, exit_code=1
    )
    code = main(["content", "ingest", "-r", "main", "key", str(file), "--keep"])
    out, err = capsys.readouterr()
    assert read.read_text() == "bytesbytes"
    assert (code, out) == ((0, f"{digest}\n") if losses == 1 else (3, ""))
    assert ("before it was labelled" in err) == (losses > 1)


def test_ingest_hands_the_file_to_ctr_and_prints_its_digest(
    storage_host: FakeCtr, capsys: Capture, tmp_path: Path
) -> None:
    file = tmp_path / "blob"
    file.write_bytes(b"hello")
    digest = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    words = ("content", "ingest", "--expected-size", "5", "--expected-digest", digest, "key")
    storage_host.answer(*MAIN, *words, first=f"cat > {tmp_path}/got")
    line = ["content", "ingest", "-r", "main", "key", str(file), "--expected-size", "5"]
    assert main(line) == 0
    assert capsys.readouterr().out == f"{digest}\n"
    assert (tmp_path / "got").read_bytes() == b"hello"


@pytest.mark.parametrize("kind", ["pipe", "socket", "file", "null"])
@pytest.mark.parametrize("data", [b"", b"hello"])
def test_a_stdin_without_a_byte_is_refused_and_no_byte_is_taken(
    storage_host: FakeCtr, capsys: Capture, tmp_path: Path, kind: str, data: bytes
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
            assert changing(storage_host) == []
        else:
            assert os.read(reader, 9) == data


def test_an_empty_stdin_may_be_meant(
    storage_host: FakeCtr, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").write_bytes(b"")
    (tmp_path / "full").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    digest = f"sha256:{hashlib.sha256().hexdigest()}"
    storage_host.answer(*MAIN, "content", "ingest", "--expected-digest", digest, "full")
    words = ["content", "ingest", "-r", "main", "full", "--expected-size", "0"]
    with Path("in").open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        assert main(words) == 0
    out, err = capsys.readouterr()
    assert out == f"{digest}\n"
    assert "full is used as the name REF" in err
    assert main([*words, "full"]) == 2
    assert "full is not empty" in capsys.readouterr().err


def test_a_fetch_after_which_there_is_no_image_has_failed(
    storage_host: FakeCtr, capsys: Capture
) -> None:
    words = ("content", "fetch", "--platform", "linux/s390x", "--plain-http", "x.io/y:1")
    storage_host.answer(*MAIN, *words, stdout="progress\n")
    storage_host.answer(*MAIN, "images", "ls", "-q", 'name=="x.io/y:1"', stdout="")
    line = ["content", "fetch", "x.io/y:1", "-r", "main", "--plain-http"]
    assert main([*line, "--platform", "linux/s390x"]) == 1
    assert "the image x.io/y:1 is not in realm main" in capsys.readouterr().err
    storage_host.answer(*MAIN, "images", "ls", "-q", 'name=="x.io/y:1"', stdout="x.io/y:1\n")
    assert main([*line, "--platform", "linux/s390x"]) == 0
    assert capsys.readouterr().out == "x.io/y:1\n"


@pytest.mark.parametrize(
    ("said", "code", "hint"),
    [
        (
            'failed to resolve reference "x.io/y:1": unexpected: 401 Unauthorized',
            1,
            "images pull --us",
        ),
        (
            'failed to resolve reference "x.io/y:1": x.io/y:1: not found',
            3,
            "not have this repository",
        ),
        ('Head "http://x.io/v2": dial tcp 1.2.3.4: connection refused', 1, "registry running"),
        ("failed to copy: write tcp 127.0.0.1:1: write: broken pipe", 1, "broken pipe"),
    ],
)
def test_a_fetch_that_fails_knows_registries(
    storage_host: FakeCtr, capsys: Capture, said: str, code: int, hint: str
) -> None:
    storage_host.answer(*MAIN, "content", "fetch", "x.io/y:1", stderr=f"ctr: {said}\n", exit_code=1)
    assert main(["content", "fetch", "x.io/y:1", "-r", "main"]) == code
    assert hint in capsys.readouterr().err


def test_a_short_name_is_not_sent(storage_host: FakeCtr, capsys: Capture) -> None:
    assert main(["content", "fetch", "x:1", "-r", "main"]) == 1
    assert "use the full name docker.io/library/x:1" in capsys.readouterr().err
    assert not any("fetch" in call for call in storage_host.calls)
