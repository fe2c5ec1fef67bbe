"""The archive that sh writes for another host: a tar as any other."""

import io
import subprocess  # noqa: TID251 (sh writes it)
import tarfile
from pathlib import Path

import pytest

from kuke_ctr.backends.ctr.shared_blobs import SharedBlob
from kuke_ctr.recipes.copy_send import _entries

BIG = 9 << 30
"""Bytes: more than the octal digits of a header can say."""


def written(
    blobs: list[SharedBlob], get: str, tmp_path: Path
) -> subprocess.CompletedProcess[bytes]:
    lines = ['z() { head -c "$1" /dev/zero; }']
    documents = {"oci-layout": '{"a": "%s \\\\ $x"}', "index.json": "{}"}
    lines += _entries(documents, blobs, get.format)
    return subprocess.run(["/bin/sh", "-c", "\n".join(lines)], capture_output=True, check=False)


def test_it_has_the_documents_and_each_blob(tmp_path: Path) -> None:
    sizes = (0, 1, 511, 512, 513, 5000)
    blobs = [SharedBlob(f"sha256:{size:064x}", size, "key") for size in sizes]
    for blob in blobs:
        (tmp_path / blob.digest).write_bytes(b"\0\n%" * (blob.size // 3) + b"x" * (blob.size % 3))
    done = written(blobs, f"cat {tmp_path}/{{}} || exit 1", tmp_path)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        found = {
            entry.name: file.read() for entry in tar if (file := tar.extractfile(entry)) is not None
        }
    assert found.pop("oci-layout") == b'{"a": "%s \\\\ $x"}'
    assert found.pop("index.json") == b"{}"
    assert found == {
        f"blobs/sha256/{blob.digest[7:]}": (tmp_path / blob.digest).read_bytes() for blob in blobs
    }


def test_a_header_says_any_size(tmp_path: Path) -> None:
    done = written([SharedBlob(f"sha256:{1:064x}", BIG, "key")], "exit 0 # {}", tmp_path)
    header = done.stdout[-512:]
    assert tarfile.TarInfo.frombuf(header, "utf-8", "strict").size == BIG


def test_a_blob_that_cannot_be_read_ends_it(tmp_path: Path) -> None:
    blobs = [SharedBlob(f"sha256:{number:064x}", 9, "key") for number in (1, 2)]
    done = written(blobs, "echo {} >&2; false || exit 1", tmp_path)
    assert done.returncode == 1
    assert done.stderr.count(b"sha256:") == 1


@pytest.mark.parametrize("words", [("--from-host", "web1", "--move", "--from", "a")])
def test_a_move_to_another_host_is_wrong_usage(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    from kuke_ctr.cli.main import main

    assert main(["images", "copy", "x:1", "--to", "b", *words]) == 2
    assert "--move works on one host" in capsys.readouterr().err
