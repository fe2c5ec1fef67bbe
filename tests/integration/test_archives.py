"""Import and export on real containerds, checked by ctr -q and the files."""

import json
import os
import shlex
import signal
import subprocess  # noqa: TID251 (a program that is interrupted)
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.lib import processes
from scripts.lib.containerd import PrivateContainerd, unique
from scripts.lib.images import Archive, busybox
from scripts.lib.kukeon import write_record
from scripts.lib.seat import Seat
from tests.support.runner import PROGRAM
from tests.support.transfer_host import INDEX, MIB, A, B, On, complete, in_work, names


def files_of(folder: Path) -> list[str]:
    """The names of everything in it."""
    return sorted(entry.name for entry in folder.iterdir())


def test_a_line_on_the_terminal_shows_how_far_an_import_is(
    containerd: PrivateContainerd, namespace: str, on: On, archives: Path
) -> None:
    archive = (archives / "big.tar").read_bytes()
    read_end, write_end = os.pipe()
    words = [str(PROGRAM), "images", "import", "-n", namespace, "-"]
    with Seat(words, on(containerd).environment, stdin=read_end) as seat:
        os.close(read_end)
        half = len(archive) // 2
        with os.fdopen(write_end, "wb") as pipe:
            pipe.write(archive[:half])
            assert seat.sees(b"\rimporting stdin: 3.0 MiB"), bytes(seat.shown)
            pipe.write(archive[half:])
        assert seat.wait() == 0
        assert seat.sees(b"example.com/big:1")
    assert b" \rREF " in seat.shown  # the line is gone
    assert complete(containerd, namespace) == ["example.com/big:1"]


def test_an_import_shows_what_landed_and_a_second_one_that_nothing_is_new(
    any_containerd: PrivateContainerd, namespace: str, on: On, archives: Path
) -> None:
    kuke = on(any_containerd)
    any_containerd.ctr("namespaces", "create", namespace)
    archive = str(archives / "plain.tar")
    first = kuke("images", "import", "-n", namespace, archive, "-o", "json")
    assert (first.returncode, first.stderr) == (0, "")
    assert [image["ref"] for image in json.loads(first.stdout)] == [A, B]
    assert complete(any_containerd, namespace) == names(any_containerd, namespace) == [A, B]

    again = kuke("images", "import", "-n", namespace, archive, "-q")
    assert (again.returncode, again.stdout) == (0, f"{A}\n{B}\n")
    assert again.stderr == "nothing is new; the realm already had these images\n"

    other = kuke("images", "import", "-n", namespace, str(archives / "index.tar"), "-q")
    assert (other.returncode, other.stdout, other.stderr) == (0, f"{INDEX}\n", "")


def test_an_import_from_a_pipe(
    any_containerd: PrivateContainerd, namespace: str, on: On, archives: Path
) -> None:
    kuke = on(any_containerd)
    any_containerd.ctr("namespaces", "create", namespace)
    with (archives / "plain.tar").open("rb") as archive:
        done = subprocess.run(
            [PROGRAM, "images", "import", "-n", namespace, "--no-unpack", "-", "-o", "jsonl"],
            stdin=archive,
            capture_output=True,
            env=kuke.environment,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, b"")
    assert [json.loads(line)["ref"] for line in done.stdout.splitlines()] == [A, B]
    assert names(any_containerd, namespace) == [A, B]
    assert complete(any_containerd, namespace) == []


def test_an_import_shows_every_form(
    containerd: PrivateContainerd, namespace: str, on: On, archives: Path
) -> None:
    kuke = on(containerd)
    for form in ("table", "yaml", "csv", "name"):
        shown = kuke("images", "import", "-n", namespace, str(archives / "plain.tar"), "-o", form)
        assert (shown.returncode, shown.stdout.count(A)) == (0, 1), form
    raw = kuke("images", "import", "-n", namespace, str(archives / "plain.tar"), "-o", "raw")
    assert raw.returncode == 0
    assert "unpacking" in raw.stdout or "\tsaved\t" in raw.stdout


