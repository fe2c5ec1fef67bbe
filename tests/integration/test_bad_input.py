"""Every input that can't be right, on a real host: one sentence, a hint, the code, no harm."""

import contextlib
import json
import os
import signal
import subprocess  # noqa: TID251 (the tests start what the package is)
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.kukeon_host import KukeonHost, write_record
from tests.support.runner import KukeCtr

Done = subprocess.CompletedProcess[str]
REALM = "kind: Realm\nmetadata: {name: main}\nspec: {namespace: team-d}\n"


@pytest.fixture
def on_host(kukeon_host: KukeonHost, kuke_ctr: KukeCtr) -> KukeCtr:
    kukeon_host.forget()
    return kukeon_host.on(kuke_ctr)


def one_sentence(done: Done, code: int, said: str) -> None:
    """An error as it has to be: nothing on stdout, one sentence, one hint, no traceback."""
    assert (done.returncode, done.stdout) == (code, "")
    lines = done.stderr.splitlines()
    assert said in lines[0], done.stderr
    assert [line for line in lines if line.startswith("hint: ")] == lines[1:2]
    assert len(lines) <= 3
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--realm", "../etc"), "'../etc' is not a valid realm name"),
        (("--realm", ""), "'' is not a valid realm name"),
        (("--realm", "a" * 77), "the realm name has 77 characters"),
        (("--namespace", "a b"), "'a b' is not a valid namespace name"),
        (("-r", "main", "-o", "xml"), "unknown format 'xml'"),
        (("-r", "main", "--columns", "ref,colour"), "unknown column 'colour'"),
        (("-r", "main", "--sort-by", "colour"), "unknown column 'colour'"),
        (("-r", "main", "--realm", "old"), "--realm was given twice"),
        (("-r", "main", "-A"), "--realm and --all-realms cannot be combined"),
        (("-r", "main", "--timeout", "soon"), "--timeout 'soon' is not a time"),
        (("-r", "main", "--ctr", "sudo ctr"), "sudo cannot stand before ctr"),
        (("-r", "main", "--ctr", "env FOO=1 /usr/bin/sudo ctr"), "/usr/bin/sudo cannot stand"),
        (("-r", "main", "--replay", "/nonexistent"), "/nonexistent"),
    ],
)
def test_wrong_words_start_nothing(
    on_host: KukeCtr, kukeon_host: KukeonHost, words: tuple[str, ...], said: str
) -> None:
    one_sentence(on_host("images", "ls", *words), 2, said)
    assert kukeon_host.calls == []


