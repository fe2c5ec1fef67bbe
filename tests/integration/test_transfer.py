"""Archives and registries on real containerds, checked by ctr -q, the registry and the files."""

import io
import json
import os
import signal
import subprocess  # noqa: TID251 (a program that is interrupted)
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.lib import processes, registry
from scripts.lib.containerd import PrivateContainerd, unique
from scripts.lib.images import Archive, busybox
from scripts.lib.kukeon import record_path, write_record
from scripts.lib.registry import Registry
from scripts.lib.seat import Seat
from tests.support.runner import PROGRAM, KukeCtr

A, B, INDEX = "example.com/a:1", "example.com/b:1", "example.com/index:1"
SECRET = "hunter2 & Ünïcode"
MIB = 1 << 20

MIXED = [("2.1", "1.6"), ("2.1", "1.7"), ("1.6", "2.1")]
"""The version of a ctr -> that of the daemon that it talks to."""


@pytest.fixture(scope="package")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry for everybody, without TLS."""
    with registry.running(tmp_path_factory.mktemp("plain")) as running:
        yield running


@pytest.fixture(scope="package")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that wants a name and a password."""
    folder = tmp_path_factory.mktemp("guarded")
    with registry.running(folder, user="operator", password=SECRET) as running:
        yield running


@pytest.fixture(scope="package")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry with TLS and a certificate of its own making."""
    with registry.running(tmp_path_factory.mktemp("tls"), tls=True) as running:
        yield running


@pytest.fixture(scope="package")
def archives(programs_of: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder: plain.tar (A and B), index.tar (INDEX, two platforms), big.tar (6 MiB)."""
    folder = tmp_path_factory.mktemp("archives")
    program = programs_of("native") / "busybox"
    two = Archive()
    two.name(busybox(two, program), A, B)
    two.write(folder / "plain.tar")
    index = Archive()
    index.name(busybox(index, program, others=["linux/s390x"]), INDEX)
    index.write(folder / "index.tar")
    data = folder / "data"
    data.write_bytes(os.urandom(6 * MIB))
    with tarfile.open(folder / "layer.tar", "w") as layer:
        layer.add(data, "data")
    big = Archive()
    big.name(big.manifest([(folder / "layer.tar").read_bytes()]), "example.com/big:1")
    big.write(folder / "big.tar")
    return folder


@pytest.fixture
def on(kuke_ctr: KukeCtr, namespace: str) -> Callable[[PrivateContainerd], KukeCtr]:
    """kuke-ctr on a daemon, with its snapshotter."""

    def client(daemon: PrivateContainerd) -> KukeCtr:
        found = daemon.environment.get("CONTAINERD_SNAPSHOTTER")
        set_too = {} if found is None else {"CONTAINERD_SNAPSHOTTER": found}
        return kuke_ctr.on(daemon).set(**set_too)

    del namespace
    return client


On = Callable[[PrivateContainerd], KukeCtr]


def names(daemon: PrivateContainerd, namespace: str) -> list[str]:
    """The images, as raw ctr has them."""
    return sorted(daemon.ctr("images", "ls", "-q", namespace=namespace).stdout.split())


def files_of(folder: Path) -> list[str]:
    """The names of everything in it."""
    return sorted(entry.name for entry in folder.iterdir())


def complete(daemon: PrivateContainerd, namespace: str) -> list[str]:
    """The images of which everything is there and unpacked, as raw ctr has them."""
    rows = daemon.ctr("images", "check", namespace=namespace).stdout.splitlines()[1:]
    return sorted(
        row.split()[0] for row in rows if " complete (" in row and row.split()[-1] == "true"
    )


def test_an_import_shows_what_landed_and_a_second_one_that_nothing_is_new(
    any_containerd: PrivateContainerd, namespace: str, on: On, archives: Path
) -> None:
    kuke = on(any_containerd)
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
    assert "cut off" in done.stderr
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
    assert (both.returncode, both.stdout, both.stderr) == (0, f"{A}\n", "")
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
    done = kuke("images", "export", "-n", namespace, "--all-platforms", str(target), INDEX)
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
    assert "hint: that disk is full: make room there" in full.stderr
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


