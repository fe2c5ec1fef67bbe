"""Pull, push and sign-in on real containerds and a real registry."""

import io
import json
import os
import subprocess  # noqa: TID251 (a program that is interrupted)
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.lib import processes, registry
from scripts.lib.containerd import PrivateContainerd, unique
from scripts.lib.images import Archive
from scripts.lib.kukeon import record_path, write_record
from scripts.lib.registry import Registry
from scripts.lib.seat import Seat
from tests.support.runner import PROGRAM, KukeCtr
from tests.support.transfer_host import INDEX, MIB, A, B, On, complete, in_work, names

SECRET = "hunter2 & Ünïcode"


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
            assert seat.sees(f"\rpulling {there}: ".encode()), bytes(seat.shown)
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


def fails(kuke: KukeCtr, namespace: str, *words: str) -> tuple[int, str]:
    """The exit code and the hint of a pull that fails with one sentence and a hint."""
    done = kuke("images", "pull", "-n", namespace, *words)
    lines = done.stderr.rstrip("\n").split("\n")
    first, second, third = (line for line in lines if not line.startswith("note: there is no nam"))
    assert first.startswith("kuke-ctr: ")
    assert "(ctr: " in first
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
        (("--plain-http", f"{plain.host}/{image}"), 3, "is the tag correct"),
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
    done = kuke("images", "pull", "-n", namespace, "busybox")
    assert (done.returncode, done.stdout) == (1, "")
    assert "hint: use the full name docker.io/library/busybox:latest" in done.stderr


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
    assert f"the realm has: {A}, {B}" in done.stderr
