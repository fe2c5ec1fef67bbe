"""The files of another host: the script by a real sh, and paths that are asked as those of here."""

import os
import shutil
import subprocess  # noqa: TID251 (a real sh)
from collections.abc import Sequence
from pathlib import Path

import pytest

from kuke_ctr.errors import Unreadable, UsageError
from kuke_ctr.kukeon import far_files
from kuke_ctr.kukeon.cell_list import recorded_cells
from kuke_ctr.kukeon.far_files import FarFiles
from kuke_ctr.kukeon.files import is_folder, is_there, read_text
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.processes.far import Far
from kuke_ctr.records import RealmSource
from tests.support.cells import write_cell

SCRIPT = Path(far_files.__file__).with_name("far_files.sh")
MAIN = Resolution("main", "kukeon-main", RealmSource.RECORD)
SHELLS = [["sh"], ["bash"], *([["busybox", "sh"]] if shutil.which("busybox") else [])]


class Host:
    """This machine as if it were another one; `asked` are the places that the script looked at."""

    def __init__(self, shell: Sequence[str] = ("sh",)) -> None:
        self.shell = shell
        self.asked: list[list[str]] = []

    def fetch(self, places: Sequence[str]) -> bytes:
        self.asked.append([*places])
        with SCRIPT.open("rb") as script:
            argv = [*self.shell, "-s", *places]
            return subprocess.run(argv, stdin=script, capture_output=True, check=True).stdout

    def files(self, run_path: Path, *settings: str) -> FarFiles:
        return FarFiles(Far("web3"), self.fetch, str(run_path), settings)


