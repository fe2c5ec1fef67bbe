"""What ctr's last words mean when exec or run fails; the environment and mounts of a run."""

import os
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.container_flags import capability_of, folder_inside
from kuke_ctr.backends.ctr.failures.starting import start_failure
from kuke_ctr.errors import CtrFailed, KukeCtrError, NotFound, NotStarted, UsageError
from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.runner import Processes
from kuke_ctr.recipes.environment import environment_of
from kuke_ctr.recipes.run import make_log
from kuke_ctr.recipes.start import on_pipes
from kuke_ctr.recipes.volumes import absolute_source, mount_of, require_sources
from kuke_ctr.terminals.foreground import UserStreams

CALL = Call(("ctr", "-n", "main", "tasks", "exec", "--exec-id", "x", "--", "c1", "nope"))
EXEC = "ctr: OCI runtime exec failed: exec failed: unable to start container process: "
RUN = (
    "ctr: failed to create shim task: OCI runtime create failed: runc create failed: "
    "unable to start container process: "
)

# as 1.6 and 1.7 (with `: unknown`) and 2.x print them
SAID = [
    (f'{EXEC}exec: "nope": executable file not found in $PATH: unknown\n', NotStarted, 127),
    (f'{EXEC}exec: "nope": executable file not found in $PATH\n', NotStarted, 127),
    (f'{RUN}exec: "/nope/y": stat /nope/y: no such file or directory: unknown\n', NotStarted, 127),
    (f'{EXEC}exec: "/etc/passwd": permission denied: unknown\n', NotStarted, 126),
    (f'{RUN}exec: "/tmp": is a directory\n', NotStarted, 126),
    ("exec /bin/nope: no such file or directory\n", NotStarted, 127),
    ("exec /bin/nope: exec format error\n", NotStarted, 126),
    (f'{EXEC}chdir to cwd ("/x") set in config.json failed: no such file\n', CtrFailed, 1),
    ('ctr: container "c1" in namespace "main": not found\n', NotFound, 3),
    ("ctr: no running task found: task c1 not found: not found\n", CtrFailed, 1),
    ("ctr: cannot exec in a paused state: unknown\n", CtrFailed, 1),
    ('ctr: image "x": not found\n', NotFound, 3),
    ('ctr: snapshot "c1": already exists\n', CtrFailed, 1),
    ('time="x" level=warning msg="y"\nctr: task c1: already exists\n', CtrFailed, 1),
]


@pytest.mark.parametrize(("said", "kind", "code"), SAID)
def test_known_last_words_are_a_failed_start(
    said: str, kind: type[KukeCtrError], code: int
) -> None:
    error = start_failure(said.encode(), CALL, ["nope"])
    assert type(error) is kind
    assert error.exit_code == code


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (
            "ls -l /",
            "without quotes around all of them: ls -l / (or let a shell read it: sh -c 'ls -l /')",
        ),
        ("cd", "`cd` is a command of the shell; let a shell run it: sh -c 'cd ...'"),
        ("--foo", "put options of kuke-ctr before the container's ID"),
        ("nope", "looked for on the PATH of the image"),
    ],
)
def test_the_hint_fits_what_was_written(program: str, said: str) -> None:
    text = f'{EXEC}exec: "{program}": executable file not found in $PATH\n'
    error = start_failure(text.encode(), CALL, [program])
    assert error is not None
    assert said in (error.hint or "")


def test_the_images_own_command_is_known_by_runcs_words_alone() -> None:
    for said, code in (("no such file or directory", 127), ("exec format error", 126)):
        error = start_failure(f"exec /start.sh: {said}\n".encode(), CALL, [])
        assert error is not None
        assert error.exit_code == code


@pytest.mark.parametrize(
    "said",
    [
        "",
        "some error of the program\n",
        "ctr: something that nobody knows\n",
        f'{EXEC}exec: "nope": executable file not found in $PATH\nand then more\n',
        "exec /bin/other: no such file or directory\n",
    ],
)
def test_anything_else_is_the_programs_own(said: str) -> None:
    assert start_failure(said.encode(), CALL, ["nope"]) is None


@pytest.mark.parametrize(
    ("said", "lines"),
    [
        ("no running task found: task c1 not found: not found", ["start"]),
        ("cannot exec in a stopped state: unknown", ["start"]),
        ("cannot exec in a paused state: unknown", ["tasks resume"]),
    ],
)
def test_a_program_that_is_not_running_has_a_way_out(said: str, lines: list[str]) -> None:
    call = CALL._replace(argv=(*CALL.argv[:2], "team-a", *CALL.argv[3:]))
    error = start_failure(f"ctr: {said}\n".encode(), call, ["x"])
    assert error is not None
    found = re.findall("`[^`]*`", str(error.hint))
    assert found == [f"`kuke-ctr {verb} c1 --namespace team-a`" for verb in lines]
    assert "the container c1 is" in error.message


