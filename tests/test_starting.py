"""What ctr's last words mean when exec or run fails; the environment and mounts of a run."""

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from kuke_ctr.calls import Call
from kuke_ctr.errors import CtrFailed, KukeCtrError, NotFound, NotStarted, UsageError
from kuke_ctr.recipes.running import environment_of, make_log, mount_of, no_image, whole_name
from kuke_ctr.recipes.starting import start_failure
from kuke_ctr.session import Options, Session
from tests.fake_ctr import FakeCtr

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
        ("cannot exec in a stopped state: unknown", ["rm", "start"]),
        ("cannot exec in a paused state: unknown", ["resume"]),
    ],
)
def test_a_program_that_is_not_running_has_a_way_out(said: str, lines: list[str]) -> None:
    call = replace(CALL, namespace="team-a")
    error = start_failure(f"ctr: {said}\n".encode(), call, ["x"])
    assert error is not None
    found = re.findall("`[^`]*`", str(error.hint))
    assert found == [f"`kuke-ctr tasks {verb} c1 --namespace team-a`" for verb in lines]


@pytest.mark.parametrize(
    ("short", "whole"),
    [
        ("busybox", "docker.io/library/busybox:latest"),
        ("busybox:1.36", "docker.io/library/busybox:1.36"),
        ("grafana/loki", "docker.io/grafana/loki:latest"),
        ("ghcr.io/a/b", "ghcr.io/a/b:latest"),
        ("localhost/a", "localhost/a:latest"),
        ("127.0.0.1:5000/a", "127.0.0.1:5000/a:latest"),
        ("a@sha256:00", "docker.io/library/a@sha256:00"),
    ],
)
def test_a_short_name_has_a_whole_one(short: str, whole: str) -> None:
    assert whole_name(short) == whole
    assert whole_name(whole) == whole


@pytest.mark.parametrize(
    ("here", "there", "said"),
    [
        (
            ["docker.io/library/busybox:latest"],
            [],
            "its whole name is docker.io/library/busybox",
        ),
        ([], ["docker.io/library/busybox:latest"], "other has docker.io/library/busybox:latest: "),
        ([], ["busybox"], "the namespace other has it: "),
        (["x.io/a:1"], [], "there are: x.io/a:1; `kuke-ctr images pull docker.io/library/busybox:"),
    ],
)
def test_an_image_with_a_short_name_is_looked_for_by_its_whole_one(
    fake_ctr: FakeCtr, here: list[str], there: list[str], said: str
) -> None:
    fake_ctr.answer("namespaces", "ls", "-q", stdout="main\nother\n")
    for namespace, names in (("main", here), ("other", there)):
        listed = "".join(f"{name}\n" for name in names)
        fake_ctr.answer("-n", namespace, "images", "ls", "-q", stdout=listed)
    error = no_image(Session(Options()).ctr, "main", "busybox", NotFound(""))
    assert said in str(error.hint)


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


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="No such file"):
        environment_of([], ["/nope"], OURS)


def test_volumes_are_bind_mounts() -> None:
    assert mount_of("/a:/b") == "type=bind,src=/a,dst=/b,options=rbind:rw"
    assert mount_of("/a:/b:ro") == "type=bind,src=/a,dst=/b,options=rbind:ro"


@pytest.mark.parametrize("volume", ["/a", "/a:b", "/a:/b:z", "data:/b", "/a,x:/b"])
def test_other_volumes_are_refused(volume: str) -> None:
    with pytest.raises(UsageError):
        mount_of(volume)


def test_a_log_is_new_and_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kuke_ctr.recipes.running.LOGS", tmp_path / "logs")
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
