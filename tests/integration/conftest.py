"""The real ring: private daemons, and kuke-ctr as a process of its own.

A developer's machine without root or without the programs skips these tests; where
KUKE_CTR_TESTS_NO_SKIP=1 (CI) they fail instead.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from scripts.lib import containerd as harness
from scripts.lib import programs as cache_of_programs
from scripts.lib.containerd import PrivateContainerd
from scripts.lib.images import Archive, busybox, files
from tests.support.inside import Inside
from tests.support.kukeon_host import KukeonHost, make_kukeon_host
from tests.support.nerdctls import NERDCTL
from tests.support.prepared import stop_shared
from tests.support.runner import KukeCtr
from tests.support.running import Place, place_on

SUITES = {"1.6": "bookworm", "1.7": "trixie", "2.1": "sid"}
"""containerd's version -> the suite of Debian that has it (sid's moves on)."""

BUSYBOX = "docker.io/library/busybox:1.36"
OTHER = "example.com/other:1"


collect_ignore_glob = [] if NERDCTL is not None else ["test_nerdctl*.py"]
"""Where there is no nerdctl these are no tests; the end of the run says so."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for a daemon is of the real ring."""
    for item in items:
        if "programs_of" in getattr(item, "fixturenames", ()):
            item.add_marker("real")


@pytest.fixture(scope="session")
def programs_of() -> Callable[[str], Path]:
    """The folder of programs for a version (`1.6`), or for `native`: PATH's or this release's."""
    if os.geteuid() != 0:
        pytest.skip("a private containerd needs root")

    @cache
    def folder(version: str) -> Path:
        try:
            native = cache_of_programs.ensure()
            if version == "native" or harness.version_of(native).startswith(f"{version}."):
                return native
            return cache_of_programs.ensure(SUITES[version])
        except cache_of_programs.Unavailable as unavailable:
            pytest.skip(str(unavailable))

    return folder


@pytest.fixture(scope="package")
def _daemons(
    programs_of: Callable[[str], Path],
) -> Iterator[Callable[[str], PrivateContainerd]]:
    # not the session's: the tests of the other rings look for children that were left behind
    with ExitStack() as running:
        started: dict[Path, PrivateContainerd] = {}

        def daemon(version: str) -> PrivateContainerd:
            folder = programs_of(version)
            if folder not in started:
                started[folder] = running.enter_context(harness.temporary(folder))
            return started[folder]

        yield daemon


@pytest.fixture(scope="package")
def containerd(_daemons: Callable[[str], PrivateContainerd]) -> PrivateContainerd:
    """PATH's containerd or the one of this Debian release, running; shared by the ring's tests."""
    return _daemons("native")


@pytest.fixture(scope="package", params=list(SUITES))
def any_containerd(
    request: pytest.FixtureRequest, _daemons: Callable[[str], PrivateContainerd]
) -> PrivateContainerd:
    """Each version in turn, running; shared by the ring's tests."""
    return _daemons(request.param)


@pytest.fixture(scope="package")
def any_place(
    any_containerd: PrivateContainerd, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """A namespace with busybox on each version in turn, and kuke-ctr for it."""
    yield from place_on(any_containerd, tmp_path_factory.mktemp("place"))


@pytest.fixture(scope="package")
def place(
    containerd: PrivateContainerd, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """The same on the native containerd."""
    yield from place_on(containerd, tmp_path_factory.mktemp("place"))


@pytest.fixture(scope="package", autouse=True)
def _kuke_ctrs_forks() -> Iterator[None]:
    yield
    stop_shared()


@pytest.fixture
def namespace() -> str:
    """A namespace that only this test has."""
    return harness.unique("test")


@pytest.fixture
def kuke_ctr(tmp_path: Path) -> KukeCtr:
    """kuke-ctr with an empty home and an empty run path; `.on(daemon)` gives it an address."""
    for name in ("home", "run"):
        (tmp_path / name).mkdir()
    return KukeCtr(
        {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path / "home"),
            "KUKEON_RUN_PATH": str(tmp_path / "run"),
            "LC_ALL": "C.UTF-8",
        }
    )


@pytest.fixture(scope="package")
def kukeon_host(
    programs_of: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KukeonHost]:
    """A daemon of its own that looks like a Kukeon host of several ages."""
    with (
        harness.temporary(programs_of("native")) as daemon,
        make_kukeon_host(daemon, tmp_path_factory.mktemp("archives")) as host,
    ):
        yield host


@pytest.fixture
def run(any_containerd: PrivateContainerd, inside: Inside) -> Inside:
    """kuke-ctr on each version in turn."""
    return inside.on(any_containerd)


@pytest.fixture
def images(any_containerd: PrivateContainerd, namespace: str, tmp_path: Path) -> str:
    """A namespace with two different images."""
    archive = Archive()
    archive.name(busybox(archive, any_containerd.programs / "busybox"), BUSYBOX)
    archive.name(archive.manifest([files({"file": b"hello\n"})]), OTHER)
    any_containerd.import_image(archive.write(tmp_path / "i.tar"), namespace=namespace)
    return namespace
