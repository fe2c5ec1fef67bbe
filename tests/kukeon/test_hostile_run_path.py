"""What is no file at all in the place of one: it is never opened, and is refused by its name."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from kuke_ctr.errors import Unreadable, UsageError
from kuke_ctr.kukeon.files import LIMIT
from kuke_ctr.kukeon.realm_files import manifest_namespace, suffix_of
from kuke_ctr.kukeon.realms import resolve
from kuke_ctr.kukeon.settings import Flags, Settings, load
from kuke_ctr.processes.player import Player


def settings_of(run_path: Path) -> Settings:
    return Settings(run_path, "default", None, None, ("ctr",), "kukeon.io", "a test")


def socket_at(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        here = os.open(path.parent, os.O_PATH)  # the path may be too long for a socket
        one.bind(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)


def odd_bytes(path: Path) -> None:
    path.write_bytes(b"\xff\xfe{\0}\0")


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(5 << 30)


PLACED: dict[str, Callable[[Path], None]] = {
    "FIFO": os.mkfifo,
    "socket": socket_at,
    "folder": Path.mkdir,
    "endless device": lambda path: path.symlink_to("/dev/zero"),
    "terminal": lambda path: path.symlink_to("/dev/tty"),
    "link to itself": lambda path: path.symlink_to(path.name),
    "memory": lambda path: path.symlink_to("/proc/self/mem"),
    "huge": huge,
    "bytes": odd_bytes,
}


Read = Callable[[Path], object]


def resolved(folder: Path) -> object:
    return resolve("main", settings_of(folder), existing=frozenset)


READERS: dict[str, Read] = {
    "data/main/metadata.json": resolved,
    "main/realm.yaml": resolved,
    ".kukeon-instance.json": lambda folder: suffix_of(settings_of(folder)),
    "own.yaml": lambda folder: load(Flags(), {"KUKE_CTR_CONFIG": str(folder / "own.yaml")}),
    "manifest.yaml": lambda folder: manifest_namespace(folder / "manifest.yaml", "main"),
}


@pytest.mark.parametrize("kind", PLACED)
@pytest.mark.parametrize("name", READERS)
def test_it_is_refused_at_once(tmp_path: Path, kind: str, name: str) -> None:
    path = tmp_path / "host" / name
    path.parent.mkdir(parents=True)
    PLACED[kind](path)
    with pytest.raises(UsageError, match=str(path)) as caught:
        READERS[name](tmp_path / "host")
    assert len(caught.value.message) < len(str(path)) + 150


@pytest.mark.parametrize("kind", PLACED)
def test_in_kukes_settings_it_is_a_warning(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "kuke.yaml"
    PLACED[kind](path)
    environ = {"KUKE_CONFIGURATION": str(path), "KUKE_CTR_CONFIG": "/dev/null"}
    (warning,) = load(Flags(), environ).warnings
    assert str(path) in warning


@pytest.mark.parametrize("kind", PLACED)
def test_a_recording_that_is_none(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "001-ls.json"
    PLACED[kind](path)
    with pytest.raises(Unreadable, match=str(path)):
        Player(tmp_path)


def test_a_path_in_kukes_settings_that_cannot_be_one_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "kuke.yaml"
    path.write_text('spec: {runPath: "/a\\0b"}')
    environ = {"KUKE_CONFIGURATION": str(path), "KUKE_CTR_CONFIG": "/dev/null"}
    settings = load(Flags(), environ)
    (warning,) = settings.warnings
    assert warning == f"{path}: spec.runPath contains a control character"
    assert settings.run_path == Path("/opt/kukeon")


def test_nobody_waits_for_a_writer_of_a_fifo(tmp_path: Path) -> None:
    """To open one for reading lets its writer go on: somebody would see that we were here."""
    os.mkfifo(tmp_path / "kuke.yaml")
    environ = {"KUKE_CONFIGURATION": str(tmp_path / "kuke.yaml")}
    load(Flags(), environ)
    with pytest.raises(OSError, match="No such device"):  # no reader has it open
        os.open(tmp_path / "kuke.yaml", os.O_WRONLY | os.O_NONBLOCK)


def test_a_file_that_grows_while_it_is_read_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("realm: main\n" + "#" * (LIMIT - 12))
    assert load(Flags(), {"KUKE_CTR_CONFIG": str(path)}).realm == "main"
    with path.open("a") as file:
        file.write("#")
    with pytest.raises(UsageError, match="1 MB, which is too large"):
        load(Flags(), {"KUKE_CTR_CONFIG": str(path)})
