"""Kukeon's daemon: where its socket is, and whether somebody listens there."""

import socket
from pathlib import Path

import pytest

from kuke_ctr.kukeon.kukeond import DEFAULT_SOCKET, listens, socket_of
from kuke_ctr.kukeon.settings import DEFAULT_RUN_PATH, Flags, Settings, load


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Those of a host with Kukeon in its usual place."""
    return load(Flags(), {"HOME": str(tmp_path)})._replace(run_path=Path(DEFAULT_RUN_PATH))


def kukeond_yaml(folder: Path, spec: str) -> Path:
    file = folder / "kukeond.yaml"
    file.write_text(f"kind: ServerConfiguration\nspec: {spec}\n")
    return file


@pytest.mark.parametrize(
    ("spec", "environ", "expected"),
    [
        ("{}", {}, DEFAULT_SOCKET),
        ("{socket: /run/other.sock}", {}, Path("/run/other.sock")),
        (
            "{socket: /run/other.sock}",
            {"KUKEOND_SOCKET": "unix:///run/e.sock"},
            Path("/run/e.sock"),
        ),
        ("{socket: other.sock}", {}, None),
        ("{runPath: /srv/kukeon}", {}, None),
        ("[]", {}, None),
    ],
)
def test_the_socket_of_the_daemon_of_these_records(
    settings: Settings, tmp_path: Path, spec: str, environ: dict[str, str], expected: Path | None
) -> None:
    assert socket_of(settings, environ, kukeond_yaml(tmp_path, spec)) == expected


def test_without_a_file_of_its_own_it_is_the_default_one(
    settings: Settings, tmp_path: Path
) -> None:
    assert socket_of(settings, {}, tmp_path / "none.yaml") == DEFAULT_SOCKET


def test_the_daemon_of_a_copy_of_records_is_not_known(settings: Settings, tmp_path: Path) -> None:
    copied = settings._replace(run_path=tmp_path)
    assert socket_of(copied, {}, tmp_path / "none.yaml") is None


def test_who_listens(tmp_path: Path) -> None:
    path = tmp_path / "k.sock"
    assert listens(path) is False
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind(str(path))
        daemon.listen()
        assert listens(path) is True
    assert listens(path) is False  # its socket was left behind
    assert listens(tmp_path / ("x" * 200)) is None
