import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from kuke_ctr.errors import CtrFailed, CtrMissing, Forbidden
from kuke_ctr.processes import preflight
from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.preflight import check_socket
from kuke_ctr.processes.runner import Processes
from scripts.lib import processes
from tests.support.scripts import Script, descriptors, quoted

pytestmark = pytest.mark.usefixtures("leaves_nothing")


@contextmanager
def tidied_after_sh() -> Iterator[None]:
    """A child that can't be exec'd stays a zombie: sh tells nobody its pid, and keeps a pipe."""
    before, children = descriptors(), set(processes.children(os.getpid()))
    yield
    for child in set(processes.children(os.getpid())) - children:
        os.waitpid(child, 0)
    for descriptor in descriptors() - before:
        with suppress(OSError):  # the one that listed the folder
            os.close(descriptor)


def test_a_program_that_is_not_on_path_is_missing() -> None:
    with pytest.raises(CtrMissing) as caught:
        Processes().run(Call(("no-such-ctr", "images", "ls")))
    assert caught.value.message == "no-such-ctr is not installed (not on PATH)"
    assert "--ctr" in (caught.value.hint or "")
    assert caught.value.command == ("no-such-ctr", "images", "ls")


def test_a_program_by_its_path_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CtrMissing, match="does not exist"):
        Processes().run(Call((f"{tmp_path}/ctr",)))


def test_no_program_at_all_is_missing() -> None:
    with pytest.raises(CtrMissing):
        Processes().run(Call(("",)))


def test_a_program_that_may_not_be_executed_is_forbidden(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = script("echo")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))  # a real ctr elsewhere would do
    (tmp_path / "bin" / "ctr").chmod(0o644)
    with pytest.raises(Forbidden, match="is not executable"):
        Processes().run(call)


def test_a_folder_is_no_program(tmp_path: Path) -> None:
    with pytest.raises(Forbidden, match="is a directory"):
        Processes().run(Call((str(tmp_path),)))


def test_the_first_executable_on_path_is_taken(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "first" / "ctr").mkdir(parents=True)
    call = script("echo found")
    monkeypatch.setenv("PATH", f"{tmp_path / 'first'}:{os.environ['PATH']}")
    assert Processes().run(call).stdout == b"found\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"\x7fELF nonsense", "Exec format error"), (b"#!/no/such/shell\n", "No such file")],
)
def test_a_program_that_the_kernel_refuses_is_one_sentence(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    program = tmp_path / "ctr"
    program.write_bytes(content)
    program.chmod(0o755)
    with tidied_after_sh(), pytest.raises(Forbidden) as caught:
        Processes().run(Call((str(program),)))
    assert caught.value.message.startswith(f"cannot execute {program}: {reason}")


def test_too_many_words_are_one_sentence(script: Script) -> None:
    script("true")
    with tidied_after_sh(), pytest.raises(CtrFailed, match="Argument list too long"):
        Processes().run(Call(("ctr", "x" * 200_000)))


def test_a_missing_socket_is_known_before_anything_starts(script: Script, tmp_path: Path) -> None:
    script(f"touch {quoted(tmp_path / 'started')}")
    with pytest.raises(CtrFailed) as caught:
        Processes().run(Call(("ctr",), socket=f"{tmp_path}/c.sock"))
    assert caught.value.message == f"containerd's socket {tmp_path}/c.sock does not exist"
    assert "systemctl status containerd" in (caught.value.hint or "")
    assert not (tmp_path / "started").exists()


def test_a_stale_socket_and_a_regular_file_have_no_daemon(script: Script, tmp_path: Path) -> None:
    call = script("true")
    stale, plain = f"{tmp_path}/stale", f"{tmp_path}/plain"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(stale)
    Path(plain).touch()
    with pytest.raises(CtrFailed, match=r"stale exists, but containerd does not listen on it"):
        Processes().run(Call(call.argv, socket=stale))
    with pytest.raises(CtrFailed, match=r"plain is not a socket$"):
        Processes().run(Call(call.argv, socket=plain))
    with pytest.raises(CtrFailed, match="does not exist"):
        Processes().run(Call(call.argv, socket=f"{plain}/c.sock"))


def test_a_socket_without_permission_is_forbidden(script: Script, tmp_path: Path) -> None:
    call = script("true")
    path = tmp_path / "c.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        path.chmod(0)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            with pytest.raises(Forbidden) as caught:
                check_socket(str(path), call.argv)
        finally:
            if root:
                os.seteuid(0)
    assert caught.value.hint == "run the same command with --sudo"


def test_a_daemon_that_is_too_busy_to_accept_is_left_to_ctr(script: Script, tmp_path: Path) -> None:
    path = f"{tmp_path}/c.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(0)
        with socket.socket(socket.AF_UNIX) as waiting:
            waiting.connect(path)
            argv = script("echo asked").argv
            assert Processes().run(Call(argv, socket=path)).stdout == b"asked\n"


def test_a_socket_path_that_is_too_long_for_us_is_left_to_ctr(script: Script) -> None:
    argv = script("echo asked").argv
    assert Processes().run(Call(argv, socket="/" + "x" * 200)).stdout == b"asked\n"


def test_a_socket_is_tried_once(script: Script, tmp_path: Path) -> None:
    path = f"{tmp_path}/c.sock"
    call = Call(script("true").argv, socket=path)
    processes = Processes()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        processes.run(call)
    assert processes.run(call).exit_code == 0


def test_where_another_containerd_listens_its_socket_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, link = tmp_path / "k3s.sock", tmp_path / "link.sock"
    monkeypatch.setattr(preflight, "OTHER_SOCKETS", {str(other): "k3s's", str(link): "Docker's"})
    with pytest.raises(CtrFailed) as caught:
        check_socket(f"{tmp_path}/none", ("ctr",))
    assert "systemctl" in (caught.value.hint or "")
    link.symlink_to(other)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(other))
        with pytest.raises(CtrFailed) as caught:
            check_socket(f"{tmp_path}/none", ("ctr",))
    assert caught.value.hint == (
        f"k3s's containerd is here: `export CONTAINERD_ADDRESS={other}` (or --address) uses it"
    )


def test_where_another_program_brings_a_ctr_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "k3s").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CtrMissing) as caught:
        Processes().run(Call(("ctr", "images", "ls")))
    assert caught.value.hint == "this host has a ctr of its own: --ctr 'k3s ctr' uses it"