@pytest.mark.parametrize(("client", "server"), MIXED)
def test_an_image_makes_a_round_trip_between_different_versions(
    client: str,
    server: str,
    namespace: str,
    on: On,
    archives: Path,
    plain: Registry,
    tmp_path: Path,
    programs_of: Callable[[str], Path],
    _daemons: Callable[[str], PrivateContainerd],
) -> None:
    daemon = _daemons(server)
    path = os.pathsep.join([str(programs_of(client)), os.environ["PATH"]])
    kuke = on(daemon).set(PATH=path)
    done = kuke("images", "import", "-n", namespace, str(archives / "plain.tar"), "-q")
    assert (done.returncode, done.stdout) == (0, f"{A}\n{B}\n"), done.stderr
    target = tmp_path / "x.tar"
    done = kuke("images", "export", "-n", namespace, str(target), A, "-q")
    assert (done.returncode, done.stdout) == (0, f"{target}\n"), done.stderr
    there = f"{plain.host}/mixed/{namespace}:1"
    done = kuke("images", "push", "-n", namespace, "--plain-http", there, A)
    assert done.returncode == 0, done.stderr
    assert plain.tags(f"mixed/{namespace}") == ["1"]
    done = kuke("images", "pull", "-n", f"{namespace}-2", "--plain-http", there, "-q")
    assert (done.returncode, done.stdout) == (0, f"{there}\n"), done.stderr
    assert complete(daemon, f"{namespace}-2") == [there]


def test_push_and_pull_with_every_answer_to_the_password(
    any_containerd: PrivateContainerd,
    namespace: str,
    on: On,
    archives: Path,
    guarded: Registry,
    tmp_path: Path,
) -> None:
    kuke = on(any_containerd)
    any_containerd.import_image(archives / "plain.tar", namespace=namespace)
    there = f"{guarded.elsewhere}/team/{namespace}:1"
    push = ("images", "push", "-n", namespace, "--plain-http")
    pull = ("images", "pull", "-n", f"{namespace}-2", "--plain-http")
    sign_in = ("--user", "operator", "--password-stdin")

    for words in ((*push, there, A), (*pull, there)):
        if words[1] == "pull":
            missing = kuke(*words)
            assert (missing.returncode, missing.stdout) == (1, "")
            assert "hint: --user NAME asks" in missing.stderr
        wrong = kuke(*words, *sign_in, stdin="wrong-one")
        assert (wrong.returncode, wrong.stdout) == (1, "")
        assert "refused this user name and password" in wrong.stderr
        assert "wrong-one" not in wrong.stderr

        recorded = tmp_path / words[1]
        right = kuke(*words, *sign_in, "-xx", "--record", str(recorded), stdin=f"{SECRET}\n")
        assert right.returncode == 0, right.stderr
        assert "--user operator --" in right.stderr
        everything = right.stdout + right.stderr
        everything += "".join(file.read_text() for file in recorded.iterdir())
        assert SECRET not in everything
        assert "nicode" not in everything
        assert "operator" in everything
    assert guarded.tags(f"team/{namespace}") == ["1"]
    assert complete(any_containerd, f"{namespace}-2") == [there]


def test_the_realms_own_credentials(
    containerd: PrivateContainerd,
    namespace: str,
    on: On,
    archives: Path,
    guarded: Registry,
    tmp_path: Path,
) -> None:
    kuke = on(containerd)
    containerd.import_image(archives / "plain.tar", namespace=namespace)
    write_record(tmp_path / "run", "main", namespace)
    there = f"{guarded.host}/own/{namespace}:1"
    push = ("images", "push", "-r", "main", "--plain-http", "--realm-credentials", there, A)
    none = kuke(*push)
    assert (none.returncode, none.stdout) == (3, "")
    assert f"no credentials for {guarded.host}" in none.stderr

    record = record_path(tmp_path / "run", "main")
    document = json.loads(record.read_text())
    document["spec"]["registryCredentials"] = [
        {"username": "x", "password": "y", "serverAddress": "https://index.docker.io/v1/"},
        {"username": "operator", "password": SECRET, "serverAddress": f"http://{guarded.host}"},
    ]
    record.write_text(json.dumps(document))
    done = kuke(*push, "-x")
    assert done.returncode == 0, done.stderr
    assert f"signing in to {guarded.host} as operator" in done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert guarded.tags(f"own/{namespace}") == ["1"]


