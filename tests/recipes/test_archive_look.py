"""A look at an archive: what it costs, what is told of it."""

import gzip
import os
import tarfile
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


def header(kind: bytes, size: int) -> bytes:
    entry = tarfile.TarInfo("x")
    entry.type, entry.size = kind, size
    return entry.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.REGTYPE])
@pytest.mark.parametrize("size", [1, 512 << 20, 1 << 87])
def test_headers_that_claim_too_much_are_not_believed(
    tmp_path: Path, kind: bytes, size: int
) -> None:
    path = tmp_path / "odd.tar"
    path.write_bytes((header(kind, size) + b"a".ljust(512, b"\0")) * 3000)
    os.truncate(path, 1 << 30)
    tracemalloc.start()
    try:
        assert not look_at(str(path)).names.known
        assert tracemalloc.get_traced_memory()[1] < 100 << 20
    finally:
        tracemalloc.stop()


TAR = header(tarfile.XHDTYPE, 30) + b"30 GNU.sparse.map=1,2,3,4,5,6\n".ljust(512, b"\0")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.builds(
            lambda kind, size, data: header(kind, size) + data.ljust(512, b"\0"),
            st.sampled_from([b"0", b"1", b"5", b"L", b"K", b"x", b"g", b"S", b"X"]),
            st.integers(0, 600) | st.integers(0, 1 << 87),
            st.binary(max_size=512),
        )
        | st.just(TAR)
    )
)
def test_no_tar_is_a_bug(tmp_path: Path, parts: list[bytes]) -> None:
    path = tmp_path / "odd.tar"
    path.write_bytes(b"".join(parts) or b"\0")
    look_at(str(path))


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
