"""kuke-ctr exec on real daemons: exit codes, streams, signals, terminals."""

import hashlib
import os
import re
import signal
import subprocess  # noqa: TID251 (pipelines as a shell makes them)
from functools import partial
from pathlib import Path

import pytest

from scripts.lib import processes
from scripts.lib.containerd import unique
from tests.support.running import BUSYBOX, LIMIT, Place

PIPE = subprocess.PIPE
TRAPS = (
    'for s in HUP INT TERM PIPE USR1; do trap "echo $s >>/sig" $s; done; '
    "echo $$ >/pid; while :; do sleep 0.05; done"
)


def test_exit_codes_and_streams_of_each_version(any_place: Place) -> None:
    container = any_place.sleeper()
    done = any_place("exec", container, "sh", "-c", "echo out; echo err >&2; exit 5")
    assert (done.returncode, done.stdout, done.stderr) == (5, "out\n", "err\n")
    assert any_place("exec", container, "true").returncode == 0
    assert any_place("exec", container, "false").returncode == 1

    missing = any_place("exec", container, "nope")
    assert missing.returncode == 127
    assert missing.stderr.startswith("kuke-ctr: the container has no program 'nope'\n")
    assert any_place("exec", container, "/tmp").returncode == 126

    typo = any_place("exec", f"{container}x", "true")
    assert typo.returncode == 125
    assert f"the realm has: {container}" in typo.stderr

    any_place.ctr("tasks", "pause", container)
    paused = any_place("exec", container, "true")
    any_place.ctr("tasks", "resume", container)
    assert paused.returncode == 125
    assert f"tasks resume {container} --namespace {any_place.namespace}`" in paused.stderr

    any_place.ctr("tasks", "kill", "-s", "KILL", container)
    assert processes.until(lambda: "STOPPED" in any_place.ctr("tasks", "ls"), LIMIT)
    stopped = any_place("exec", container, "true")
    assert stopped.returncode == 125
    assert f"the container {container} is not running" in stopped.stderr
    (starting,) = re.findall(r"`kuke-ctr (start \S+) --namespace \S+`", stopped.stderr)
    assert any_place(*starting.split()).returncode == 0
    assert "RUNNING" in any_place.ctr("tasks", "ls")


def test_mistakes_get_a_hint_on_each_version(any_place: Place) -> None:
    container = any_place.sleeper()
    for code, hint, words in (
        (125, "a number instead", ("-u", "nosuch", container, "true")),
        (125, "--cwd must be the absolute path of a directory", ("-w", "/nope", container, "true")),
        (127, "options of kuke-ctr before", (container, "-it", "sh")),
        (2, "for example --cwd /tmp", ("-w", "rel", container, "true")),
        (2, "has no option -o", ("-o", "json", container, "true")),
        (2, "has no option -q", ("-q", container, "true")),
    ):
        done = any_place("exec", *words)
        assert done.returncode == code, done.stderr
        assert hint in done.stderr


def test_a_program_may_speak_as_ctr_does(any_place: Place) -> None:
    container = any_place.sleeper()
    for said in ("ctr: my own words", 'ctr: image "x": not found'):
        for _ in range(5):
            done = any_place("exec", container, "sh", "-c", f"echo '{said}' >&2; exit 1")
            assert (done.returncode, done.stderr) == (1, f"{said}\n")


def test_a_time_limit_is_told(place: Place) -> None:
    container = place.sleeper()
    done = place("exec", "--timeout", "1", container, "sleep", "30")
    assert done.returncode == 124
    assert "the time limit of 1 second passed: the process got SIGTERM" in done.stderr
    with place.sit("exec", "-t", "--timeout", "1", container, "sleep", "30") as seat:
        assert seat.wait() == 124
        assert seat.sees(b"the time limit of 1 second passed: the process got SIGHUP")


def test_an_id_that_cannot_be_written_is_told(place: Place) -> None:
    container, name = place.sleeper(), unique("full")
    for words, said in (
        (("exec", "-d", container, "sleep", "77"), f"in {container} is running"),
        (("run", "-d", "--name", name, *place.own(), BUSYBOX, "sleep", "77"), f"{name} is running"),
    ):
        with (
            Path("/dev/full").open("wb") as full,
            place.start(*words, stdout=full, stderr=PIPE) as client,
        ):
            _, err = client.communicate(timeout=60)
        assert client.returncode == 125
        first, hint = err.decode().splitlines()
        assert first.startswith("kuke-ctr: ")
        assert f"{said}, but its id could not be written to stdout" in first
        assert hint.startswith("hint: `kuke-ctr tasks ")
    assert "sleep 77" in place.processes(container)
    assert "sleep 77" in place.processes(name)