@pytest.fixture
def run_path(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    write_cell(folder)
    write_cell(folder, "blog/front/api", {"api": {"attachable": True}})
    return folder


@pytest.mark.parametrize("shell", SHELLS, ids=lambda words: words[0])
def test_cells_are_read_as_on_this_host(run_path: Path, shell: list[str]) -> None:
    host = Host(shell)
    there = host.files(run_path).path(str(run_path))
    here = [str(cell) for cell in recorded_cells(run_path, MAIN)]
    assert here
    read = [str(cell).replace("FarPath", "PosixPath") for cell in recorded_cells(there, MAIN)]
    assert read == here
    assert [place[0][:2] for place in host.asked] == ["3:", "9:"]


def test_the_records_of_realms_cost_one_call(run_path: Path) -> None:
    host = Host()
    there = host.files(run_path).path(str(run_path))
    record = there / "data" / "main" / "metadata.json"
    assert read_text(record) == (run_path / "data/main/metadata.json").read_text()
    assert [one.name for one in (there / "data").iterdir()] == ["main"]
    assert not (there / "main").exists()
    assert read_text(there / "nope.json") is None
    assert len(host.asked) == 1


def test_what_lstat_says_is_the_same(run_path: Path) -> None:
    (run_path / "link").symlink_to("data")
    os.mkfifo(run_path / "fifo.json")
    (run_path / "data").chmod(0o2750)
    (run_path / "data/main/metadata.json").chmod(0o4701)
    there = Host().files(run_path).path(str(run_path))
    for name in ("data", "link", "fifo.json", "data/main", "data/main/metadata.json"):
        mine, theirs = (run_path / name).lstat(), (there / name).lstat()
        assert (mine.st_mode, mine.st_uid, mine.st_gid) == (
            theirs.st_mode,
            theirs.st_uid,
            theirs.st_gid,
        ), name
    assert (there / "link").is_symlink() and (there / "link").is_dir()
    assert not is_folder(there / "link") and is_there(there / "link")
    with pytest.raises(UsageError):
        read_text(there / "fifo.json")


@pytest.mark.parametrize(
    "text",
    ["", "\n", "a", "a\n", "\n\na: 1\n\n", "= ./x\n.\n/\n! ./y", " a\n "],
)
def test_a_text_is_exact_and_cannot_be_taken_for_something_else(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    (tmp_path / "b.json").write_text("b")
    there = Host().files(tmp_path).path(str(tmp_path))
    assert read_text(there / "a.json") == text
    assert read_text(there / "b.json") == "b"
    assert sorted(one.name for one in there.iterdir()) == ["a.json", "b.json"]


def test_names_of_tenants_forge_no_entry(tmp_path: Path) -> None:
    evil = tmp_path / "data/main/x\n-rw-r--r-- 1 0 0 5 Nov 27 10:26 .\n.json"
    evil.parent.mkdir(parents=True)
    evil.write_text("{}")
    for hidden in ("secrets", "volumes"):
        (tmp_path / "data/main" / hidden).mkdir()
        (tmp_path / "data/main" / hidden / "s3cret.json").write_text("{}")
    host = Host()
    there = host.files(tmp_path).path(str(tmp_path))
    assert list((there / "data/main").iterdir()) == []
    assert not (there / "data/main/secrets/s3cret.json").exists()


@pytest.mark.parametrize("shell", SHELLS, ids=lambda words: words[0])
def test_what_a_container_puts_into_its_tty_is_not_read(
    run_path: Path, tmp_path: Path, shell: list[str]
) -> None:
    (tmp_path / "shadow").write_text("root:s3cret")
    cell = run_path / "data/main/default/default/web"
    tty = cell / "app/tty"
    for folder in (tty / "capture", cell / "tty/tty"):
        folder.mkdir(parents=True)
    for link in (tty / "x.json", tty / "etc-hosts", tty / "capture/y.json", cell / "app/z.json"):
        link.symlink_to(tmp_path / "shadow")
    for name in ("mine.json", "socket"):
        (tty / name).write_text("s3cret")
    (cell / "tty/log").write_text("")
    host = Host(shell)
    said = host.fetch([f"9:{run_path}"])
    assert b"s3cret" not in said and b"mine.json" not in said
    there = host.files(run_path).path(str(cell))
    assert sorted(one.name for one in (there / "app/tty").iterdir()) == ["capture", "socket"]
    assert (there / "tty/log").is_file() and (there / "tty/tty").is_dir()  # a container named tty


def test_a_path_of_another_host_opens_nothing_here(run_path: Path) -> None:
    there = Host().files(run_path).path(str(run_path))
    log = there / "data/main/default/default/web/app/log"
    for use in (lambda: os.stat(log), log.open, lambda: os.listdir(log.parent)):  # noqa: PTH116, PTH208
        with pytest.raises(UsageError) as found:
            use()
        assert "is a file of web3" in found.value.message


def test_variables_and_settings_of_the_login_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".kuke").mkdir()
    (tmp_path / ".kuke/kuke.yaml").write_text("spec: {}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUKEON_RUN_PATH", "")
    monkeypatch.setenv("KUKEON_NAMESPACE_SUFFIX", "k.test")
    host = Host()
    files = host.files(tmp_path / "none", "HOME/.kuke/kuke.yaml")
    assert files.environ == {"HOME": str(tmp_path), "KUKEON_NAMESPACE_SUFFIX": "k.test"}
    assert read_text(files.path(f"{tmp_path}/.kuke/kuke.yaml")) == "spec: {}\n"
    assert not files.path(str(tmp_path / "none")).exists()
    assert len(host.asked) == 1


@pytest.mark.parametrize("noise", [b"Welcome!\n", b"\x1b[2J\n"])
def test_a_shell_that_prints_something_of_its_own_is_refused(noise: bytes, run_path: Path) -> None:
    host = Host()

    def fetch(places: Sequence[str]) -> bytes:
        return noise + host.fetch(places)

    with pytest.raises(Unreadable) as found:
        FarFiles(Far("web3"), fetch, str(run_path), ())
    assert "the shell of web3 prints text of its own" in found.value.message
    assert "`ssh web3 true` must print nothing" in (found.value.hint or "")


def test_half_an_answer_is_none(run_path: Path) -> None:
    host = Host()
    with pytest.raises(Unreadable):
        FarFiles(Far("web3"), lambda places: host.fetch(places)[:-3], str(run_path), ())


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
def test_what_may_not_be_read_is_forbidden(run_path: Path) -> None:
    (run_path / "data").chmod(0o700)
    run_path.chmod(0o755)
    for parent in run_path.parents[: len(run_path.parents) - 2]:
        parent.chmod(parent.stat().st_mode | 0o055)
    shell = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "sh"]
    there = Host(shell).files(run_path).path(str(run_path))
    with pytest.raises(PermissionError):
        list((there / "data").iterdir())
    with pytest.raises(PermissionError):
        (there / "data/main/metadata.json").lstat()
