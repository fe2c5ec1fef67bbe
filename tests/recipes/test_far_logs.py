"""The log of a container on another host: `tail` there, and no file that a container names."""

import json
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.recipes.far_logs import blocks, call_for
from kuke_ctr.session import Session
from kuke_ctr.shared_options import SharedOptions
from tests.support.cells import write_cell
from tests.support.far_host import FarHost

ID = "default_default_web_app"


@pytest.fixture
def capture(far_host: FarHost, tmp_path: Path) -> Path:
    """What kuketty has recorded of the container, in the folder that is mounted in it."""
    write_cell(tmp_path / "far-run", parts={"app": {"attachable": True}}, namespace="team-a")
    folder = tmp_path / "far-run/data/main/default/default/web/app/tty"
    folder.mkdir(parents=True)
    (folder / "capture").write_text("one\ntwo\n")
    info = json.dumps({"ID": ID, "Labels": {}, "Spec": {}})
    far_host.ctr.answer("-n", "team-a", "containers", "info", ID, stdout=info)
    return folder / "capture"


def printed(path: Path, lines: int | None = None) -> bytes:
    host = Session(SharedOptions(host="web3")).host
    return b"".join(blocks(host, call_for(host, path, lines, following=False)))


def test_the_last_lines_are_printed(capture: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["-H", "web3", "-r", "main", "logs", ID]) == 0
    assert capfd.readouterr().out == "one\ntwo\n"
    assert printed(capture, 1) == b"two\n"


def test_a_link_that_came_after_the_look_is_not_followed(capture: Path, tmp_path: Path) -> None:
    (tmp_path / "shadow").write_text("s3cret")
    capture.unlink()
    capture.symlink_to(tmp_path / "shadow")
    with pytest.raises(KukeCtrError, match="was not read: it is a link") as found:
        printed(capture)
    assert "s3cret" not in str(found.value)


def test_a_run_path_may_be_reached_by_a_link(capture: Path, tmp_path: Path) -> None:
    (tmp_path / "opt").symlink_to(tmp_path / "far-run")
    assert printed(tmp_path / "opt" / capture.relative_to(tmp_path / "far-run"), 1) == b"two\n"