def test_an_import_with_nothing_that_fits_is_not_found(
    any_containerd: PrivateContainerd, namespace: str, on: On, archives: Path
) -> None:
    kuke = on(any_containerd)
    words = ("images", "import", "-n", namespace, "--platform", "linux/ppc64le")
    done = kuke(*words, str(archives / "index.tar"))
    assert done.returncode == 3, done.stderr
    assert "platform" in done.stderr
    assert done.stderr.count("hint: ") == 1


def test_a_base_name_that_nothing_has_is_not_taken_for_success(
    any_containerd: PrivateContainerd, namespace: str, on: On, archives: Path
) -> None:
    words = ("images", "import", "-n", namespace, "--base-name", "example.org/none")
    done = on(any_containerd)(*words, str(archives / "plain.tar"), "-q")
    landed = names(any_containerd, namespace)
    # up to 1.7 a whole name in the archive counts, whatever the base name
    assert (done.returncode, done.stdout) == ((0, f"{A}\n{B}\n") if landed else (3, ""))
    assert landed == ([A, B] if any_containerd.version.startswith("1.") else [])


def test_a_name_that_kukeon_cannot_find_gets_the_line_that_helps(
    containerd: PrivateContainerd,
    namespace: str,
    on: On,
    programs_of: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    archive = Archive()
    archive.name(busybox(archive, programs_of("native") / "busybox"), "app:2")
    packed = str(archive.write(tmp_path / "app.tar"))
    run_path = tmp_path / "run"
    write_record(run_path, "main", namespace)
    kuke = on(containerd).set(KUKEON_RUN_PATH=str(run_path))
    words = ("images", "import", "-r", "main", "-q", packed)
    done = kuke(*words)
    assert (done.returncode, done.stdout) == (0, "app:2\n")
    assert "Kukeon looks for app:2 under the name docker.io/library/app:2." in done.stderr
    assert kuke(*shlex.split(done.stderr.split("`")[1])[1:]).returncode == 0
    assert names(containerd, namespace) == ["app:2", "docker.io/library/app:2"]
    assert "Kukeon" not in kuke(*words).stderr


def test_where_the_namespace_comes_from_decides_whether_it_is_made(
    containerd: PrivateContainerd, namespace: str, on: On, archives: Path, tmp_path: Path
) -> None:
    kuke, archive = on(containerd), str(archives / "plain.tar")
    guessed = unique("guessed")
    done = kuke("images", "import", "-r", guessed, archive)
    assert (done.returncode, done.stdout) == (3, "")
    assert "--create-namespace" in done.stderr
    assert f"kukeon-{guessed}" not in containerd.ctr("namespaces", "ls", "-q").stdout.split()
    done = kuke("images", "import", "-r", guessed, "--create-namespace", archive, "-q")
    assert (done.returncode, done.stdout) == (0, f"{A}\n{B}\n")
    assert names(containerd, f"kukeon-{guessed}") == [A, B]

    write_record(tmp_path / "run", "main", namespace)
    done = kuke("images", "import", "-r", "main", archive, "-q")
    assert (done.returncode, names(containerd, namespace)) == (0, [A, B])


@pytest.mark.parametrize(
    ("what", "exit_code", "hint"),
    [("nothing.tar", 2, "archive"), ("", 2, "tar -C"), ("data", 1, "docker save")],
)
def test_what_is_no_archive_is_one_sentence(
    containerd: PrivateContainerd,
    namespace: str,
    on: On,
    archives: Path,
    what: str,
    exit_code: int,
    hint: str,
) -> None:
    done = on(containerd)("images", "import", "-n", namespace, str(archives / what))
    assert (done.returncode, done.stdout) == (exit_code, "")
    assert hint in done.stderr
    assert "Traceback" not in done.stderr


def test_an_archive_that_is_cut_off_leaves_no_image(
    any_containerd: PrivateContainerd, namespace: str, on: On, archives: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.tar"
    cut.write_bytes((archives / "plain.tar").read_bytes()[: MIB // 2])
    done = on(any_containerd)("images", "import", "-n", namespace, str(cut))
    assert (done.returncode, done.stdout) == (1, "")
    assert "ends too early" in done.stderr
    assert names(any_containerd, namespace) == []


def test_from_docker_streams_what_docker_saves(
    containerd: PrivateContainerd, namespace: str, on: On, archives: Path, tmp_path: Path
) -> None:
    docker = tmp_path / "docker"
    docker.write_text(
        "#!/bin/sh\n"
        f'case "$1 $2" in "save app:1") cat {archives}/plain.tar;; "save loop:1") yes;;\n'
        '*) echo "Error response: no such image: $2" >&2; exit 1;; esac\n'
    )
    docker.chmod(0o755)
    kuke = on(containerd)
    kuke = kuke.set(PATH=f"{tmp_path}{os.pathsep}{kuke.environment['PATH']}")
    words = ("images", "import", "-n", namespace, "--from-docker")
    gone = kuke(*words, "gone:1")
    assert (gone.returncode, gone.stdout) == (1, "")
    assert "docker: Error response: no such image: gone:1" in gone.stderr
    endless = kuke(*words, "loop:1", timeout=20)
    assert (endless.returncode, endless.stdout) == (1, "")
    assert names(containerd, namespace) == []
    planned = kuke(*words, "app:1", "--dry-run")
    assert planned.stdout == f"docker save app:1 | ctr -n {namespace} images import -\n".replace(
        "ctr", f"ctr -a {containerd.address}", 1
    )
    done = kuke(*words, "app:1", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{A}\n{B}\n", "")
    assert names(containerd, namespace) == [A, B]


def test_without_docker_from_docker_says_so(
    containerd: PrivateContainerd, namespace: str, on: On, tmp_path: Path
) -> None:
    kuke = on(containerd).set(PATH=str(containerd.programs))
    done = kuke("images", "import", "-n", namespace, "--from-docker", "app:1")
    assert (done.returncode, done.stdout) == (127, "")
    assert "docker is not installed" in done.stderr


def test_an_export_is_whole_and_comes_back(
    any_containerd: PrivateContainerd, namespace: str, on: On, archives: Path, tmp_path: Path
) -> None:
    kuke = on(any_containerd)
    any_containerd.import_image(archives / "plain.tar", namespace=namespace)
    target = tmp_path / "out" / "x.tar"
    target.parent.mkdir()
    target.write_text("an older file")
    target.chmod(0o640)
    done = kuke("images", "export", "-n", namespace, str(target), A, B, "-o", "json")
    assert (done.returncode, done.stderr) == (0, "")
    size = target.stat().st_size
    (said,) = json.loads(done.stdout)
    assert (said["path"], said["size_bytes"], said["images"]) == (str(target), size, [A, B])
    assert files_of(target.parent) == ["x.tar"]
    assert target.stat().st_mode & 0o777 == 0o640
    with tarfile.open(target) as archive:
        assert {"index.json", "oci-layout"} <= set(archive.getnames())

    piped = kuke.set(NS=namespace, IMAGE=A)
    both = subprocess.run(
        [
            *("sh", "-c"),
            f'"{PROGRAM}" images export -n $NS - $IMAGE | "{PROGRAM}" images import -n $NS-2 - -q',
        ],
        capture_output=True,
        text=True,
        env=piped.environment,
        timeout=60,
        check=False,
    )
    assert (both.returncode, both.stdout) == (0, f"{A}\n"), both.stderr
    (told,) = both.stderr.splitlines()
    assert told.startswith(f"note: there is no namespace {namespace}-2 yet")
    assert complete(any_containerd, f"{namespace}-2") == [A]
    done = kuke("images", "import", "-n", f"{namespace}-3", str(target), "-q")
    assert (done.returncode, names(any_containerd, f"{namespace}-3")) == (0, [A, B])


def test_a_failed_export_leaves_the_older_file_and_nothing_else(
    any_containerd: PrivateContainerd, namespace: str, on: On, archives: Path, tmp_path: Path
) -> None:
    kuke = on(any_containerd)
    any_containerd.import_image(archives / "index.tar", namespace=namespace)
    target = tmp_path / "out" / "x.tar"
    target.parent.mkdir()
    exports = ("images", "export", "-n", namespace, "--all-platforms", str(target), INDEX)
    # 2.x has imported the content of both platforms, and gives one up a moment later
    assert processes.until(lambda: kuke(*exports).returncode == 3, 20)
    target.unlink(missing_ok=True)
    done = kuke(*exports)
    assert (done.returncode, done.stdout) == (3, ""), done.stderr
    assert "--all-platforms" in done.stderr
    assert files_of(target.parent) == []
    target.write_text("older")
    done = kuke("images", "export", "-n", namespace, str(target), "example.com/none:1")
    assert (done.returncode, target.read_text()) == (3, "older")
    assert "there is no image example.com/none:1" in done.stderr
    full = kuke("images", "export", "-n", namespace, "/dev/full", INDEX)
    assert full.returncode == 1
    assert "write /dev/full: no space left" in full.stderr
    assert "hint: that disk is full; free space there" in full.stderr
    assert files_of(target.parent) == ["x.tar"]


def test_an_export_whose_reader_leaves_is_silent(
    any_containerd: PrivateContainerd, namespace: str, on: On, archives: Path
) -> None:
    any_containerd.import_image(archives / "big.tar", "--no-unpack", namespace=namespace)
    program = subprocess.Popen(
        [PROGRAM, "images", "export", "-n", namespace, "-", "example.com/big:1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=on(any_containerd).environment,
    )
    assert program.stdout is not None
    assert program.stderr is not None
    program.stdout.read(1000)
    program.stdout.close()
    assert program.stderr.read() == b""
    program.stderr.close()
    assert program.wait(30) == 141


def test_ctrl_c_ends_an_import_and_the_next_one_completes_it(
    any_containerd: PrivateContainerd, namespace: str, on: On, archives: Path
) -> None:
    kuke = on(any_containerd)
    data = (archives / "big.tar").read_bytes()
    program = subprocess.Popen(
        [PROGRAM, "images", "import", "-n", namespace, "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=kuke.environment,
    )
    assert program.stdin is not None
    assert program.stderr is not None
    program.stdin.write(data[: 3 * MIB])
    program.stdin.flush()
    assert processes.until(lambda: b"big" in in_work(any_containerd, namespace), 20)
    begin = time.monotonic()
    program.send_signal(signal.SIGINT)
    said = program.stderr.read().decode()
    program.stderr.close()
    assert program.wait(20) == 130
    assert time.monotonic() - begin < 10
    program.stdin.close()
    assert "interrupted; 1 blob is partly transferred" in said
    assert f"content active --namespace {namespace}" in said
    done = kuke("images", "import", "-n", namespace, str(archives / "big.tar"), "-q")
    assert (done.returncode, done.stdout) == (0, "example.com/big:1\n"), done.stderr
    assert complete(any_containerd, namespace) == ["example.com/big:1"]


def test_ctrl_c_ends_an_export_and_no_file_is_left(
    containerd: PrivateContainerd, namespace: str, on: On, archives: Path, tmp_path: Path
) -> None:
    containerd.import_image(archives / "big.tar", "--no-unpack", namespace=namespace)
    held = tmp_path / "bin"
    held.mkdir()
    (held / "ctr").write_text(  # the real one, but it never ends
        f'#!/bin/sh\n"{containerd.programs}/ctr" "$@"\n'
        f'case "$*" in *export*) touch {tmp_path}/written; sleep 60;; esac\n'
    )
    (held / "ctr").chmod(0o755)
    kuke = on(containerd).set(PATH=f"{held}{os.pathsep}{os.environ['PATH']}")
    out = tmp_path / "out"
    out.mkdir()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        (tmp_path / "written").unlink(missing_ok=True)
        program = subprocess.Popen(
            [PROGRAM, "images", "export", "-n", namespace, str(out / "x"), "example.com/big:1"],
            stderr=subprocess.DEVNULL,
            env=kuke.environment,
        )
        assert processes.until((tmp_path / "written").exists, 20)
        program.send_signal(number)
        assert program.wait(20) == (130 if number is signal.SIGINT else -number)
        assert files_of(out) == []