OWN_WORDS = "ctr: something that nobody knows\n"


@pytest.mark.parametrize(
    ("said", "opened", "failed"),
    [
        (OWN_WORDS, False, True),
        (OWN_WORDS, None, False),
        (OWN_WORDS, True, False),
        ('ctr: image "x": not found\n', None, True),
        ('ctr: image "x": not found\n', True, False),
        ("ctr: invalid mount specification: expected key=val\n", None, True),
        (f"{EXEC}chdir failed\n", True, True),
        ("a program's words\n", False, False),
    ],
)
def test_fifos_tell_whose_words_they_are(said: str, opened: bool | None, failed: bool) -> None:
    assert (start_failure(said.encode(), CALL, ["x"], opened) is not None) is failed


OPENS = "mkfifo x-stdout x-stderr; exec 5<>x-stdout 6<>x-stderr; sleep 0.5; "

Run = Callable[[str], tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs shell text in place of a ctr; gives the exit code, stdout and stderr, or raises."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "fifo"
    folder.mkdir()
    monkeypatch.setattr("kuke_ctr.terminals.fifos.FOLDER", folder)
    program = tmp_path / "ctr"
    files = [tmp_path / "out", tmp_path / "err"]

    def go(text: str) -> tuple[int, str, str]:
        program.write_text(f"#!/bin/sh\n{text}")
        program.chmod(0o755)
        ctr = Ctr(Processes(), (str(program),), None, str(tmp_path / "socket"), 5.0, print)
        ends = [os.open(file, os.O_RDWR | os.O_CREAT) for file in files]
        try:
            streams = UserStreams(stdout=ends[0], stderr=ends[1], timeout=20)
            outcome = on_pipes(ctr, ctr.call("run"), streams, lambda: False, ["x"])
        finally:
            for end in ends:
                os.close(end)
        return outcome.exit_code, files[0].read_text(), files[1].read_text()

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        listener.listen()
        yield go


@pytest.mark.parametrize("before", ["", "echo a page of usage; "])
def test_a_ctr_without_fifos_has_failed_itself(run: Run, before: str) -> None:
    with pytest.raises(CtrFailed, match="something that nobody knows"):
        run(f"{before}printf '{OWN_WORDS}' >&2; exit 1")


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (OPENS, OWN_WORDS),
        (OPENS, 'ctr: image "x": not found\n'),
        ("mkdir fifo/1; rmdir fifo/1; ", OWN_WORDS),  # too quick to be held
    ],
)
def test_a_process_keeps_its_own_words_and_exit_code(run: Run, before: str, said: str) -> None:
    assert run(f"{before}printf '{said}' >&2; exit 1") == (1, "", said)


def test_options_behind_the_container_are_told_as_such() -> None:
    said = f'{EXEC}exec: "-it": executable file not found in $PATH\n'
    error = start_failure(said.encode(), CALL, ["-it", "sh"])
    assert error is not None
    assert "options of kuke-ctr before" in str(error.hint)


OURS: Mapping[str, str] = {"SECRET": "hush", "LINES": "a\nb", "EMPTY": ""}


