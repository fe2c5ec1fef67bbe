"""`kuke-ctr attach` over a fake ctr: options, what is refused, what ctr's own failures become."""

import json
from pathlib import Path

import pytest

from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.cli.main import main
from kuke_ctr.commands.everyday import attach
from kuke_ctr.errors import KukeCtrError, UsageError
from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.recipes.attach_target import Look, refuse, remarks
from kuke_ctr.records import Task
from kuke_ctr.session import Session
from kuke_ctr.shared_options import SharedOptions
from kuke_ctr.terminals.attachment import Step
from kuke_ctr.terminals.task_io import IoKind, TaskIO
from tests.support.fake_ctr import FakeCtr

Capture = pytest.CaptureFixture[str]

NS = ("-n", "kukeon-main")
TASKS = "TASK    PID        STATUS    \nweb     4194305    {status}\n"


def info(**spec: object) -> str:
    return json.dumps({"ID": "web", "Labels": {}, "Spec": {"process": {}, **spec}})


@pytest.fixture
def host(fake_ctr: FakeCtr) -> FakeCtr:
    """A realm with the container web, whose task has a pid that nobody has."""
    fake_ctr.answer("namespaces", "ls", "-q", stdout="kukeon-main\n")
    fake_ctr.answer(*NS, "containers", "info", "web", stdout=info())
    fake_ctr.answer(*NS, "containers", "ls", "-q", stdout="web\n")
    tasks(fake_ctr, "RUNNING")
    return fake_ctr


def tasks(fake_ctr: FakeCtr, status: str) -> None:
    fake_ctr.answer(*NS, "tasks", "ls", stdout=TASKS.format(status=status))


def attached(*options: str) -> int:
    return main(["attach", "--realm", "main", *options, "web"])


def steps(*words: str) -> tuple[Step, ...]:
    """The script in a command line."""
    letters = [word[2] for word in words if word in ("--expect", "--send")]
    pairs = list(zip(words[::2], words[1::2], strict=True))
    expects = [value for name, value in pairs if name == "--expect"]
    sends = [value for name, value in pairs if name == "--send"]
    return attach._script("".join(letters), expects, sends)


def test_a_text_is_sent_after_what_stands_before_it() -> None:
    assert steps("--expect", "a", "--expect", "b", "--send", "x") == (
        Step(b"a"),
        Step(b"b", b"x"),
    )
    assert steps("--send", "x", "--send", "y", "--expect", "a") == (
        Step(b"", b"x"),
        Step(b"", b"y"),
        Step(b"a"),
    )
    assert steps() == ()