def _big(path: Path) -> None:
    path.write_text(REALM)
    os.truncate(path, 100_000_000)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_text("a: [b"), "is neither YAML nor JSON"),
        (lambda path: path.write_text("kind: Realm\nmetadata: {name: x}\n"), "no realm main"),
        (lambda path: path.write_text(f"{REALM}---\n{REALM}"), "has 2 realms with the name main"),
        (lambda path: path.mkdir(), "is a directory"),
        (_big, "has 100 MB"),
        (lambda path: path.write_text(REALM.replace("team-d", "../etc")), "spec.namespace"),
        (lambda path: path.write_text(REALM.replace("team-d", "[1]")), "spec.namespace"),
        (lambda path: None, "does not exist"),
        (os.mkfifo, "is not a regular file"),
    ],
)
def test_a_manifest_that_cannot_be_right(
    on_host: KukeCtr,
    kukeon_host: KukeonHost,
    tmp_path: Path,
    make: Callable[[Path], object],
    said: str,
) -> None:
    manifest = tmp_path / "realm.yaml"
    make(manifest)
    done = on_host("images", "ls", "--realm", "main", "--manifest", str(manifest))
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr.splitlines()[0]
    assert str(manifest) in done.stderr
    assert kukeon_host.calls == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"spec": {"namespace": ', "is neither YAML nor JSON"),
        (
            '{"kind": "Realm", "spec": {"namespace": 12}}',
            "spec.namespace must be text, not a number",
        ),
        (
            '{"kind": "Realm", "spec": {"namespace": "../x"}}',
            "'../x' is not a valid namespace name",
        ),
        ('{"kind": "Realm", "spec": []}', "spec must be a mapping"),
        ('{"kind": "Space", "spec": {"namespace": "x"}}', "the record of a Space, not of a realm"),
    ],
)
def test_a_broken_record_is_never_passed_over(
    on_host: KukeCtr, kukeon_host: KukeonHost, tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "run" / "data" / "main" / "metadata.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    place = ("--run-path", str(tmp_path / "run"))
    done = on_host("images", "ls", "--realm", "main", *place)
    assert (done.returncode, done.stdout) == (2, "")
    assert str(path) in done.stderr
    assert said in done.stderr
    assert kukeon_host.calls == []
    # the list goes on without it, and says so
    listed = on_host("realms", "ls", *place)
    assert listed.returncode == 0
    assert "newer.kukeon.io" in listed.stdout
    assert str(path) in listed.stderr


def test_a_record_of_another_realm_is_told_and_stops_a_change(
    on_host: KukeCtr, kukeon_host: KukeonHost, tmp_path: Path
) -> None:
    write_record(tmp_path / "run/data/backup/metadata.json", "main", "kukeon-main")
    place = ("--realm", "backup", "--run-path", str(tmp_path / "run"))
    done = on_host("images", "ls", "-q", *place)
    assert done.returncode == 0
    assert "is the record of realm main, not of backup" in done.stderr
    kukeon_host.forget()
    one_sentence(on_host("ctr", *place, "--", "images", "rm", "x"), 2, "not of backup")
    assert kukeon_host.calls == []


@pytest.mark.parametrize("mode", [0o600, 0o000])
def test_a_record_that_nobody_may_read_is_a_warning_and_stops_a_change(
    on_host: KukeCtr, kukeon_host: KukeonHost, mode: int
) -> None:
    path = kukeon_host.run_path / "data/main/metadata.json"
    path.chmod(mode)
    words = ("--dry-run", "--ctr", "env ctr", "--realm", "main")
    environment = dict(on_host.environment)
    try:
        reading = kukeon_host.as_nobody(environment, "images", "ls", *words)
        changing = kukeon_host.as_nobody(environment, "ctr", *words, "--", "images", "rm", "x")
    finally:
        path.chmod(0o644)
    assert reading.returncode == 0, reading.stderr
    assert f"warning: permission denied reading {path}" in reading.stderr
    assert "-n main.kukeon.io images ls" in reading.stdout
    one_sentence(changing, 126, f"permission denied reading {path}")
    assert "sudo" in changing.stderr


def test_a_run_path_that_nobody_may_enter_is_one_warning(
    on_host: KukeCtr, kukeon_host: KukeonHost
) -> None:
    kukeon_host.run_path.chmod(0o700)
    environment = dict(on_host.environment)
    try:
        words = ("images", "ls", "--realm", "main", "--dry-run", "--ctr", "env ctr")
        done = kukeon_host.as_nobody(environment, *words)
    finally:
        kukeon_host.run_path.chmod(0o755)
    assert done.returncode == 0, done.stderr
    warned = [line for line in done.stderr.splitlines() if "the realm's record may name" in line]
    assert len(warned) == 1


def test_a_socket_without_permission_is_126_with_the_hint_of_sudo(
    on_host: KukeCtr, kukeon_host: KukeonHost, tmp_path: Path
) -> None:
    base = kukeon_host.daemon.base
    mode = base.stat().st_mode
    base.chmod(0o755)
    try:
        done = kukeon_host.as_nobody(dict(on_host.environment), "images", "ls", "-n", "default")
    finally:
        base.chmod(mode)
    one_sentence(done, 126, f"no permission to use containerd's socket {base}/c.sock")
    assert "hint: run the same command with --sudo" in done.stderr
    assert kukeon_host.calls == []


@pytest.mark.parametrize(
    ("make", "code", "said"),
    [
        (lambda path: None, 127, "does not exist"),
        (lambda path: path.write_text("#!/bin/sh\n"), 126, "is not executable"),
        (lambda path: path.mkdir(), 126, "is a directory"),
        (lambda path: (path.write_text("text"), path.chmod(0o755)), 126, "cannot execute"),
    ],
)
def test_a_ctr_that_cannot_be_started(
    on_host: KukeCtr, tmp_path: Path, make: Callable[[Path], object], code: int, said: str
) -> None:
    program = tmp_path / "a-ctr"
    make(program)
    done = on_host("images", "ls", "--realm", "main", "--ctr", str(program))
    one_sentence(done, code, said)
    assert done.stderr.splitlines()[2].startswith("not run: ")


def test_no_ctr_on_path_is_127(on_host: KukeCtr, tmp_path: Path) -> None:
    done = on_host.set(PATH=str(tmp_path))("images", "ls", "--realm", "main")
    one_sentence(done, 127, "ctr is not installed")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.write_text(""), "is not a socket"),
        (lambda path: path.mkdir(), "is not a socket"),
    ],
)
def test_a_socket_that_is_none_starts_nothing(
    on_host: KukeCtr,
    kukeon_host: KukeonHost,
    tmp_path: Path,
    make: Callable[[Path], object],
    said: str,
) -> None:
    path = tmp_path / "c.sock"
    make(path)
    done = on_host("images", "ls", "--realm", "main", "--address", str(path))
    one_sentence(done, 1, f"containerd's socket {path} {said}")
    assert kukeon_host.calls == []


