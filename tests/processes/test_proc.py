"""What /proc says of a process and its network, and where it says nothing."""

import os
from pathlib import Path

import pytest

from kuke_ctr.processes.proc import PROC, Traffic, cgroups_of, counts_of, position_of, traffic_of

SELF = PROC / str(os.getpid())


def test_how_far_a_file_was_read(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"0123456789")
    assert position_of(SELF, file.stat()) is None
    with file.open("rb", buffering=0) as opened:
        opened.read(4)
        assert position_of(SELF, file.stat()) == 4
    assert position_of(PROC / "0", file.stat()) is None


def test_how_much_was_read_and_written(tmp_path: Path) -> None:
    before = counts_of(SELF)
    (tmp_path / "file").write_bytes(bytes(5000))
    after = counts_of(SELF)
    assert before is not None
    assert after is not None
    assert after[1] - before[1] >= 5000
    assert counts_of(PROC / "0") is None


def test_the_cgroups_of_both_versions_have_a_name(tmp_path: Path) -> None:
    text = "12:cpu,cpuacct:/a\n1:name=systemd:/b\n0::/c:d\n"
    (tmp_path / "cgroup").write_text(text)
    assert cgroups_of(tmp_path) == {"cpu,cpuacct": "/a", "name=systemd": "/b", "unified": "/c:d"}
    assert cgroups_of(tmp_path / "ended") == {}


NET_DEV = """Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo
    lo:     500       5    0    0    0     0          0         0      500       5    0    0    0
  eth0: 1000000     700    0    0    0     0          0         0     2000      30    0    0    0
  eth1:      11       1    0    0    0     0          0         0       22       1    0    0    0
"""


@pytest.fixture
def process(tmp_path: Path) -> Path:
    """The /proc/PID of a process in a network of its own."""
    for name, network in (("self", "net:[1]"), ("7", "net:[2]")):
        (tmp_path / name / "ns").mkdir(parents=True)
        (tmp_path / name / "ns/net").symlink_to(network)
    (tmp_path / "7/net").mkdir()
    (tmp_path / "7/net/dev").write_text(NET_DEV)
    return tmp_path / "7"


def test_the_interfaces_are_summed_but_for_lo(process: Path) -> None:
    assert traffic_of(process) == Traffic(received=1000011, sent=2022)


def test_only_lo_is_no_traffic(process: Path) -> None:
    (process / "net/dev").write_text("\n".join(NET_DEV.split("\n")[:3]))
    assert traffic_of(process) == Traffic(0, 0)


def test_the_hosts_own_network_is_no_containers(process: Path) -> None:
    (process / "ns/net").unlink()
    (process / "ns/net").symlink_to("net:[1]")
    assert traffic_of(process) is None
    assert traffic_of(PROC / str(os.getpid())) is None


@pytest.mark.parametrize("gone", ["ns/net", "net/dev"])
def test_what_cannot_be_read_is_unknown(process: Path, gone: str) -> None:
    (process / gone).unlink()
    assert traffic_of(process) is None