def test_stdin_is_passed_on_with_i_and_only_then(any_place: Place) -> None:
    container = any_place.sleeper()
    assert any_place("exec", "-i", container, "cat", stdin="typed").stdout == "typed"
    assert any_place("exec", "-i", container, "cat", stdin="").stdout == ""
    assert any_place("exec", container, "cat", stdin="not for it").stdout == ""
    assert any_place.execs(container) == 0

    script = 'while read line; do "$0" -n "$1" exec "$2" echo "got $line"; done'
    program, _, namespace = any_place.argv()
    loop = subprocess.run(
        ["sh", "-c", script, program, namespace, container],
        input=b"one\ntwo\n",
        capture_output=True,
        env=any_place.kuke.environment,
        timeout=60,
        check=False,
    )
    assert loop.stdout == b"got one\ngot two\n"


def test_options_end_at_the_container(place: Place) -> None:
    container = place.sleeper()
    assert place("exec", container, "echo", "--realm", "x", "-t").stdout == "--realm x -t\n"
    assert place("exec", container, "printf", "%s.", "-n", "-t").stdout == "-n.-t."


def test_folder_user_and_environment(place: Place) -> None:
    container = place.sleeper()
    assert place("exec", "-w", "/tmp", container, "sh", "-c", "pwd").stdout == "/tmp\n"
    assert place("exec", "-u", "65534", container, "id", "-u").stdout == "65534\n"
    done = place("exec", "-x", "-e", "A=b c", container, "sh", "-c", 'echo "$A"')
    assert done.stdout == "b c\n"
    assert "ctr exec has no --env" in done.stderr
    refused = place("exec", "-e", "HOME", container, "true")
    assert refused.returncode == 2


def test_fifty_mebibytes_arrive_byte_for_byte_and_stderr_apart(
    any_place: Place, tmp_path: Path
) -> None:
    container = any_place.sleeper()
    data = os.urandom(1 << 20) * 50
    (tmp_path / "data").write_bytes(data)
    with (tmp_path / "data").open("rb") as file:
        words = ("exec", "-i", container, "sh", "-c", "echo apart >&2; cat")
        client = any_place.start(*words, stdin=file, stdout=PIPE, stderr=PIPE)
        out, err = client.communicate(timeout=60)
    assert client.returncode == 0
    assert hashlib.sha256(out).digest() == hashlib.sha256(data).digest()
    assert err == b"apart\n"


def test_what_is_printed_last_arrives_where_ctr_itself_loses_it(any_place: Place) -> None:
    container = any_place.sleeper()
    lines = "123456789\n" * 30_000
    text = f"yes 123456789 | head -n {len(lines) // 10}"
    for _ in range(3):  # ctr 2.1 loses the end of most of them
        done = any_place("exec", "-t", "--force-tty", container, "sh", "-c", text)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.replace("\r", "") == lines


def _last_signal_is(place: Place, container: str, line: str) -> bool:
    return place.read(container, "/sig").splitlines(keepends=True)[-1:] == [line]


def test_a_signal_is_forwarded_and_nothing_more(any_place: Place) -> None:
    container = any_place.sleeper()
    client = any_place.start("exec", container, "sh", "-c", TRAPS)
    assert processes.until(lambda: any_place.read(container, "/pid") != "", LIMIT)
    for number, seen in ((signal.SIGHUP, "HUP"), (signal.SIGUSR1, "USR1"), (signal.SIGINT, "INT")):
        client.send_signal(number)
        line = f"{seen}\n"
        assert processes.until(partial(_last_signal_is, any_place, container, line), LIMIT)
    assert client.poll() is None
    assert any_place.read(container, "/sig") == "HUP\nUSR1\nINT\n"
    any_place.inside(container, "sh", "-c", "kill -9 $(cat /pid)")
    assert client.wait(LIMIT) == 137
    assert any_place.execs(container) == 0


def test_a_signal_in_the_first_moment_ends_it_and_leaves_nothing(place: Place) -> None:
    container = place.sleeper()
    client = place.start("exec", container, "sleep", "77")
    place.client(client, "exec")
    client.send_signal(signal.SIGTERM)
    assert client.wait(LIMIT) in (143, 125)
    assert processes.until(lambda: "sleep 77" not in place.processes(container), LIMIT)


def test_a_dropped_connection_does_not_end_a_dump(place: Place) -> None:
    container = place.sleeper()
    dump = "echo started; sleep 0.5; echo more; echo more >&2; sleep 0.5; echo done >/finished"
    with place.sit("exec", container, "sh", "-c", dump) as seat:
        assert seat.sees(b"started")
        seat.hang_up()
        assert seat.wait() == 0
    assert place.read(container, "/finished") == "done\n"
    assert place.execs(container) == 0


