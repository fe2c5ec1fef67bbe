"""The nerdctl of this machine beside ctr, on a real containerd: the reading commands.

It is run where there is one (tests/integration/conftest.py); docs/nerdctl.md says with which.
"""

import json
import time
from collections.abc import Callable, Iterator

import pytest

from scripts.lib.containerd import PrivateContainerd, unique
from tests.support.nerdctl_host import NerdctlHost, nerdctl_host
from tests.support.running import BUSYBOX, place_on

LIMIT = 20.0
CELL = {"cell": "web", "space": "default", "stack": "default", "container-type": "container"}


@pytest.fixture(scope="module")
def host(
    _daemons: Callable[[str], PrivateContainerd], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NerdctlHost]:
    """A container of Kukeon's form beside nerdctl's own."""
    for place in place_on(_daemons("2.1"), tmp_path_factory.mktemp("nerd")):
        labels = [f"kukeon.io/{key}={value}" for key, value in CELL.items()]
        flags = [word for label in (*labels, "team=a,b") for word in ("--label", label)]
        name = f"default_default_web_{unique('app')}"
        for container in (name, f"{name}2"):
            place.daemon.run(
                *(BUSYBOX, "sleep", "3600"),
                namespace=place.namespace,
                container=container,
                flags=("--log-uri", "file:///dev/null", *flags),
            )
        place.ctr("images", "tag", BUSYBOX, "local:v1")
        yield from nerdctl_host(place, tmp_path_factory.mktemp("nerdctl"))


def through(host: NerdctlHost, backend: str, *words: str) -> list[dict[str, object]]:
    done = host.place(*words, "-o", "json", "--backend", backend)
    assert (done.returncode, done.stderr) == (0, "")
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def without_sizes(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    sizes = ("size", "size_bytes")
    return [{key: value for key, value in row.items() if key not in sizes} for row in rows]


@pytest.mark.parametrize("words", [("images", "ls"), ("containers", "ls"), ("ps", "-a")])
def test_both_backends_give_the_same_records(words: tuple[str, ...], host: NerdctlHost) -> None:
    of_ctr, of_nerdctl = (through(host, one, *words) for one in ("ctr", "nerdctl"))
    assert len(of_ctr) > 1
    assert without_sizes(of_nerdctl) == without_sizes(of_ctr)


def test_inspect_gives_the_same_documents(host: NerdctlHost) -> None:
    ids = host.place.ctr("containers", "ls", "-q").split()
    words = ("inspect", *ids, BUSYBOX, "local:v1")
    assert through(host, "nerdctl", *words) == through(host, "ctr", *words)


def test_stats_has_a_row_for_each_that_runs(host: NerdctlHost) -> None:
    running = [row["id"] for row in through(host, "ctr", "ps")]
    rows = through(host, "nerdctl", "stats", "--no-stream")
    assert sorted(str(row["id"]) for row in rows) == sorted(map(str, running))
    assert all(row["problem"] is None and row["processes"] for row in rows)


def test_looking_changes_nothing(host: NerdctlHost) -> None:
    ids = host.place.ctr("containers", "ls", "-q").split()

    def state() -> list[str]:
        infos = [host.place.ctr("containers", "info", one) for one in ids]
        return [*infos, *sorted(host.place.ctr("tasks", "ls").splitlines())]

    before = state()
    for words in (("ps", "-a"), ("inspect", *ids), ("images", "ls"), ("stats", "--no-stream")):
        through(host, "nerdctl", *words)
    assert state() == before


def test_the_log_of_nerdctls_container_is_read_through_it(host: NerdctlHost) -> None:
    until = time.monotonic() + LIMIT
    while "bye" not in (said := host.place("logs", "nerd-done")).stdout:
        assert time.monotonic() < until, said
    assert (said.returncode, said.stdout) == (0, "bye\n")
    said = host.place("logs", "nerd-web")
    assert said.stdout == "out\n"
    assert "err\n" in said.stderr


def test_a_log_that_is_followed_ends_with_the_time_limit(host: NerdctlHost) -> None:
    done = host.place("logs", "-f", "nerd-web", "--timeout", "1s")
    assert (done.returncode, done.stdout) == (0, "out\n")
