"""`containers info` of a recorded Kukeon host: what came from a Secret is masked, but for raw."""

import json
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from tests.support.fake_ctr import FakeCtr
from tests.support.paths import FIXTURES

Capture = pytest.CaptureFixture[str]
RICH = FIXTURES / "kukeon-rich-0.9.1"
CANARY = "s3cr3t-not-real"
SEC = "default_default_re_sec"


def info(*words: str, run_path: Path = RICH / "run") -> int:
    where = ("-r", "main", "--run-path", str(run_path), "--replay", str(RICH / "ctr"))
    return main(["containers", "info", *where, *words])


def variables(text: str) -> list[str]:
    found: list[str] = json.loads(text)["Spec"]["process"]["env"]
    return found


@pytest.mark.parametrize("form", ["json", "jsonl", "yaml"])
def test_a_secret_is_masked_in_every_form(capsys: Capture, form: str) -> None:
    assert info(SEC, "-o", form) == 0
    out, err = capsys.readouterr()
    assert CANARY not in out
    assert "TOK=***" in out
    assert "KUKEON_REALM=main" in out
    note = "note: masked the values of TOK (from Kukeon Secrets); --show-secrets shows them\n"
    assert err == note


def test_it_is_shown_where_that_was_asked_for(capsys: Capture) -> None:
    assert info(SEC, "--show-secrets") == 0
    out, err = capsys.readouterr()
    assert f"TOK={CANARY}" in variables(out)
    assert err == ""


def test_raw_is_what_ctr_printed_and_a_note_says_so(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    assert info(SEC, "-o", "raw") == 0
    out, err = capfdbinary.readouterr()
    (path,) = (RICH / "ctr").glob(f"*containers-info-{SEC}.json")
    assert out == json.loads(path.read_text())["stdout"].encode()
    assert b"-o raw is what ctr printed, with the values of TOK" in err


def test_a_container_without_secrets_is_shown_whole(capsys: Capture) -> None:
    assert info("default_default_re_w") == 0
    out, err = capsys.readouterr()
    assert "***" not in out
    assert err == ""


def test_without_the_record_all_is_masked_that_may_be_a_secret(
    capsys: Capture, tmp_path: Path
) -> None:
    assert info(SEC, run_path=tmp_path) == 0
    out, err = capsys.readouterr()
    assert variables(out)[-1] == "TOK=***"
    assert variables(out)[0].startswith("PATH=/")
    assert "no record of Kukeon can be read" in err


@pytest.mark.parametrize("more", [(), ("--record-env",), ("--record-env", "--show-secrets")])
def test_no_recording_has_it(
    capsys: Capture, fake_ctr: FakeCtr, tmp_path: Path, more: tuple[str, ...]
) -> None:
    (path,) = (RICH / "ctr").glob(f"*containers-info-{SEC}.json")
    printed = json.loads(path.read_text())["stdout"]
    fake_ctr.answer("-n", "kukeon-main", "containers", "info", SEC, stdout=printed)
    where = ("-r", "main", "--run-path", str(RICH / "run"), "--record", str(tmp_path / "r"))
    assert main(["containers", "info", *where, *more, SEC]) == 0
    assert (CANARY in capsys.readouterr().out) is ("--show-secrets" in more)
    (file,) = (tmp_path / "r").iterdir()
    recorded = file.read_text()
    assert CANARY not in recorded
    assert ("KUKEON_REALM=main" in recorded) is bool(more)


@pytest.mark.parametrize("words", [(), ("-x",), ("-xx", "-o", "yaml")])
def test_no_trace_has_it(capsys: Capture, words: tuple[str, ...]) -> None:
    assert info(SEC, *words) == 0
    assert CANARY not in "".join(capsys.readouterr())