def test_the_order_of_the_command_line_counts_also_with_equals_and_odd_values(
    host: FakeCtr, capfd: Capture
) -> None:
    host.answer(*NS, "tasks", "attach", "web", stdout="one two\n", first="read line; read line")
    words = ("--send=--expect", "--send", "--send", "--expect", "^one tw[o]", "--timeout", "1")
    assert attached(*words) == 124  # the texts have no newline: they are one line that never ends
    assert "'^one tw[o]' did not appear in the output" in capfd.readouterr().err
    assert attached("--send=a\\n", "--send", "--b\\n", "--expect", "^one tw[o]") == 0


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (r"ls\n", b"ls\n"),
        (r"\r\t\e\0\x41\\n", b"\r\t\x1b\0A\\n"),
        ("grüße ✓", "grüße ✓".encode()),
        ("a\nb", b"a\nb"),
    ],
)
def test_escapes_in_a_text_are_read(text: str, data: bytes) -> None:
    assert steps("--expect", "x", "--send", text) == (Step(b"x", data),)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--expect", "("], "is not a regular expression"),
        (["--send", "x"], "--send without --expect"),
        (["--expect", "x", "--send", r"\q"], "unknown escape"),
        (["--expect", "x", "--send", "end\\"], "unknown escape"),
        (["--detach-keys", "ctrl-1"], "not a sequence of detach keys"),
        (["-o", "json"], "has no option -o"),
        (["--replay", "there"], "has no option --replay"),
        (["-A"], "it works in one realm"),
        (["--save", "/proc/none/such"], "cannot create"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_attached_to(
    host: FakeCtr, capfd: Capture, options: list[str], said: str
) -> None:
    realm = [] if "-A" in options else ["--realm", "main"]
    assert main(["attach", *realm, *options, "web"]) == 2
    assert said in capfd.readouterr().err
    assert not any("attach" in call for call in host.calls)


def test_a_dry_run_asks_and_prints_the_command(host: FakeCtr, capfd: Capture) -> None:
    assert attached("--dry-run") == 0
    assert capfd.readouterr().out == "env ctr -n kukeon-main tasks attach web\n"
    assert not any("attach" in call for call in host.calls)


def test_a_file_that_is_there_is_refused_before_a_word(
    host: FakeCtr, capfd: Capture, tmp_path: Path
) -> None:
    assert attached("--save", str(tmp_path)) == 2
    said = capfd.readouterr().err.splitlines()
    assert said[0] == f"kuke-ctr: {tmp_path} exists already"
    assert not any("attach" in call for call in host.calls)


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("quiet", [True, False])
def test_the_end_of_stdin_is_told(
    host: FakeCtr, capfd: Capture, terminal: bool, quiet: bool
) -> None:
    host.answer(*NS, "containers", "info", "web", stdout=info(process={"terminal": terminal}))
    host.answer(*NS, "tasks", "attach", "web", stdout="x\n", first="sleep 0.5")
    assert attached(*(["-q"] if quiet else [])) == 0
    told = "ctr cannot pass end-of-file on to web; its output" in capfd.readouterr().err
    assert told is not quiet


@pytest.mark.parametrize("quiet", [[], ["-q"]])
def test_a_time_limit_is_told_also_quietly(host: FakeCtr, capfd: Capture, quiet: list[str]) -> None:
    host.answer(*NS, "tasks", "attach", "web", first="exec sleep 60")
    assert attached("--timeout", "0.3", *quiet) == 124
    assert "the time limit of 0.3 seconds passed; web is still running" in capfd.readouterr().err


@pytest.mark.parametrize("kept", [True, False])
def test_logs_are_hinted_at_only_where_something_is_kept(
    host: FakeCtr, capfd: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kept: bool
) -> None:
    tasks(host, "STOPPED")
    log = tmp_path / "kukeon-main" / "web.log"
    if kept:
        log.parent.mkdir()
        log.touch()
        monkeypatch.setattr("kuke_ctr.recipes.logs.LOGS", tmp_path)
        labels = {"Labels": {"kuke-ctr/log": str(log)}}
        host.answer(*NS, "containers", "info", "web", stdout=json.dumps({"ID": "web", **labels}))
    assert attached() == 125
    err = capfd.readouterr().err
    assert ("`kuke-ctr logs web --namespace kukeon-main` shows" in err) is kept
    assert "kuke-ctr tasks rm web" in err


@pytest.mark.parametrize("terminal", [True, False])
def test_ctrs_own_failure_is_no_exit_code_of_the_task(
    host: FakeCtr, capfd: Capture, terminal: bool
) -> None:
    host.answer(*NS, "containers", "info", "web", stdout=info(process={"terminal": terminal}))
    failed = "ctr: failed to open stdout fifo: error creating fifo file:///var/log/x y.log: no such"
    host.answer(*NS, "tasks", "attach", "web", stderr=f"{failed}\n", exit_code=1)
    assert attached() == 125
    said = capfd.readouterr().err
    assert "web writes its output to the file /var/log/x y.log" in said
    assert "`kuke-ctr logs -f web --namespace kukeon-main`" in said


@pytest.mark.parametrize("terminal", [True, False])
def test_a_task_that_ended_with_1_is_one_that_is_gone(
    host: FakeCtr, capfd: Capture, terminal: bool
) -> None:
    host.answer(*NS, "containers", "info", "web", stdout=info(process={"terminal": terminal}))
    gone = host.folder / "gone"
    host.answer(
        *NS, "tasks", "attach", "web", stderr="ctr: as I say\n", exit_code=1, first=f">{gone}"
    )
    text = TASKS.format(status="RUNNING")
    empty = f"if [ -e {gone} ]; then echo 'TASK    PID    STATUS    '; exit; fi"
    host.answer(*NS, "tasks", "ls", stdout=text, first=empty)
    assert attached() == 1
    assert "web exited with status 1; ctr has deleted its task" in capfd.readouterr().err


def test_a_ctr_that_is_killed_is_a_lost_connection(host: FakeCtr, capfd: Capture) -> None:
    host.answer(*NS, "tasks", "attach", "web", first="kill -KILL $$")
    assert attached() == 125
    assert "shows its state" in capfd.readouterr().err


def test_quiet_leaves_the_notes_out(host: FakeCtr, capfd: Capture) -> None:
    host.answer(*NS, "tasks", "attach", "web")
    assert attached("-q") == 0
    assert capfd.readouterr().err == ""


def test_a_container_that_there_is_not_has_near_names(host: FakeCtr, capfd: Capture) -> None:
    said = 'ctr: container "wed" in namespace "kukeon-main": not found\n'
    host.answer(*NS, "containers", "info", "wed", stderr=said, exit_code=1)
    assert main(["attach", "--realm", "main", "wed"]) == 125
    assert "hint: the realm has: web" in capfd.readouterr().err


def test_a_row_that_cannot_be_read_is_not_taken_for_no_task(host: FakeCtr, capfd: Capture) -> None:
    host.answer(*NS, "tasks", "ls", stdout=TASKS.format(status="RUNNING WILD"))
    assert attached() == 125
    assert "cannot read" in capfd.readouterr().err


def seen(status: str | None, io: TaskIO) -> Look:
    task = None if status is None else Task(id="web", pid=7, status=status)
    scope = Scope(Session(SharedOptions()).ctr, "kukeon-main")
    return Look(scope, ContainerInfo("web"), task, io)


@pytest.mark.parametrize(
    ("status", "io", "said"),
    [
        (None, TaskIO(IoKind.UNKNOWN), "has no task"),
        ("STOPPED", TaskIO(IoKind.FIFO), "delete the task"),
        ("UNKNOWN", TaskIO(IoKind.UNKNOWN), "its shim does not answer"),
        ("RUNNING", TaskIO(IoKind.NULL), "null IO"),
        (
            "RUNNING",
            TaskIO(IoKind.LOG, log=Path("/var/log/web")),
            "writes its output to /var/log/web, so",
        ),
        ("RUNNING", TaskIO(IoKind.LOG), "a log file that was deleted"),
    ],
)
def test_what_cannot_be_attached_to_is_refused(status: str | None, io: TaskIO, said: str) -> None:
    with pytest.raises(KukeCtrError, match=said) as refused:
        refuse(seen(status, io), lambda: True)
    assert "kuke-ctr" in str(refused.value.hint)
    assert not isinstance(refused.value, UsageError)


@pytest.mark.parametrize(
    ("status", "io", "said"),
    [
        ("PAUSED", TaskIO(IoKind.FIFO), "is paused"),
        ("CREATED", TaskIO(IoKind.FIFO), "is not started yet"),
        ("RUNNING", TaskIO(IoKind.TERMINAL, readers=(2**22 + 1,)), "also reads this output"),
        ("RUNNING", TaskIO(IoKind.FIFO), "ctr keeps no copy"),
    ],
)
def test_what_should_be_known_is_said(status: str, io: TaskIO, said: str) -> None:
    found = seen(status, io)
    refuse(found, lambda: True)
    assert any(said in text for text in remarks(found))


def test_without_root_what_cannot_be_seen_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    found = seen("RUNNING", TaskIO(IoKind.UNKNOWN))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert any("without root" in text for text in remarks(found))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert not any("without root" in text for text in remarks(found))
