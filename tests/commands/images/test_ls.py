"""A list of images, and what it says of the namespace beside the realm's, over a fake ctr."""

from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from tests.support.fake_ctr import FakeCtr
from tests.support.images_host import Capture, digest_of, images

LIST = ["-n", "kukeon-main", "images", "ls"]
BESIDE = ["-n", "main.kukeon.io", "images", "ls", "-q"]


@pytest.fixture
def host(images_host: FakeCtr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCtr:
    """The realm's record says kukeon-main; Kukeon loads images into main.kukeon.io."""
    record = tmp_path / "run/data/main/metadata.json"
    record.parent.mkdir(parents=True)
    record.write_text('{"kind": "Realm", "spec": {"namespace": "kukeon-main"}}')
    monkeypatch.setenv("KUKEON_RUN_PATH", str(tmp_path / "run"))
    images_host.answer(*BESIDE)
    return images_host


def test_the_namespace_beside_the_realm_is_asked_while_ctr_makes_the_list(
    host: FakeCtr, capsys: Capture, tmp_path: Path
) -> None:
    waits = f"until [ -e {tmp_path}/asked ]; do sleep 0.01; done"
    rows = [(f"example.com/{name}:1", digest_of(f"example.com/{name}:1")) for name in "abc"]
    host.answer(*LIST, first=waits, stdout=images(*rows))
    host.answer(*BESIDE, first=f"touch {tmp_path}/asked")
    assert main(["images", "ls", "-r", "main", "--timeout", "20"]) == 0
    assert host.calls.count(BESIDE) == 1
    assert capsys.readouterr().err == ""


def test_a_question_that_fails_is_no_failure_of_the_list(host: FakeCtr, capsys: Capture) -> None:
    host.answer(*BESIDE, stderr="ctr: something else\n", exit_code=1)
    assert main(["images", "ls", "-r", "main", "-q"]) == 0
    out, err = capsys.readouterr()
    assert out.split() == ["example.com/a:1", "example.com/b:1", "example.com/c:1"]
    assert err == ""
    assert host.calls.count(BESIDE) == 1
