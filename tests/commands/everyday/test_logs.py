"""`kuke-ctr logs` over files on disk and a fake ctr: where it looks, what it refuses and says."""

import json
import os
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.errors import Forbidden
from kuke_ctr.parse.container_info import LOGS, ContainerInfo
from kuke_ctr.recipes import logs
from scripts.lib.kukeon import write_record
from tests.support.fake_ctr import FakeCtr
from tests.support.log_host import ID, NS, Capture, answers, run
from tests.support.scripts import rest_of


@pytest.fixture
def log_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where `kuke-ctr run -d` puts its logs."""
    folder = tmp_path / "var-log"
    (folder / NS).mkdir(parents=True)
    monkeypatch.setattr(logs, "LOGS", folder)
    return folder


def test_kukeons_log_is_shown_as_it_is_and_no_ctr_runs(
    fake_ctr: FakeCtr, log_run_path: Path, capfdbinary: Capture
) -> None:
    assert run(log_run_path, ID, "--realm", "main") == 0
    assert capfdbinary.readouterr() == (b"one\ntwo\n\xffthree\n", b"")
    assert run(log_run_path, ID, "--namespace", NS, "-n", "1") == 0
    assert capfdbinary.readouterr() == (b"\xffthree\n", b"")
    assert fake_ctr.calls == []


def test_a_letter_before_the_verb_is_the_shared_options(
    fake_ctr: FakeCtr, log_run_path: Path, capfdbinary: Capture
) -> None:
    assert main(["-n", NS, "--run-path", str(log_run_path), "logs", "-n1", ID]) == 0
    assert capfdbinary.readouterr().out == b"\xffthree\n"


@pytest.mark.parametrize("other", ["metadata.json", None])
def test_a_broken_or_missing_record_leaves_the_log_where_it_is(
    fake_ctr: FakeCtr, log_run_path: Path, capfdbinary: Capture, other: str | None
) -> None:
    record = log_run_path / "data/main/space/stack/my-cell/metadata.json"
    if other is None:
        record.unlink()
    else:
        record.write_text('{"spec": [')
    assert run(log_run_path, ID, "--realm", "main") == 0
    assert capfdbinary.readouterr().out.startswith(b"one\n")


def test_another_realms_container_of_the_same_id_is_not_shown(
    fake_ctr: FakeCtr, log_run_path: Path, capfdbinary: Capture
) -> None:
    write_record(log_run_path, "other", "kukeon-other")
    assert run(log_run_path, ID, "--realm", "other") == 1
    assert capfdbinary.readouterr().out == b""
    assert run(log_run_path, ID, "--namespace", "kukeon-other") == 1
    assert capfdbinary.readouterr().out == b""


def test_names_that_hold_an_underscore_are_found_by_the_record(
    fake_ctr: FakeCtr, log_run_path: Path, capfdbinary: Capture
) -> None:
    cell = log_run_path / "data/main/space/stack/odd_cell"
    (cell / "app").mkdir(parents=True)
    (cell / "app" / "log").write_text("odd\n")
    one = {"id": "app", "containerdId": "space_stack_odd_cell_app"}
    (cell / "metadata.json").write_text(json.dumps({"spec": {"containers": [one]}}))
    assert run(log_run_path, "space_stack_odd_cell_app", "--realm", "main") == 0
    assert capfdbinary.readouterr().out == b"odd\n"


def test_a_capture_goes_to_a_pipe_as_it_is(
    fake_ctr: FakeCtr, log_run_path: Path, capfdbinary: Capture
) -> None:
    assert run(log_run_path, "space_stack_my-cell_shell", "-r", "main", "-x") == 0
    out, err = capfdbinary.readouterr()
    assert out == b"/ # \x1b[6n\x1b[32mgreen\r\n"
    assert b"tty/capture: the terminal output that kuketty recorded" in err


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ([], b"/ # \x1b[32mgreen\r\n\x1b[0m"),
        (["-o", "raw"], b"/ # \x1b[6n\x1b[32mgreen\r\n"),
    ],
)
def test_on_a_terminal_what_it_would_obey_is_left_out(
    fake_ctr: FakeCtr, log_run_path: Path, more: list[str], expected: bytes
) -> None:
    import pty
    import subprocess  # noqa: TID251
    import sys
    import tty

    master, slave = pty.openpty()
    tty.setraw(slave)
    line = [
        "logs",
        "space_stack_my-cell_shell",
        "-r",
        "main",
        "--run-path",
        str(log_run_path),
        *more,
    ]
    subprocess.run([sys.executable, "-m", "kuke_ctr", *line], stdout=slave, check=True)
    os.close(slave)
    assert rest_of(master) == expected
    os.close(master)


def test_a_root_container_keeps_nothing(
    fake_ctr: FakeCtr, log_run_path: Path, capfdbinary: Capture
) -> None:
    assert run(log_run_path, "space_stack_my-cell_root", "-r", "main") == 5
    assert b"root container of a Kukeon cell" in capfdbinary.readouterr().err
    assert fake_ctr.calls == []


def test_what_a_container_put_in_place_of_its_capture_is_refused(
    fake_ctr: FakeCtr, log_run_path: Path, capfdbinary: Capture
) -> None:
    capture = log_run_path / "data/main/space/stack/my-cell/shell/tty/capture"
    capture.unlink()
    capture.symlink_to("/etc/passwd")
    assert run(log_run_path, "space_stack_my-cell_shell", "-r", "main") == 126
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert b"is a symbolic link" in err


def test_our_own_log_is_found_by_its_label(
    fake_ctr: FakeCtr, log_run_path: Path, log_folder: Path, capfdbinary: Capture
) -> None:
    log = log_folder / NS / "c1.log"
    log.write_text("mine\n")
    answers(fake_ctr, labels={"kuke-ctr/log": str(log)}, task="42 STOPPED")
    assert run(log_run_path, "c1", "-r", "main") == 0
    assert capfdbinary.readouterr() == (b"mine\n", b"")


def test_with_containerd_down_the_default_place_is_tried_and_that_is_said(
    fake_ctr: FakeCtr, log_run_path: Path, log_folder: Path, capfdbinary: Capture
) -> None:
    (log_folder / NS / "c1.log").write_text("mine\n")
    down = "ctr: failed to dial: connection refused\n"
    fake_ctr.answer("-n", NS, "containers", "info", "c1", stderr=down, exit_code=1)
    assert run(log_run_path, "c1", "-r", "main") == 0
    out, err = capfdbinary.readouterr()
    assert out == b"mine\n"
    assert b"containerd does not answer, so it may belong to another container" in err
    (log_folder / NS / "c1.log").unlink()
    assert run(log_run_path, "c1", "-r", "main") == 1
    assert (
        b"no log of c1 was found on disk, and containerd does not answer: ctr: failed to dial"
        in (capfdbinary.readouterr().err)
    )


def test_a_log_of_an_earlier_container_of_that_name_is_not_taken_for_its_own(
    fake_ctr: FakeCtr, log_run_path: Path, log_folder: Path, capfdbinary: Capture
) -> None:
    (log_folder / NS / "c1.log").write_text("somebody else's\n")
    answers(fake_ctr)
    assert run(log_run_path, "c1", "-r", "main") == 5
    assert capfdbinary.readouterr().out == b""


@pytest.mark.parametrize("task", [None, "42 STOPPED", "4194304 RUNNING"])
def test_a_label_that_an_image_could_bring_names_no_file_for_us(
    fake_ctr: FakeCtr, log_run_path: Path, capfdbinary: Capture, task: str | None
) -> None:
    answers(fake_ctr, labels={"kuke-ctr/log": "/etc/passwd"}, task=task)
    assert run(log_run_path, "c1", "-r", "main") == 126
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert b"read" in err


@pytest.mark.parametrize(
    "label",
    [
        "/etc/passwd",
        "{folder}/other/c1.log",
        "{folder}/{ns}/c2.log",
        "{folder}/{ns}/c1-old.log",
        "{folder}/{ns}/c1-0123456789ab.log/x.log",
        "{folder}/{ns}/../{ns}/c1.log",
        "relative",
        "",
    ],
)
def test_only_the_log_of_this_container_is_believed(label: str) -> None:
    folder = LOGS / NS
    named = label.format(folder=LOGS, ns=NS)
    assert ContainerInfo("c1", labels={"kuke-ctr/log": named}).own_log(folder) is None
    for right in (folder / "c1.log", folder / "c1-0123456789ab.log"):
        assert ContainerInfo("c1", labels={"kuke-ctr/log": str(right)}).own_log(folder) == right


def test_the_capture_of_a_kuketty_mount_is_found_without_a_record(
    fake_ctr: FakeCtr, log_run_path: Path, tmp_path: Path, capfdbinary: Capture
) -> None:
    folder = tmp_path / "elsewhere" / "tty"
    folder.mkdir(parents=True)
    (folder / "capture").write_text("typed\n")
    answers(fake_ctr, mounts=[{"destination": "/run/kukeon/tty", "source": str(folder)}])
    assert run(log_run_path, "c1", "-r", "main") == 0
    assert capfdbinary.readouterr().out == b"typed\n"
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    linked = str(tmp_path / "link" / "tty")
    answers(fake_ctr, mounts=[{"destination": "/run/kukeon/tty", "source": linked}])
    assert run(log_run_path, "c1", "-r", "main") == 126


@pytest.mark.parametrize(
    ("task", "labels", "said"),
    [
        (None, {}, b"has no task"),
        ("42 STOPPED", {}, b"has ended"),
        (None, {"nerdctl/name": "x"}, b"nerdctl --namespace kukeon-main logs c1"),
        (None, {"io.cri-containerd.kind": "container"}, b"crictl logs c1"),
    ],
)
def test_a_container_without_a_log_says_why(
    fake_ctr: FakeCtr,
    log_run_path: Path,
    capfdbinary: Capture,
    task: str | None,
    labels: dict[str, str],
    said: bytes,
) -> None:
    answers(fake_ctr, task=task, labels=labels)
    assert run(log_run_path, "c1", "-r", "main") == 5
    assert said in capfdbinary.readouterr().err


def test_a_container_that_there_is_not_is_named_with_the_nearest(
    fake_ctr: FakeCtr, log_run_path: Path, capfdbinary: Capture
) -> None:
    answers(fake_ctr, "web-1")
    fake_ctr.answer("-n", NS, "containers", "ls", "-q", stdout="web-1\nweb-2\n")
    said = 'ctr: container "web" in namespace: not found\n'
    fake_ctr.answer("-n", NS, "containers", "info", "web", stderr=said, exit_code=1)
    assert run(log_run_path, "web", "-r", "main") == 3
    assert b"2 ids begin with web: web-1, web-2 (" in capfdbinary.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["a/../b"], 2, b"not a valid container name"),
        (["c1", "--since", "5m"], 2, b"the lines of a log have no times"),
        (["c1", "--until", "5m"], 2, b"have no times"),
        (["c1", "-t"], 2, b"have no times"),
        (["c1", "--tail", "-1"], 2, b"not a number of lines"),
        (["c1", "--tail", "x"], 2, b"not a number of lines"),
        (["c1", "--tail", "\u0663"], 2, b"not a number of lines"),
        (["c1", "--tail", "9" * 5000], 2, b"not a number of lines"),
        (["c1", "-o", "json"], 2, b"does not print json"),
        (["c1", "-q"], 2, b"has no option -q"),
        (["c1", "-A"], 2, b"one realm"),
    ],
)
def test_wrong_usage(
    fake_ctr: FakeCtr,
    log_run_path: Path,
    capfdbinary: Capture,
    words: list[str],
    code: int,
    said: bytes,
) -> None:
    assert run(log_run_path, *words) == code
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert said in err


def test_a_dry_run_prints_what_does_the_same(
    fake_ctr: FakeCtr, log_run_path: Path, capfdbinary: Capture
) -> None:
    assert run(log_run_path, ID, "-r", "main", "--dry-run", "-f", "-n", "3") == 0
    path = log_run_path / "data/main/space/stack/my-cell/app/log"
    assert capfdbinary.readouterr().out == f"tail -n 3 -F -- {path}\n".encode()


def test_a_run_path_that_may_not_be_read_is_126_where_nothing_else_helps(
    fake_ctr: FakeCtr, log_run_path: Path, capfdbinary: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hidden(*_: object) -> None:
        raise Forbidden("the run path may not be read by this user")

    monkeypatch.setattr(logs, "find_container", hidden)
    down = "ctr: failed to dial: connection refused\n"
    fake_ctr.answer("-n", NS, "containers", "info", ID, stderr=down, exit_code=1)
    assert run(log_run_path, ID, "-r", "main") == 126
    assert b"may not be read" in capfdbinary.readouterr().err


def test_a_daemon_that_does_not_answer_holds_nothing_up_for_long(
    fake_ctr: FakeCtr,
    log_run_path: Path,
    capfdbinary: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logs, "_PATIENCE", 0.2)
    fake_ctr.answer("-n", NS, "tasks", "ls", first="sleep 60")
    assert run(log_run_path, ID, "-r", "main", "-f", "-n0", "--timeout", "0.5") == 0
    assert b"not answer within 0.2 seconds" in capfdbinary.readouterr().err


def test_without_root_only_the_shims_file_is_out_of_reach(
    fake_ctr: FakeCtr, log_run_path: Path, capfdbinary: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    answers(fake_ctr, task="4194304 RUNNING")
    assert run(log_run_path, "c1", "-r", "main") == 126
    assert b"only root can see where the output of c1 goes" in capfdbinary.readouterr().err