def pushed_once(
    daemon: PrivateContainerd,
    kuke: KukeCtr,
    folder: Path,
    there: str,
    *flags: str,
    secret: str = "",
) -> None:
    """Push 4 MiB that the daemon then has no more: it shares what it has among namespaces."""
    namespace, data = unique("once"), io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as layer:
        file = tarfile.TarInfo("data")
        file.size = 4 * MIB
        layer.addfile(file, io.BytesIO(os.urandom(file.size)))
    archive = Archive()
    archive.name(archive.manifest([data.getvalue()]), "example.com/once:1")
    daemon.import_image(archive.write(folder / "once.tar"), "--no-unpack", namespace=namespace)
    words = ("images", "push", "-n", namespace, "--plain-http", *flags)
    done = kuke(*words, there, "example.com/once:1", stdin=secret)
    assert done.returncode == 0, done.stderr
    daemon.ctr("images", "rm", "--sync", "example.com/once:1", namespace=namespace)


def test_the_secret_is_in_no_process_while_a_pull_waits(
    any_containerd: PrivateContainerd, namespace: str, on: On, tmp_path: Path, guarded: Registry
) -> None:
    kuke = on(any_containerd)
    repository = f"slow/{namespace}:1"
    sign_in = ("--user", "operator", "--password-stdin")
    there = f"{guarded.host}/{repository}"
    pushed_once(any_containerd, kuke, tmp_path, there, *sign_in, secret=SECRET)
    with registry.holding(guarded, 2 * MIB) as (slow, go_on):
        there = f"{slow.host}/{repository}"
        program = subprocess.Popen(
            [
                *(PROGRAM, "images", "pull", "-n", namespace, "--plain-http"),
                *("--user", "operator", "--password-stdin", there, "-q"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=kuke.environment,
        )
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(SECRET.encode())
        program.stdin.close()
        assert processes.until(lambda: b"big" in in_work(any_containerd, namespace), 20)
        lines = [" ".join(processes.command_line(pid)) for pid in processes.pids()]
        ours = [line for line in lines if there in line]
        assert any("ctr" in line and "--user operator" in line for line in ours)
        assert [line for line in lines if SECRET in line or "nicode" in line] == []
        for pid in [program.pid, *processes.children(program.pid)]:
            assert b"hunter2" not in Path(f"/proc/{pid}/environ").read_bytes()
        go_on()
        assert program.stdout.read() == f"{there}\n".encode()
        program.stdout.close()
        assert program.wait(30) == 0


def in_work(daemon: PrivateContainerd, namespace: str) -> bytes:
    """`big` where a blob of more than half a MiB is half there."""
    told = daemon.ctr("content", "active", namespace=namespace).stdout
    return b"big" if "MB" in told else told.encode()


def test_ctrl_c_ends_a_pull_and_the_next_one_completes_it(
    any_containerd: PrivateContainerd, namespace: str, on: On, tmp_path: Path, plain: Registry
) -> None:
    kuke = on(any_containerd)
    repository = f"cut/{namespace}:1"
    pushed_once(any_containerd, kuke, tmp_path, f"{plain.host}/{repository}")
    with registry.holding(plain, 2 * MIB) as (slow, go_on):
        there = f"{slow.host}/{repository}"
        words = ["images", "pull", "-n", namespace, "--plain-http", there]
        with Seat([PROGRAM, *words], kuke.environment, stdout=subprocess.DEVNULL) as seat:
            # ctr's own progress, on the terminal
            assert seat.sees(b"elapsed:"), bytes(seat.shown)
            assert processes.until(lambda: b"big" in in_work(any_containerd, namespace), 20)
            (child,) = processes.children(seat.program.pid)
            seat.type(b"\x03")
            assert seat.wait() == 130
            assert seat.sees(b"interrupted; ")
            assert seat.sees(b" partly transferred (")
            assert seat.sees(b"complete it")
            assert not processes.started(child)
        assert names(any_containerd, namespace) == []
        go_on()
        done = kuke(*words, "-q")
        assert (done.returncode, done.stdout) == (0, f"{there}\n"), done.stderr
    assert complete(any_containerd, namespace) == [there]


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
    assert "interrupted; 1 blob is half there" in said
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


def fails(kuke: KukeCtr, namespace: str, *words: str) -> tuple[int, str]:
    """The exit code and the hint of a pull that fails with one sentence and a hint."""
    done = kuke("images", "pull", "-n", namespace, *words)
    first, second, third = done.stderr.rstrip("\n").split("\n")
    assert first.startswith("kuke-ctr: ctr: ")
    assert second.startswith("hint: ")
    assert third.startswith("ran: ctr ")
    assert done.stdout == ""
    return done.returncode, second


def test_what_is_wrong_with_a_registry_is_one_sentence_and_a_hint(
    any_containerd: PrivateContainerd,
    namespace: str,
    on: On,
    plain: Registry,
    encrypted: Registry,
) -> None:
    kuke, image = on(any_containerd), "team/none:1"
    for words, exit_code, hint in (
        ((f"127.0.0.1:{registry.free_port()}/{image}",), 1, "is the registry running"),
        (("--plain-http", f"{plain.host}/{image}"), 3, "not have this repository or this tag"),
        ((f"{plain.elsewhere}/{image}",), 1, "--plain-http"),
        ((f"{encrypted.elsewhere}/{image}",), 1, "--skip-verify"),
    ):
        code, said = fails(kuke, namespace, *words)
        assert (code, hint in said) == (exit_code, True), said


def test_http_to_https_and_half_a_name_have_hints_too(
    containerd: PrivateContainerd, namespace: str, on: On, encrypted: Registry
) -> None:
    kuke = on(containerd)
    code, said = fails(kuke, namespace, "--plain-http", f"{encrypted.elsewhere}/team/none:1")
    assert (code, "leave --plain-http out" in said) == (1, True)
    code, said = fails(kuke, namespace, "busybox")
    assert (code, "the full name" in said) == (1, True)


def test_tls_by_the_authority_or_by_trust(
    any_containerd: PrivateContainerd, namespace: str, on: On, archives: Path, encrypted: Registry
) -> None:
    kuke = on(any_containerd)
    any_containerd.import_image(archives / "plain.tar", namespace=namespace)
    there = f"{encrypted.elsewhere}/tls/{namespace}:1"
    push = kuke("images", "push", "-n", namespace, "--skip-verify", there, A, "-o", "name")
    assert (push.returncode, push.stdout) == (0, f"{A}\n"), push.stderr
    assert encrypted.tags(f"tls/{namespace}") == ["1"]
    pull = ("images", "pull", "-n", namespace, "--tlscacert", str(encrypted.certificate))
    done = kuke(*pull, there, "-q")
    assert (done.returncode, done.stdout) == (0, f"{there}\n"), done.stderr
    assert there in complete(any_containerd, namespace)


def test_a_pull_of_a_platform_that_the_index_lacks_is_not_found(
    any_containerd: PrivateContainerd, namespace: str, on: On, archives: Path, plain: Registry
) -> None:
    kuke = on(any_containerd)
    flags = ("--all-platforms", "--no-unpack")
    any_containerd.import_image(archives / "index.tar", *flags, namespace=namespace)
    there = f"{plain.host}/platforms/{namespace}:1"
    push = kuke("images", "push", "-n", namespace, "--plain-http", there, INDEX)
    assert push.returncode == 0, push.stderr
    pull = ("images", "pull", "-n", f"{namespace}-2", "--plain-http", there)
    lacking = kuke(*pull, "--platform", "linux/ppc64le", "-q")
    assert lacking.returncode == 3, lacking.stderr
    assert "platform" in lacking.stderr
    done = kuke(*pull, "--platform", "linux/amd64", "--platform", "linux/s390x", "-o", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["platforms"] == ["linux/amd64", "linux/s390x"]
    checked = any_containerd.ctr("images", "check", namespace=f"{namespace}-2").stdout
    assert "incomplete" not in checked


def test_push_of_an_image_that_there_is_not_names_the_near_ones(
    containerd: PrivateContainerd, namespace: str, on: On, archives: Path, plain: Registry
) -> None:
    containerd.import_image(archives / "plain.tar", "--no-unpack", namespace=namespace)
    words = ("images", "push", "-n", namespace, "--plain-http", f"{plain.host}/x:1")
    done = on(containerd)(*words, "example.com/aa:1")
    assert (done.returncode, done.stdout) == (3, "")
    assert "there is no image example.com/aa:1" in done.stderr
    assert f"there are: {A}, {B}" in done.stderr
