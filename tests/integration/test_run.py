"""kuke-ctr run and tasks start on real daemons: what they make, what they leave, exit codes."""

import json
import signal
import stat
import subprocess  # noqa: TID251 (for its constants)
from pathlib import Path

import pytest

from scripts.lib import processes
from scripts.lib.containerd import unique
from tests.support.running import BUSYBOX, LIMIT, Place


def test_in_the_foreground_on_each_version(any_place: Place) -> None:
    before = any_place.left()
    own = any_place.own()
    done = any_place(*("run", "--rm", *own, BUSYBOX, "sh", "-c", "echo out; echo err >&2; exit 5"))
    assert (done.returncode, done.stdout, done.stderr) == (5, "out\n", "err\n")
    assert any_place("run", "--rm", *own, BUSYBOX, "cat", stdin="not for it").stdout == ""
    assert any_place("run", "--rm", "-i", *own, BUSYBOX, "cat", stdin="typed").stdout == "typed"
    assert any_place("run", "--rm", "-i", *own, BUSYBOX, "cat", stdin="").returncode == 0
    assert any_place.left() == before


def test_a_failed_start_leaves_nothing_on_each_version(any_place: Place) -> None:
    logs = Path("/var/log/kuke-ctr", any_place.namespace)

    def left() -> tuple[set[str], ...]:
        files = {file.name for file in logs.iterdir()} if logs.exists() else set()
        return (*any_place.left(), files)

    before = left()
    own = any_place.own()
    for code, words in (
        (127, (BUSYBOX, "nope")),
        (126, (BUSYBOX, "/tmp")),
        (127, ("-d", BUSYBOX, "nope")),
        (125, ("--mount", "bogus", BUSYBOX, "true")),
        (125, ("--mount", "type=bind,source=/etc,target=/h,readonly", BUSYBOX, "true")),
        (125, ("--mount", "type=bind,src=/etc,dst=/h", BUSYBOX, "true")),
        (125, ("--memory-limit", "1", BUSYBOX, "true")),
        (125, ("--runtime", "nope", "-d", BUSYBOX, "true")),
        (125, ("--snapshotter", "nope", BUSYBOX, "true")),
    ):
        done = any_place("run", *own, *words)
        assert (done.returncode, done.stdout) == (code, ""), done.stderr
        assert done.stderr.startswith("kuke-ctr: ")
        assert "\nhint: " in done.stderr or code == 126, done.stderr
    assert processes.until(lambda: left() == before, LIMIT)


def test_detached_it_writes_a_log_on_each_version(any_place: Place) -> None:
    name = unique("logged")
    flood = "echo first; echo second >&2; yes | head -c 300000; echo; exec sleep 3600"
    done = any_place("run", "-d", "--name", name, *any_place.own(), BUSYBOX, "sh", "-c", flood)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{name}\n", "")
    log = Path("/var/log/kuke-ctr", any_place.namespace, f"{name}.log")
    assert stat.S_IMODE(log.stat().st_mode) == 0o640
    assert stat.S_IMODE(log.parent.stat().st_mode) == 0o750
    info = json.loads(any_place.ctr("containers", "info", name))
    assert info["Labels"]["kuke-ctr/log"] == str(log)
    assert processes.until(lambda: log.stat().st_size > 300000, LIMIT)
    assert {b"first", b"second"} <= set(log.read_bytes().split(b"\n"))

    again = any_place("run", "-d", "--name", name, *any_place.own(), BUSYBOX, "true")
    assert again.returncode == 125
    assert "already" in again.stderr
    assert any_place("tasks", "start", "-d", name).returncode == 125
    assert name in any_place.ctr("tasks", "ls", "-q")
    assert log.stat().st_size > 300000

    any_place.ctr("tasks", "kill", "-s", "KILL", name)
    assert processes.until(lambda: "STOPPED" in any_place.ctr("tasks", "ls"), LIMIT)
    stopped = any_place("tasks", "start", "-d", name)
    assert stopped.returncode == 125
    assert f"tasks rm {name}" in stopped.stderr
    any_place.ctr("tasks", "rm", name)
    started = any_place("tasks", "start", "-d", name)
    assert (started.returncode, started.stdout) == (0, f"{name}\n")
    assert processes.until(lambda: log.read_bytes().count(b"first\n") == 2, LIMIT)


def test_a_container_of_the_name_is_never_removed_in_a_race(place: Place) -> None:
    name = unique("race")
    words = ("run", "-d", "--name", name, *place.own(), BUSYBOX, "sleep", "3600")
    racers = [place.start(*words) for _ in range(3)]
    codes = sorted(racer.wait(60) for racer in racers)
    assert codes == [0, 125, 125]
    rows = place.ctr("tasks", "ls").splitlines()
    assert [row.split()[2] for row in rows if row.startswith(name)] == ["RUNNING"]
    info = json.loads(place.ctr("containers", "info", name))
    assert Path(info["Labels"]["kuke-ctr/log"]).exists()
    logs = Path("/var/log/kuke-ctr", place.namespace)
    assert len([file for file in logs.iterdir() if file.name.startswith(name)]) == 1


