"""A look at an archive: what it costs, what is told of it."""

import gzip
import os
import tarfile
import time
from pathlib import Path

import pytest

from kuke_ctr.errors import UsageError
from kuke_ctr.parse.archive import GZIP, Named
from kuke_ctr.recipes.archive_look import (
    ArchiveLook,
    hint_for_names,
    left_out,
    look_at,
    owner_who_may_change,
)
from scripts.lib.images import Archive, files


def archive(path: Path, *names: str, nameless: int = 0) -> Path:
    made = Archive()
    for name in names:
        made.name(made.manifest([files({name.replace("/", "_"): b"x"})]), name)
    for number in range(nameless):
        made.entries.append(made.manifest([files({f"n{number}": b"x"})]))
    return made.write(path)


def test_the_names_in_an_archive_are_found(tmp_path: Path) -> None:
    look = look_at(str(archive(tmp_path / "a.tar", "r.example/a:1", nameless=1)))
    assert look.compression is None
    assert look.names.names == ("r.example/a:1",)
    assert len(look.names.nameless) == 1


def test_a_compressed_one_is_not_unpacked_for_that(tmp_path: Path) -> None:
    packed = tmp_path / "a.tar.gz"
    packed.write_bytes(gzip.compress(archive(tmp_path / "a.tar", "r/a:1").read_bytes()))
    assert look_at(str(packed)) == ArchiveLook(GZIP)


@pytest.mark.parametrize(
    ("data", "what"), [(b"", "an empty file"), (b"<html>no</html>", "an HTML page")]
)
def test_what_is_no_archive_is_refused(tmp_path: Path, data: bytes, what: str) -> None:
    file = tmp_path / "f"
    file.write_bytes(data)
    with pytest.raises(UsageError, match=f"{what}, not an image archive"):
        look_at(str(file))


def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert look_at(str(tmp_path / "fifo")) == ArchiveLook()
    assert look_at(str(tmp_path / "nothing")) == ArchiveLook()


@pytest.mark.parametrize("kind", ["many", "long", "cut", "link"])
def test_an_odd_archive_takes_no_time_and_no_room(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "odd.tar"
    with tarfile.open(path, "w") as tar:
        if kind == "link":
            entry = tarfile.TarInfo("index.json")
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(entry)
        elif kind == "long":
            entry = tarfile.TarInfo("index.json")
            entry.size = 1 << 40
            tar.addfile(entry)
        else:
            for number in range(12_000 if kind == "many" else 10):
                tar.addfile(tarfile.TarInfo(f"f{number}"))
    if kind == "cut":
        path.write_bytes(path.read_bytes()[:1000])
    began = time.monotonic()
    assert not look_at(str(path)).names.known
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("names", "words", "said"),
    [
        (Named((), ("latest",), known=True), (), "has only tags (latest): add --base-name NAME"),
        (Named((), (), ("sha256:ab",), known=True), (), "add --index-name NAME:TAG"),
        (
            Named(("r/a:1",), known=True),
            ("--base-name", "x"),
            "does --base-name match what is in the archive; it has r/a:1?",
        ),
        (Named(), (), "is it an image archive?"),
    ],
)
def test_the_hint_is_about_what_is_in_it(names: Named, words: tuple[str, ...], said: str) -> None:
    assert said in hint_for_names(names, words)


def test_what_is_left_out_is_told_where_something_came() -> None:
    assert left_out(Named(("a",), known=True)) is None
    assert left_out(Named((), (), ("sha256:ab",), known=True)) is None
    told = left_out(Named(("a",), (), ("sha256:ab", "sha256:cd"), known=True))
    assert told is not None
    assert told.startswith("2 images have no name in the archive, so ctr leaves out sha256:ab")


@pytest.mark.parametrize(
    ("owner", "sudo", "told"),
    [(0, None, None), (12345, None, "the user 12345"), (12345, "12345", None)],
)
def test_the_owner_of_a_file_is_told_where_it_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: int, sudo: str | None, told: str | None
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.delenv("SUDO_UID", raising=False)
    if sudo is not None:
        monkeypatch.setenv("SUDO_UID", sudo)
    found = os.stat_result((0o644, 1, 1, 1, owner, owner, 1, 0, 0, 0))
    assert owner_who_may_change(found) == told