def test_a_dropped_connection_without_a_terminal_does_not_end_a_dump(place: Place) -> None:
    container = place.sleeper()
    dump = "echo started; sleep 0.5; echo more; echo more >&2; sleep 0.3; echo done >/finished"
    client = place.start(
        *("exec", container, "sh", "-c", dump), stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    assert client.stdin is not None
    assert client.stdout is not None
    assert client.stderr is not None
    assert client.stdout.readline() == b"started\n"
    for pipe in (client.stdin, client.stdout, client.stderr):
        pipe.close()
    assert client.wait(LIMIT) == 0
    assert place.read(container, "/finished") == "done\n"


def test_a_reader_that_goes_ends_the_process_as_in_a_shell(place: Place) -> None:
    container = place.sleeper()
    client = place.start("exec", container, "yes", stdout=PIPE)
    assert client.stdout is not None
    assert client.stdout.read(2) == b"y\n"
    client.stdout.close()
    assert client.wait(LIMIT) == 141
    assert processes.until(lambda: "yes" not in place.processes(container), LIMIT)


def test_kill_9_leaves_no_client_and_the_process_runs_on(place: Place) -> None:
    container = place.sleeper()
    client = place.start("exec", container, "sh", "-c", TRAPS)
    assert processes.until(lambda: place.read(container, "/pid") != "", LIMIT)
    ctr = place.client(client, "exec")
    client.kill()
    client.wait()
    assert processes.until(lambda: not processes.started(ctr), LIMIT)
    assert place.read(container, "/sig") == ""
    assert any(TRAPS in line for line in place.processes(container))


def test_on_a_terminal_of_each_version(any_place: Place) -> None:
    container = any_place.sleeper()
    wait = "until [ \"$(stty size)\" = '%s' ]; do sleep 0.05; done; "
    script = wait % "24 80" + "echo ready; " + wait % "33 120" + "echo resized; "
    script += "read line; echo got $line; exit 7"
    with any_place.sit("exec", "-it", container, "sh", "-c", script) as seat:
        assert seat.sees(b"ready")
        seat.resize(33, 120)
        assert seat.sees(b"resized")
        seat.type(b"hello\r")
        assert seat.wait() == 7
        assert seat.sees(b"got hello")
        assert seat.modes() == seat.modes_before
    assert any_place.execs(container) == 0


def test_a_short_process_on_a_terminal_has_its_own_exit_code(place: Place) -> None:
    """ctr can't resize the window of one that has ended, and says so: that is no failure."""
    container = place.sleeper()
    for _ in range(5):
        with place.sit("exec", "-it", container, "sh", "-c", "exit 3") as seat:
            assert seat.wait() == 3
            assert b"resize" not in seat.shown


@pytest.mark.parametrize("how", ["HUP", "TERM", "INT", "hang up"])
def test_with_a_terminal_the_process_gets_hup_and_its_record_goes(place: Place, how: str) -> None:
    container = place.sleeper()
    script = "trap 'echo HUP >>/sig; exit 0' HUP; echo ready; while :; do sleep 0.05; done"
    with place.sit("exec", "-t", container, "sh", "-c", script) as seat:
        assert seat.sees(b"ready")
        if how == "hang up":
            seat.hang_up()
        else:
            seat.kill(signal.Signals[f"SIG{how}"])
        assert seat.wait() in (129, 130, 143, 0)
        assert how == "hang up" or seat.modes() == seat.modes_before
    assert place.read(container, "/sig") == "HUP\n"
    assert place.execs(container) == 0


def test_a_missing_program_on_a_terminal(place: Place) -> None:
    container = place.sleeper()
    with place.sit("exec", "-it", container, "nope") as seat:
        assert seat.wait() == 127
        assert seat.sees(b"the container has no program 'nope'")
        assert seat.modes() == seat.modes_before
    assert place.execs(container) == 0


def test_t_without_a_terminal_is_refused_or_forced(place: Place) -> None:
    container = place.sleeper()
    refused = place("exec", "-t", container, "ls")
    assert refused.returncode == 2
    assert "--force-tty" in refused.stderr
    forced = place("exec", "--force-tty", "-t", container, "sh", "-c", "tty; cat", stdin="x\n")
    assert forced.returncode == 0
    assert "/dev/pts/" in forced.stdout


def test_detached_it_prints_its_id_and_never_blocks(any_place: Place) -> None:
    container = any_place.sleeper()
    flood = "yes | head -c 1000000; echo done >/finished"
    done = any_place("exec", "-d", container, "sh", "-c", flood)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("kuke-ctr-")
    assert processes.until(lambda: any_place.read(container, "/finished") == "done\n", LIMIT)


def test_a_dry_run_prints_the_command_and_runs_nothing(place: Place) -> None:
    container = place.sleeper()
    done = place("exec", "--dry-run", container, "touch", "/a b")
    assert done.returncode == 0
    assert done.stdout.endswith(f"-- {container} touch '/a b'\n")
    assert not place.seen(container, "/a b").exists()
    kubectl = place("exec", "--dry-run", container, "--", "ls", "--", "x")
    assert kubectl.stdout.endswith(f"-- {container} ls -- x\n")
    assert place("exec", "--replay", "/nowhere", container, "ls").returncode in (2, 125)