def test_values_of_the_environment_stay_unseen(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("# a comment\n\nFROM_FILE=two words\nSECRET\n")
    kuke = place.kuke.set(SECRET="hush-hush", OTHER="quiet")
    script = 'echo "$SECRET $OTHER $FROM_FILE $PLAIN"'
    records = tmp_path / "records"
    done = kuke(
        *("-n", place.namespace, "run", "--rm", "-xx", "--record", str(records)),
        *("--env-file", str(file), "-e", "OTHER", "-e", "UNSET", "-e", "PLAIN=seen"),
        *(*place.own(), BUSYBOX, "sh", "-c", script),
    )
    assert done.stdout == "hush-hush quiet two words seen\n"
    assert "--env PLAIN=seen" in done.stderr
    kept = done.stderr + "".join(
        one.read_text(errors="replace") for one in records.rglob("*") if one.is_file()
    )
    assert "run" in kept
    for secret in ("hush-hush", "quiet", "two words"):
        assert secret not in kept


def test_an_image_of_another_namespace_is_found(place: Place) -> None:
    empty = unique("empty")
    place.daemon.ctr("namespaces", "create", empty)
    done = place.kuke("-n", empty, "run", "--rm", BUSYBOX, "true")
    assert done.returncode == 125
    assert f"there is no image {BUSYBOX} in namespace {empty}" in done.stderr
    assert " it; to copy it: `kuke-ctr images copy " in done.stderr
    near = place("run", "--rm", "busybox", "true")
    assert BUSYBOX in near.stderr
    guessed = place.kuke("--realm", unique("guess"), "run", BUSYBOX, "true")
    assert guessed.returncode == 125
    assert "--create-namespace" in guessed.stderr


def test_on_a_terminal_of_each_version(any_place: Place) -> None:
    before = any_place.left()
    wait = "until [ \"$(stty size)\" = '%s' ]; do sleep 0.05; done; "
    script = wait % "24 80" + "echo ready; " + wait % "33 120" + "echo resized; "
    script += "read line; echo got $line; exit 7"
    words = ("run", "--rm", "-it", *any_place.own(), BUSYBOX, "sh", "-c", script)
    with any_place.sit(*words) as seat:
        assert seat.sees(b"ready")
        seat.resize(33, 120)
        assert seat.sees(b"resized")
        seat.type(b"hello\r")
        assert seat.wait() == 7
        assert seat.sees(b"got hello")
        assert seat.modes() == seat.modes_before
    assert any_place.left() == before


def test_t_without_a_terminal_is_refused_before_anything_is_made(place: Place) -> None:
    before = place.left()
    done = place("run", "-t", *place.own(), BUSYBOX, "sh")
    assert done.returncode == 2
    assert place.left() == before
    name = unique("terminal")
    detached = place("run", "-dt", "--name", name, *place.own(), BUSYBOX, "sh")
    assert (detached.returncode, detached.stdout) == (0, f"{name}\n")
    info = json.loads(place.ctr("containers", "info", name))
    assert info["Spec"]["process"]["terminal"] is True


def test_a_missing_program_on_a_terminal_leaves_nothing(place: Place) -> None:
    before = place.left()
    with place.sit("run", "-it", *place.own(), BUSYBOX, "nope") as seat:
        assert seat.wait() == 127
        assert seat.modes() == seat.modes_before
    assert place.left() == before


def test_detach_keys_leave_it_running(place: Place) -> None:
    name = unique("left")
    with place.sit("run", "-t", "--name", name, *place.own(), BUSYBOX, "sh") as seat:
        assert seat.sees(b"/ #")
        seat.type(b"\x1d\x1d")
        assert seat.wait() == 0
        assert seat.modes() == seat.modes_before
        assert seat.sees(f"{name} is still running".encode())
    assert "RUNNING" in next(r for r in place.ctr("tasks", "ls").splitlines() if name in r)


def test_signals_go_to_the_process(any_place: Place) -> None:
    before = any_place.left()
    script = "trap 'echo TERM; exit 9' TERM; echo ready; while :; do sleep 0.05; done"
    with any_place.start(
        *("run", "--rm", *any_place.own(), BUSYBOX, "sh", "-c", script), stdout=subprocess.PIPE
    ) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"ready\n"
        client.send_signal(signal.SIGTERM)
        assert client.stdout.read() == b"TERM\n"
        assert client.wait(LIMIT) == 9
    assert any_place.left() == before


def test_rm_removes_one_that_nobody_reads_any_more(place: Place) -> None:
    before = place.left()
    words = ("run", "--rm", *place.own(), BUSYBOX, "yes")
    with place.start(*words, stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        assert client.stdout.read(2) == b"y\n"
        client.stdout.close()
        assert client.wait(LIMIT) == 141
    assert place.left() == before


@pytest.mark.parametrize("moment", [0.0, 0.05, 0.2, 0.4])
def test_ctrl_c_at_a_bad_moment_leaves_nothing_half_made(place: Place, moment: float) -> None:
    before = place.left()
    words = (
        "run",
        "--rm",
        *place.own(),
        BUSYBOX,
        "sh",
        "-c",
        "trap 'exit 3' INT; sleep 3600 & wait",
    )
    client = place.start(*words)
    place.client(client, "run")
    assert not processes.until(lambda: client.poll() is not None, moment)
    client.send_signal(signal.SIGINT)
    assert client.wait(LIMIT) in (3, 125, 130)
    assert processes.until(lambda: place.left() == before, LIMIT)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("moment", [0.0, 0.1])
def test_a_detached_run_that_is_ended_leaves_all_or_nothing(
    place: Place, moment: float, number: signal.Signals
) -> None:
    before = place.left()
    name = unique("ended")
    client = place.start("run", "-d", "--name", name, *place.own(), BUSYBOX, "sleep", "1000")

    def over() -> bool:
        return client.poll() is not None

    assert processes.until(lambda: over() or bool(place.clients(client, "run")), LIMIT)
    processes.until(over, moment)
    client.send_signal(number)
    assert client.wait(LIMIT) in (0, -number if number != signal.SIGINT else 130)
    if name in place.ctr("containers", "ls", "-q").split():
        assert "RUNNING" in next(r for r in place.ctr("tasks", "ls").splitlines() if name in r)
    else:
        assert place.left() == before


def test_kill_9_of_us_sends_nothing_to_the_workload(place: Place) -> None:
    name = unique("orphan")
    script = 'for s in HUP INT TERM PIPE; do trap "echo $s >>/sig" $s; done; '
    script += "echo ready; while :; do sleep 0.05; done"
    words = ("run", "--name", name, *place.own(), BUSYBOX, "sh", "-c", script)
    with place.start(*words, stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"ready\n"
        ctr = place.client(client, "run")
        client.kill()
    assert processes.until(lambda: not processes.started(ctr), LIMIT)
    assert "RUNNING" in next(r for r in place.ctr("tasks", "ls").splitlines() if name in r)
    assert place.read(name, "/sig") == ""


def test_a_dry_run_makes_nothing(place: Place) -> None:
    before = place.left()
    name = unique("dry")
    done = place("run", "--dry-run", "-d", "--name", name, "-v", "/tmp:/x:ro", BUSYBOX, "a b")
    assert done.returncode == 0
    (line,) = done.stdout.splitlines()
    assert line.endswith(f"-- {BUSYBOX} {name} 'a b'")
    assert "--mount type=bind,src=/tmp,dst=/x,options=rbind:ro" in line
    assert place.left() == before
    assert not Path("/var/log/kuke-ctr", place.namespace, f"{name}.log").exists()
    attended = place("run", "--dry-run", "--name", name, BUSYBOX)
    assert attended.returncode == 0
    assert attended.stdout.endswith(f"-- {BUSYBOX} {name}\n")
    assert attended.stderr.count("+ ") == 1  # whether there is one of the name already


def test_a_log_file_of_ones_own_must_be_new(place: Place, tmp_path: Path) -> None:
    log = tmp_path / "a %41 log"
    log.write_text("mine")
    words = ("run", "-d", "--log-file", str(log), *place.own(), BUSYBOX, "echo", "hello")
    assert place(*words).returncode == 2
    assert log.read_text() == "mine"
    log.unlink()
    assert place(*words).returncode == 0
    assert processes.until(lambda: log.read_text() == "hello\n", LIMIT)


def test_capabilities_as_docker_names_them(any_place: Place) -> None:
    words = ("--cap-add", "net_admin", "--cap-drop", "CAP_CHOWN", BUSYBOX)
    show = ("grep", "CapEff", "/proc/self/status")
    done = any_place("run", "--rm", *any_place.own(), *words, *show)
    effective = int(done.stdout.split()[1], 16)
    assert effective & 1 << 12
    assert not effective & 1


def test_options_that_exclude_each_other(place: Place) -> None:
    for words in (
        ("--rm", "-d", BUSYBOX),
        ("--null-io", BUSYBOX),
        ("-d", "--null-io", "--fifo", BUSYBOX),
        ("-v", "named:/x", BUSYBOX),
        ("-e", "1=x", BUSYBOX),
        ("--name", "bad name", BUSYBOX),
        ("-v", "/nope:/x", BUSYBOX),
        ("--mount", "type=bind,src=/nope,dst=/x,options=rbind", BUSYBOX),
        ("--cwd", "rel", BUSYBOX),
        ("--cpus", "0", BUSYBOX),
        ("-o", "json", BUSYBOX),
    ):
        assert place("run", *words).returncode == 2, words