def test_values_go_by_a_file_without_a_name(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("# comment\n\n  A=1 # no comment\nSECRET\n")
    environment = environment_of(["SECRET", "EMPTY", "UNSET", "B=2"], [str(file)], OURS)
    words = environment.flags
    assert words[0] == "--env-file"
    assert words[2:] == ("--env", "B=2")
    assert Path(words[1]).read_text() == "A=1 # no comment\nSECRET=hush\nSECRET=hush\nEMPTY=\n"
    os.close(environment.hidden)


def test_nothing_hidden_needs_no_file() -> None:
    assert environment_of(["A=b"], [], OURS).flags == ("--env", "A=b")
    assert environment_of([], [], OURS).flags == ()


@pytest.mark.parametrize("given", ["LINES", "1A=b", "a b", "=x", ""])
def test_what_can_not_be_a_variable_is_refused(given: str) -> None:
    with pytest.raises(UsageError):
        environment_of([given], [], OURS)


def test_a_bad_line_of_a_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("A=1\n\n# comment\n=x\n")
    with pytest.raises(UsageError, match=f"--env-file {file}, line 4: '' is not the name"):
        environment_of([], [str(file)], OURS)


@pytest.mark.parametrize(
    ("data", "variables"),
    [
        (b"\xef\xbb\xbfA=1\n", "A=1\n"),
        (b"A=1\r\nB=2\r\n", "A=1\nB=2\n"),
        ("A=one\u2028two\x0bthree\x85\n".encode(), "A=one\u2028two\x0bthree\x85\n"),
        (b"A=1\r2\n", "A=1\r2\n"),
        (b"A=1", "A=1\n"),
    ],
)
def test_a_file_is_read_as_docker_reads_it(tmp_path: Path, data: bytes, variables: str) -> None:
    file = tmp_path / "env"
    file.write_bytes(data)
    environment = environment_of([], [str(file)], OURS)
    assert Path(environment.flags[1]).read_bytes().decode() == variables
    os.close(environment.hidden)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"A=1\nB=caf\xe9\n", "line 2 is not UTF-8"),
        (b"A=a\0b\n", "line 1: the value of A contains a NUL byte"),
    ],
)
def test_what_would_be_changed_on_its_way_is_refused(
    tmp_path: Path, data: bytes, said: str
) -> None:
    file = tmp_path / "env"
    file.write_bytes(data)
    with pytest.raises(UsageError, match=said) as refused:
        environment_of([], [str(file)], OURS)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("typed", "mount"),
    [
        ("type=bind,src=data,dst=/d,options=rbind:ro", "type=bind,src={},dst=/d,options=rbind:ro"),
        ("type=bind,source=data,dst=/d", "type=bind,source={},dst=/d"),
        ("src=data,dst=/d", "src={},dst=/d"),
        ("type=bind,src=/a,dst=/d", "type=bind,src=/a,dst=/d"),
        ("type=tmpfs,src=tmpfs,dst=/d", "type=tmpfs,src=tmpfs,dst=/d"),
        ("bogus", "bogus"),
    ],
)
def test_a_source_is_a_path_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, mount: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute_source(typed) == mount.format(tmp_path / "data")


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="No such file"):
        environment_of([], ["/nope"], OURS)


def test_volumes_are_bind_mounts() -> None:
    assert mount_of("/a:/b") == "type=bind,src=/a,dst=/b,options=rbind:rw"
    assert mount_of("/a:/b:ro") == "type=bind,src=/a,dst=/b,options=rbind:ro"


@pytest.mark.parametrize("volume", ["/a", "/a:b", "/a:/b:z", "data:/b", "/a,x:/b"])
def test_other_volumes_are_refused(volume: str) -> None:
    with pytest.raises(UsageError) as refused:
        mount_of(volume)
    assert refused.value.hint


@pytest.mark.parametrize("source", ["src", "source"])
def test_what_is_bound_must_exist(tmp_path: Path, source: str) -> None:
    require_sources([f"type=bind,{source}={tmp_path},dst=/x", "type=tmpfs,src=/nope", "bogus"])
    with pytest.raises(UsageError, match="/nope does not exist on this host"):
        require_sources([f"type=bind,{source}=/nope,dst=/x"])


def test_a_folder_to_start_in_is_absolute() -> None:
    assert folder_inside("/tmp") == "/tmp"
    with pytest.raises(UsageError, match="'tmp' is not an absolute path"):
        folder_inside("tmp")


def test_capabilities_have_two_names() -> None:
    assert {*map(capability_of, ("net_admin", "CAP_NET_ADMIN"))} == {"CAP_NET_ADMIN"}


def test_a_log_is_new_and_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kuke_ctr.recipes.run.LOGS", tmp_path / "logs")
    first = make_log("main", "c1", None, dry=False)
    assert first.path == tmp_path / "logs" / "main" / "c1.log"
    assert first.path.stat().st_mode & 0o777 == 0o640
    assert first.path.parent.stat().st_mode & 0o777 == 0o750
    first.path.write_text("of an earlier one")
    second = make_log("main", "c1", None, dry=False)
    assert second.path != first.path
    assert first.path.read_text() == "of an earlier one"
    second.remove()
    assert not second.path.exists()
    with pytest.raises(UsageError, match="exists already"):
        make_log("main", "c1", str(first.path), dry=False)
    dry = make_log("main", "c2", None, dry=True)
    dry.remove()
    assert not dry.path.exists()


def test_a_log_names_itself_in_a_url(tmp_path: Path) -> None:
    log = make_log("main", "c1", str(tmp_path / "a b%.log"), dry=False)
    assert log.uri == f"file://{tmp_path}/a%20b%25.log"
