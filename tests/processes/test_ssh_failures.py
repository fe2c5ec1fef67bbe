"""What ssh says, and what is made of it."""

import pytest

from kuke_ctr.errors import CtrMissing, Unreachable
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.ssh_failures import failure_on_the_way

CALL = Call(("ctr", "-n", "main", "images", "ls"), far=Far("web3", "root", 2222))


def result(code: int, stderr: str) -> Result:
    return Result(CALL.argv, code, b"", stderr.encode(), 0.1)


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("Host key verification failed.", "`ssh -p 2222 root@web3 true` shows the host's key"),
        (
            "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
            "`ssh-keygen -R '[web3]:2222'` forgets the old one",
        ),
        ("root@web3: Permission denied (publickey).", "no key of yours is accepted there"),
        ("ssh: Could not resolve hostname web3: Name or service not known", "check the name"),
        ("ssh: connect to host web3 port 2222: Connection refused", "no sshd listens there"),
        ("ssh: connect to host web3 port 2222: Connection timed out", "does not answer"),
        ("ssh: connect to host web3 port 2222: No route to host", "does not answer"),
        ("/root/.ssh/config: terminating, 1 bad configuration options", "`ssh -G web3`"),
        ("/root/.ssh/config line 1: Bad configuration option: x", "`ssh -G web3` reads it"),
        ("kex_exchange_identification: Connection closed", "root@web3 true` tries it by hand"),
    ],
)
def test_a_failure_of_ssh_itself_has_its_own_hint(said: str, hint: str) -> None:
    error = failure_on_the_way(CALL, result(255, f"{said}\n"))
    assert isinstance(error, Unreachable)
    assert error.exit_code == 1
    assert hint in (error.hint or "")
    assert error.message.startswith("ssh could not reach ssh://root@web3:2222: ")
    assert not error.ran
    assert error.command == ("ssh", "-p", "2222", "root@web3", *CALL.argv)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "ctr: connection error: Permission denied",
        "ctr: no such configuration option",
        "client_loop: send disconnect: Broken pipe",
        "Timeout, server web3 not responding.",
    ],
)
def test_a_connection_that_is_lost_midway_has_perhaps_done_its_work(said: str) -> None:
    error = failure_on_the_way(CALL, result(255, f"{said}\n"))
    assert isinstance(error, Unreachable)
    assert error.ran
    assert error.message.startswith("the connection to ssh://root@web3:2222 was lost")
    assert "look whether ctr had done its work; `ssh -p 2222 root@web3 true`" in (error.hint or "")


def test_a_host_without_ctr_is_a_missing_program() -> None:
    error = failure_on_the_way(CALL, result(127, "ctr: not found\n"))
    assert isinstance(error, CtrMissing)
    assert "--ctr /usr/local/bin/ctr" in (error.hint or "")


@pytest.mark.parametrize(("code", "said"), [(0, ""), (1, "ctr: no"), (127, "gone"), (126, "")])
def test_what_ctr_says_is_ctrs(code: int, said: str) -> None:
    assert failure_on_the_way(CALL, result(code, said)) is None


def test_a_call_of_this_host_never_fails_on_the_way() -> None:
    assert failure_on_the_way(Call(("ctr",)), result(255, "")) is None
