"""The nerdctl of this machine beside ctr, on a real containerd: the changing commands.

It is run where there is one (tests/integration/conftest.py); docs/nerdctl.md says with which.
"""

import subprocess  # noqa: TID251 (the tests start what the package is)
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.lib.containerd import PrivateContainerd, unique
from tests.support.nerdctl_host import NerdctlHost, nerdctl_host
from tests.support.running import BUSYBOX, place_on

LIMIT = 20.0


@pytest.fixture(scope="module")
def host(
    _daemons: Callable[[str], PrivateContainerd], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NerdctlHost]:
    """nerdctl's own containers: `nerd-web` runs, `nerd-done` has ended."""
    for place in place_on(_daemons("2.1"), tmp_path_factory.mktemp("nerd")):
        yield from nerdctl_host(place, tmp_path_factory.mktemp("nerdctl"))


def through(host: NerdctlHost, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """kuke-ctr with `--backend nerdctl`."""
    verb, *rest = words
    return host.place(verb, "--backend", "nerdctl", *rest, stdin=stdin)


def ids(host: NerdctlHost) -> set[str]:
    return set(host.place.ctr("containers", "ls", "-q").split())


def kept(host: NerdctlHost, container: str) -> list[Path]:
    """The folder that nerdctl keeps for a container."""
    return list(
        Path(host.environment["NERDCTL_TOML"]).parent.glob(f"nerdctl/*/containers/*/{container}")
    )


@pytest.fixture
def made(host: NerdctlHost) -> str:
    """A container of nerdctl's own that counts; its id."""
    script = "trap 'exit 3' TERM; i=0; while :; do echo $i; i=$((i+1)); sleep 0.1; done"
    return host.nerdctl(
        *("run", "-d", "--net", "none", "--name", unique("own")), BUSYBOX, "sh", "-c", script
    ).strip()


@pytest.mark.parametrize("code", [0, 1, 5, 137])
def test_exec_ends_with_the_code_of_its_command(host: NerdctlHost, code: int) -> None:
    ends = "kill -9 $$" if code == 137 else f"exit {code}"
    script = f"echo out; printf err >&2; {ends}"
    done = through(host, "exec", "nerd-web", "sh", "-c", script)
    assert (done.returncode, done.stdout) == (code, "out\n")
    assert done.stderr.endswith("err")
    assert "exec failed with" not in done.stderr


def test_exec_that_starts_nothing_says_why(host: NerdctlHost) -> None:
    for command, code in (("no-such", 127), ("/etc", 126)):
        done = through(host, "exec", "nerd-web", command)
        assert (done.returncode, done.stdout) == (code, ""), done.stderr
    done = through(host, "exec", "nerd-done", "true")
    assert done.returncode == 125
    assert "stopped" in done.stderr


def test_exec_gets_stdin_and_its_end(host: NerdctlHost) -> None:
    assert through(host, "exec", "-i", "nerd-web", "cat", stdin="hello\n").stdout == "hello\n"
    assert through(host, "exec", "-i", "nerd-web", "cat").returncode == 0
    done = through(
        host, "exec", "-e", "A=b c", "-w", "/tmp", "nerd-web", "sh", "-c", "echo $A; pwd"
    )
    assert done.stdout == "b c\n/tmp\n"


def test_run_ends_with_the_code_of_its_command_and_leaves_nothing(host: NerdctlHost) -> None:
    before = ids(host)
    done = through(host, "run", "--rm", "-i", BUSYBOX, "sh", "-c", "cat; exit 5", stdin="in\n")
    assert (done.returncode, done.stdout, "fatal" in done.stderr) == (5, "in\n", False)
    assert through(host, "run", "--rm", BUSYBOX, "sh", "-c", "exit 1").returncode == 1
    assert through(host, "run", BUSYBOX, "no-such").returncode == 127
    missing = through(host, "run", "example.com/nope:1", "x")
    assert missing.returncode == 125
    assert "there is no image example.com/nope:1" in missing.stderr
    assert ids(host) == before


def test_what_runs_in_the_background_is_nerdctls_own(host: NerdctlHost) -> None:
    name = unique("bg")
    done = through(host, "run", "-d", "--name", name, BUSYBOX, "sh", "-c", "echo hello; sleep 99")
    assert done.returncode == 0, done.stderr
    container = done.stdout.strip()
    assert container in ids(host)
    assert name in host.nerdctl("ps", "--format", "{{.Names}}").split()
    taken = through(host, "run", "-d", "--name", name, BUSYBOX, "true")
    assert (taken.returncode, "already used" in taken.stderr) == (125, True)
    assert host.place("rm", "-f", name).returncode == 0
    assert container not in ids(host)
    assert kept(host, container) == []


def test_its_log_goes_on_over_a_stop_and_a_start(host: NerdctlHost, made: str) -> None:
    done = host.place("stop", made)
    assert (done.returncode, done.stdout) == (0, f"{made}\n")
    assert f"{made} has stopped: exit code 3\n" in done.stderr
    lines = len(host.nerdctl("logs", made).splitlines())
    assert host.place("start", made).returncode == 0
    until = time.monotonic() + LIMIT
    while len(host.nerdctl("logs", made).splitlines()) <= lines:
        assert time.monotonic() < until
    assert host.place("restart", "-t", "1", made).returncode == 0
    refused = host.place("rm", made)
    assert (refused.returncode, "is RUNNING" in refused.stderr) == (1, True)
    assert len(kept(host, made)) == 1
    assert host.place("rm", "-f", made).returncode == 0
    assert kept(host, made) == []


def test_other_containers_stay_with_ctr(host: NerdctlHost) -> None:
    cell = f"default_default_web_{unique('app')}"
    for name, flags in ((cell, ("--label", "kukeon.io/cell=web")), (unique("plain"), ())):
        host.place.daemon.run(
            *(BUSYBOX, "sleep", "99"),
            namespace=host.place.namespace,
            container=name,
            flags=("--log-uri", "file:///dev/null", "--label", "nerdctl/name=own", *flags),
        )
        labels = host.place.ctr("containers", "info", name)
        for words in (("exec", name, "true"), ("stop", "-t", "0", name)):
            done = through(host, words[0], "-x", *words[1:])
            assert done.returncode == 0, done.stderr
            assert " exec -- " not in done.stderr
            assert "nerdctl stop" not in done.stderr
        assert host.place.ctr("containers", "info", name) == labels
        host.place.ctr("tasks", "rm", "--force", name)
        host.place.ctr("containers", "rm", name)


def test_any_command_of_nerdctls(host: NerdctlHost) -> None:
    cell = f"default_default_web_{unique('app')}"
    host.place.daemon.run(
        *(BUSYBOX, "sleep", "99"),
        namespace=host.place.namespace,
        container=cell,
        flags=("--log-uri", "file:///dev/null", "--label", "kukeon.io/cell=web"),
    )
    listed = host.place("nerdctl", "--", "ps", "--no-trunc", "-q")
    assert cell in listed.stdout.split()
    assert host.place("nerdctl", "--", "exec", "nerd-web", "false").returncode == 1
    for words in (("stop", cell), ("rm", "-f", cell[:20]), ("container", "prune", "-f")):
        done = host.place("nerdctl", "--", *words)
        assert (done.returncode, "nothing was done" in done.stderr) == (2, True), done.stderr
    assert cell in ids(host)
    host.place.ctr("tasks", "rm", "--force", cell)
    host.place.ctr("containers", "rm", cell)
