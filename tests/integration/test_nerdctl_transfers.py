"""The nerdctl of this machine beside ctr, on a real containerd and a registry: images come and go.

It is run where there is one (tests/integration/conftest.py); docs/nerdctl.md says with which.
"""

import subprocess  # noqa: TID251 (the tests start what the package is)
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.lib import registry
from scripts.lib.containerd import PrivateContainerd, unique
from tests.support.nerdctl_host import NerdctlHost, nerdctl_host
from tests.support.nerdctls import NERDCTL
from tests.support.running import BUSYBOX, Place, place_on

USER, SECRET = "alice", "S3cr et"


@pytest.fixture(scope="module")
def host(
    _daemons: Callable[[str], PrivateContainerd], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NerdctlHost]:
    """A place with busybox, and settings of nerdctl's own in which nobody has signed in."""
    for place in place_on(_daemons("2.1"), tmp_path_factory.mktemp("nerd")):
        folder = tmp_path_factory.mktemp("docker")
        kuke = place.kuke.set(DOCKER_CONFIG=str(folder))
        there = Place(place.daemon, place.namespace, kuke)
        yield from nerdctl_host(there, tmp_path_factory.mktemp("nerdctl"))


@pytest.fixture(scope="module")
def wary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[registry.Registry]:
    """A registry that wants a password."""
    with registry.running(
        tmp_path_factory.mktemp("registry"), user=USER, password=SECRET
    ) as running:
        yield running


def through(host: NerdctlHost, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """`kuke-ctr images` with `--backend nerdctl` and a trace."""
    verb, *rest = words
    return host.place("images", verb, "--backend", "nerdctl", "-x", *rest, stdin=stdin)


def images(host: NerdctlHost) -> list[str]:
    return host.place.ctr("images", "ls", "-q").split()


def test_names_are_given_as_they_were_typed(host: NerdctlHost) -> None:
    name, odd = f"registry.example/{unique('app')}:1", f"{unique('odd')}:1"
    done = through(host, "tag", BUSYBOX, name, odd)
    assert done.returncode == 0, done.stderr
    assert f" tag {BUSYBOX} {name}\n" in done.stderr
    assert {name, odd} <= set(images(host))
    again = through(host, "tag", BUSYBOX, name)
    assert (again.returncode, "already exists" in again.stderr) == (1, True)
    assert through(host, "tag", "registry.example/nope:1", "example.com/x:1").returncode == 3


def test_an_archive_there_and_back(host: NerdctlHost, tmp_path: Path) -> None:
    file, name = tmp_path / "a.tar", f"registry.example/{unique('app')}:1"
    host.place.ctr("images", "tag", BUSYBOX, name)
    done = through(host, "export", str(file), name)
    assert done.returncode == 0, done.stderr
    assert f" save {name} > {file}\n" in done.stderr
    host.place.ctr("images", "rm", name)
    done = through(host, "import", "-q", str(file))
    assert (done.returncode, done.stdout) == (0, f"{name}\n"), done.stderr
    assert " load --input " in done.stderr
    again = through(host, "import", "-q", "-", stdin="")
    assert again.returncode not in (0, 125)
    missing = through(host, "export", str(tmp_path / "b.tar"), "registry.example/nope:1")
    assert missing.returncode == 3
    assert not (tmp_path / "b.tar").exists()
    other = through(host, "import", "-q", "--no-unpack", str(file))
    assert (other.returncode, " load --input " in other.stderr) == (0, False)


def test_a_registry_that_nerdctl_has_signed_in_to(
    host: NerdctlHost, wary: registry.Registry
) -> None:
    name = f"127.0.0.1:{wary.port}/{unique('app')}:1"
    host.place.ctr("images", "tag", BUSYBOX, name)
    refused = through(host, "push", "--plain-http", name)
    assert refused.returncode == 1, refused.stderr
    signed = host.place(
        *("nerdctl", "--", "login", "-u", USER, "--password-stdin", name.partition("/")[0]),
        stdin=SECRET,
    )
    assert signed.returncode == 0, signed.stderr
    done = through(host, "push", "--plain-http", "-q", name)
    assert (done.returncode, done.stdout) == (0, f"{name}\n"), done.stderr
    host.place.ctr("images", "rm", name)
    done = through(host, "pull", "--plain-http", "-q", name)
    assert (done.returncode, done.stdout) == (0, f"{name}\n"), done.stderr
    assert f" pull --quiet --insecure-registry {name}\n" in done.stderr
    assert through(host, "pull", "--plain-http", name[:-1] + "2").returncode == 3


def test_a_password_goes_to_ctr_and_nowhere_else(
    host: NerdctlHost, wary: registry.Registry
) -> None:
    assert NERDCTL is not None
    name = f"127.0.0.1:{wary.port}/{unique('own')}:1"
    host.place.ctr("images", "tag", BUSYBOX, name)
    words = ("--plain-http", "--user", USER, "--password-stdin", name)
    done = through(host, "push", *words, stdin=SECRET)
    assert done.returncode == 0, done.stderr
    assert f"{NERDCTL} --address" not in done.stderr.partition(" images push ")[2]
    assert SECRET not in done.stdout + done.stderr
    assert "ctr does it" in done.stderr
