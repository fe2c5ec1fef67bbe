"""Copies between this host and the files of a container, which are a folder here."""

import io
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kuke_ctr.errors import KukeCtrError, NotFound, UsageError
from kuke_ctr.parse.copy_words import Side
from kuke_ctr.recipes.copying.copy import Manner, from_archive, into, out_of, to_archive
from kuke_ctr.recipes.copying.entries import Tree
from kuke_ctr.recipes.copying.ids import ids_of
from kuke_ctr.recipes.copying.inside import find
from kuke_ctr.recipes.copying.root import Files
from kuke_ctr.recipes.copying.writing import Copied

PLAIN = Manner()


class Container:
    """A container whose files are a folder."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.skipped: list[str] = []
        self.files = Files(os.open(top, os.O_PATH))

    def out(self, source: str, target: Path | str, manner: Manner = PLAIN) -> Copied:
        """`cp web:SOURCE TARGET`"""
        return out_of(self.files, Side(source, "web"), Side(str(target)), manner, self._skip)

    def into(self, source: Path | str, target: str, manner: Manner = PLAIN) -> Copied:
        """`cp SOURCE web:TARGET`"""
        return into(self.files, Side(str(source)), Side(target, "web"), manner, self._skip)

    def archive(self, source: str) -> tarfile.TarFile:
        """`cp web:SOURCE -`"""
        stream = io.BytesIO()
        to_archive(self.files, Side(source, "web"), stream, PLAIN, self._skip)
        return tarfile.open(fileobj=io.BytesIO(stream.getvalue()))

    def unpack(self, archive: bytes, target: str) -> Copied:
        """`cp - web:TARGET`"""
        stream = io.BytesIO(archive)
        return from_archive(self.files, stream, Side(target, "web"), PLAIN, self._skip)

    def _skip(self, path: str, what: str) -> None:
        self.skipped.append(f"{path}: {what}")


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Container]:
    data = tmp_path / "web/data"
    data.mkdir(parents=True)
    (data / "a").write_text("hello")
    (data / "hard").hardlink_to(data / "a")
    (data / "link").symlink_to("/etc/passwd")
    (data / "sub").mkdir(mode=0o750)
    (data / "sub/program").write_text("#!")
    (data / "sub/program").chmod(0o4755)
    os.mkfifo(data / "fifo")
    container = Container(tmp_path / "web")
    yield container
    os.close(container.files.root)


def tar(*entries: tarfile.TarInfo | tuple[str, bytes]) -> bytes:
    """An archive of these entries, and files with content."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                archive.addfile(entry)
                continue
            member = tarfile.TarInfo(entry[0])
            member.size = len(entry[1])
            archive.addfile(member, io.BytesIO(entry[1]))
    return stream.getvalue()