@pytest.mark.parametrize("words", [("-n", "default"), ("--realm", "newer"), ("-A",)])
def test_a_hung_daemon_is_a_time_limit(
    on_host: KukeCtr, kukeon_host: KukeonHost, words: tuple[str, ...]
) -> None:
    pid = kukeon_host.daemon.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        done = on_host("images", "ls", *words, "--timeout", "0.5")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert (done.returncode, done.stdout) == (124, "")
    assert "did not answer within 0.5 seconds" in done.stderr
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one page, and that is taken."""
    folder = tmp_path / "full"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "none", str(folder)], check=True)
    try:
        with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as file:
            while file.write(b"x" * 1024):
                pass
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_under_a_recording(on_host: KukeCtr, full_disk: Path) -> None:
    folder = full_disk / "recorded"
    done = on_host("images", "ls", "--realm", "main", "--record", str(folder))
    one_sentence(done, 1, f"cannot record into {folder}: No space left on device")
    assert list(folder.iterdir()) == []


def test_a_full_disk_under_the_output(on_host: KukeCtr) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            ["kuke-ctr", "images", "ls", "--realm", "main"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=on_host.environment,
        )
    assert done.returncode == 1
    assert done.stderr == "kuke-ctr: cannot write to stdout: No space left on device\n"


def test_a_reader_that_goes_away_is_silent(on_host: KukeCtr) -> None:
    done = subprocess.run(
        ["bash", "-c", "kuke-ctr images ls -r main -o json | head -c 1; echo ${PIPESTATUS[0]}"],
        capture_output=True,
        text=True,
        check=True,
        env=on_host.environment,
    )
    assert done.stderr == ""
    assert done.stdout in ("[0\n", "[141\n")  # small outputs may fit into the pipe


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_bug(on_host: KukeCtr, closed: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"kuke-ctr images ls --realm main -o jsonl {closed}"],
        capture_output=True,
        text=True,
        check=False,
        env=on_host.environment,
    )
    assert (done.returncode, done.stderr) == (0, "")
    if ">&- 2" not in closed and closed == "2>&-":
        assert len([json.loads(line) for line in done.stdout.splitlines()]) == 2
    else:
        assert done.stdout == ""