def linked(name: str, text: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    """A link in an archive."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, text
    return member


def test_a_tree_comes_out_as_it_is(web: Container, tmp_path: Path) -> None:
    done = web.out("/data", tmp_path / "out")
    out = tmp_path / "out"
    assert (out / "a").read_text() == "hello"
    assert (out / "a").samefile(out / "hard")
    assert os.readlink(out / "link") == "/etc/passwd"  # noqa: PTH115
    assert stat.S_IMODE((out / "sub").stat().st_mode) == 0o750
    assert (out / "a").stat().st_mtime_ns == (web.top / "data/a").stat().st_mtime_ns
    assert (out / "sub").stat().st_mtime_ns == (web.top / "data/sub").stat().st_mtime_ns
    assert web.skipped == ["fifo: a FIFO"]
    assert (done.files, done.size) == (3, 7)
    assert not [name for name in os.listdir(out) if name.startswith(".kuke")]  # noqa: PTH208


def test_a_program_of_the_containers_root_is_none_of_this_hosts(
    web: Container, tmp_path: Path
) -> None:
    web.out("/data/sub/program", tmp_path / "program")
    assert stat.S_IMODE((tmp_path / "program").stat().st_mode) == 0o755
    web.out("/data/sub/program", tmp_path / "kept", Manner(keep=True))
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o4755


def test_where_a_copy_comes_to_lie(web: Container, tmp_path: Path) -> None:
    (tmp_path / "dir").mkdir()
    web.out("/data/a", tmp_path / "dir")
    web.out("/data/a", tmp_path / "b")
    web.out("/data/sub", tmp_path / "dir")
    web.out("/data/sub/.", tmp_path / "dir")
    for name in ("dir/a", "b", "dir/sub/program", "dir/program"):
        assert (tmp_path / name).is_file()
    with pytest.raises(UsageError, match="is a directory, and"):
        web.out("/data", tmp_path / "b")
    with pytest.raises(NotFound, match="web:/nope does not exist"):
        web.out("/nope", tmp_path)
    with pytest.raises(NotFound, match="a directory on the way is missing"):
        web.out("/data/a", tmp_path / "no/b")


def test_a_link_is_copied_or_followed_inside(web: Container, tmp_path: Path) -> None:
    web.out("/data/link", tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    (web.top / "etc").mkdir()
    (web.top / "etc/passwd").write_text("theirs")
    web.out("/data/link", tmp_path / "passwd", Manner(follow=True))
    assert (tmp_path / "passwd").read_text() == "theirs"


def test_what_an_earlier_copy_left_leads_nowhere(web: Container, tmp_path: Path) -> None:
    """First the container has a link, then a folder of that name with a file in it."""
    secret, out = tmp_path / "secret", tmp_path / "out"
    secret.mkdir()
    (web.top / "evil").mkdir()
    (web.top / "evil/x").symlink_to(secret)
    web.out("/evil", out)
    (web.top / "evil/x").unlink()
    (web.top / "evil/x").mkdir()
    (web.top / "evil/x/passwd").write_text("theirs")
    with pytest.raises(KukeCtrError, match="x is no directory there, and one here"):
        web.out("/evil/.", out)
    assert os.listdir(secret) == []  # noqa: PTH208


def test_into_a_container_links_lead_where_they_do_inside(web: Container, tmp_path: Path) -> None:
    (tmp_path / "conf").write_text("new")
    (web.top / "run").mkdir()
    (web.top / "var").mkdir()
    (web.top / "var/run").symlink_to("/run")
    web.into(tmp_path / "conf", "/var/run/")
    assert (web.top / "run/conf").read_text() == "new"
    (web.top / "up").symlink_to("../../../../..")
    web.into(tmp_path / "conf", "/up/conf2")
    assert (web.top / "conf2").read_text() == "new"
    web.into(tmp_path / "conf", "/data/a")
    assert (web.top / "data/a").read_text() == "new"
    assert (web.top / "data/hard").read_text() == "hello"
    with pytest.raises(NotFound, match="web:/no/x does not exist"):
        web.into(tmp_path / "conf", "/no/x")
    with pytest.raises(NotFound, match="nope does not exist"):
        web.into(tmp_path / "nope", "/data")


def test_a_folder_goes_into_a_folder(web: Container, tmp_path: Path) -> None:
    (tmp_path / "conf/d").mkdir(parents=True)
    (tmp_path / "conf/d/x").write_text("x")
    web.into(tmp_path / "conf", "/data")
    web.into(f"{tmp_path}/conf/.", "/data")
    web.into(tmp_path / "conf", "/other")
    for name in ("data/conf/d/x", "data/d/x", "other/d/x"):
        assert (web.top / name).read_text() == "x"
    (tmp_path / "conf/a").mkdir()
    with pytest.raises(KukeCtrError, match="a is no directory there, and one here"):
        web.into(f"{tmp_path}/conf/.", "/data")


def test_an_archive_comes_out_and_goes_in(web: Container) -> None:
    with web.archive("/data") as archive:
        names = {member.name: member for member in archive}
        assert set(names) == {
            *("data", "data/a", "data/hard", "data/link", "data/sub", "data/sub/program")
        }
        assert names["data/hard"].islnk()
        assert names["data/hard"].linkname == "data/a"
    with web.archive("/data/sub/.") as archive:
        assert archive.getnames() == [".", "./program"]
    done = web.unpack(tar(("new/deep/file", b"abc"), ("./a", b"over")), "/data")
    assert (web.top / "data/new/deep/file").read_bytes() == b"abc"
    assert (web.top / "data/a").read_text() == "over"
    assert done.files == 2


def test_a_hostile_archive_stays_inside(web: Container, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the host's")
    up = "../../../../../../../../.."
    with pytest.raises(KukeCtrError, match="data/out is a link there that leads nowhere"):
        web.unpack(tar(linked("out", f"{up}{tmp_path}"), ("out/made", b"x")), "/data")
    web.unpack(tar(linked("up", f"{up}/.."), ("up/made", b"x")), "/data")
    assert (web.top / "made").is_file()
    assert not (tmp_path / "made").exists()
    web.unpack(tar(("/absolute", b"x")), "/data")
    assert (web.top / "data/absolute").is_file()
    with pytest.raises(KukeCtrError, match="leads out of it"):
        web.unpack(tar(("../x", b"x")), "/data")
    with pytest.raises(NotFound):
        web.unpack(tar(linked("got", f"{tmp_path}/secret", tarfile.LNKTYPE)), "/data")
    device = tarfile.TarInfo("null")
    device.type = tarfile.CHRTYPE
    web.unpack(tar(device), "/data")
    assert not (web.top / "data/null").exists()
    assert web.skipped[-1] == "null: neither a file, a folder nor a link"


def test_what_is_no_archive_is_said(web: Container) -> None:
    with pytest.raises(KukeCtrError, match="not a tar archive"):
        web.unpack(b"junk" * 200, "/data")
    with pytest.raises(KukeCtrError, match="cut off"):
        web.unpack(tar(("a", b"x" * 5000))[:2000], "/data")
    with pytest.raises(NotFound, match="does not exist"):
        web.unpack(tar(("a", b"x")), "/nope")
    with pytest.raises(KukeCtrError, match="is not a directory"):
        web.unpack(tar(("a", b"x")), "/data/a")


def test_folders_without_end_are_an_error(web: Container, tmp_path: Path) -> None:
    folder = web.top
    for _ in range(210):
        folder = folder / "d"
        folder.mkdir()
    with pytest.raises(KukeCtrError, match="more than 200 nested folders"):
        web.out("/d", tmp_path / "out")


def test_a_program_that_goes_in_is_none_of_the_containers_root(
    web: Container, tmp_path: Path
) -> None:
    (tmp_path / "program").write_text("#!")
    (tmp_path / "program").chmod(0o4755)
    web.into(tmp_path / "program", "/data/plain")
    web.into(tmp_path / "program", "/data/kept", Manner(keep=True))
    member = tarfile.TarInfo("packed")
    member.mode = 0o4755
    web.unpack(tar(member), "/data")
    names = ("plain", "kept", "packed")
    modes = [stat.S_IMODE((web.top / "data" / name).stat().st_mode) for name in names]
    assert modes == [0o755, 0o4755, 0o755]


def test_a_folder_that_is_there_keeps_its_mode(web: Container, tmp_path: Path) -> None:
    (web.top / "home/app").mkdir(parents=True)
    (web.top / "home/app").chmod(0o700)
    (tmp_path / "src/app/new").mkdir(parents=True)
    (tmp_path / "src/app/new").chmod(0o751)
    web.into(f"{tmp_path}/src/.", "/home")
    assert stat.S_IMODE((web.top / "home/app").stat().st_mode) == 0o700
    assert stat.S_IMODE((web.top / "home/app/new").stat().st_mode) == 0o751


def test_a_device_is_neither_replaced_nor_opened(web: Container, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(KukeCtrError, match="a device, a FIFO or a socket there"):
        web.out("/data/a", tmp_path / "fifo")
    with pytest.raises(KukeCtrError, match="a device, a FIFO or a socket there"):
        web.into(tmp_path / "web/data/a", "/data/fifo")


def test_holes_stay_holes_and_what_grows_is_cut(web: Container, tmp_path: Path) -> None:
    with (web.top / "data/sparse").open("wb") as file:
        file.truncate(1 << 30)
        file.seek(1 << 29)
        file.write(b"x")
    web.out("/data/sparse", tmp_path / "sparse")
    found = (tmp_path / "sparse").stat()
    assert found.st_size == 1 << 30
    assert found.st_blocks * 512 < 1 << 22
    (web.top / "data/empty").touch()
    web.out("/data/empty", tmp_path / "empty")
    assert (tmp_path / "empty").stat().st_size == 0


def test_what_is_the_kernels_is_left_out(tmp_path: Path) -> None:
    proc = os.open("/proc", os.O_PATH)
    try:
        with find(proc, "sys") as place:
            skipped: list[str] = []
            device = os.fstat(proc).st_dev
            tree = Tree(lambda path, what: skipped.append(what), {device})
            assert list(tree.entries(place)) == []
            assert skipped == ["the kernel's, as /proc and /sys"]
    finally:
        os.close(proc)


def test_a_dry_run_looks_at_both_sides(web: Container, tmp_path: Path) -> None:
    dry = Manner(dry=True)
    web.out("/data", tmp_path / "out", dry)
    assert not (tmp_path / "out").exists()
    with pytest.raises(NotFound):
        web.out("/nope", tmp_path / "out", dry)
    with pytest.raises(NotFound):
        web.into(tmp_path / "web/data/a", "/no/dir/x", dry)


def test_numbers_of_users_are_those_of_the_namespace(tmp_path: Path) -> None:
    (tmp_path / "uid_map").write_text("         0     100000      65536\n")
    (tmp_path / "gid_map").write_text("         0     200000      65536\n")
    ids = ids_of(tmp_path)
    assert ids.outside(0, 5) == (100000, 200005)
    assert ids.inside(101000, 200000) == (1000, 0)
    with pytest.raises(KukeCtrError, match="has no user 70000"):
        ids.outside(70000, 0)
    assert ids_of(tmp_path / "gone").outside(7, 8) == (7, 8)
