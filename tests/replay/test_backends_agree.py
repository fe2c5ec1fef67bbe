"""The same host through ctr and through nerdctl: the records agree, or a field is named here.

`both` was recorded with each nerdctl beside ctr 2.1.9 on one containerd; docs/nerdctl.md says why
the fields that are named differ.
"""

import json

import pytest

from kuke_ctr.cli.main import main
from tests.support.paths import TOP

FIXTURES = TOP / "fixtures" / "ctr-output"
VERSIONS = ["1.7.7", "2.1.6"]
WHERE = ("-n", "kukeon-main", "-o", "jsonl")
NAMES = (
    *("ndh_default_web_app", "ndh_default_web_once", "nerd-done"),
    *("docker.io/library/busybox:1.36", "registry.example:5000/multi:1", "kukeon-local:v1"),
)
SIZES = {"size", "size_bytes"}
MEASURED = {
    *("at", "cpu_percent", "memory_bytes", "io_read_bytes", "io_write_bytes"),
    *("network_received_bytes", "network_sent_bytes"),  # ctr has none: this host's /proc has
}

Capture = pytest.CaptureFixture[str]
Rows = list[dict[str, object]]


def through(backend: str, version: str, words: tuple[str, ...], capsys: Capture) -> Rows:
    folder = str(FIXTURES / f"nerdctl-{version}" / "both")
    assert main([*words, *WHERE, "--backend", backend, "--replay", folder]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("words", "differs"),
    [
        (("images", "ls"), {"1.7.7": set(), "2.1.6": SIZES}),
        (("containers", "ls"), {}),
        (("ps", "-a"), {}),
        (("ps",), {}),
        (("inspect", *NAMES), {}),
        (("stats", "--no-stream"), {"1.7.7": MEASURED, "2.1.6": MEASURED}),
        (("events",), {"1.7.7": {"at"}, "2.1.6": {"at"}}),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_the_records_agree_but_for_the_fields_that_are_named(
    words: tuple[str, ...], differs: dict[str, set[str]], version: str, capsys: Capture
) -> None:
    named = differs.get(version, set())
    of_ctr = through("ctr", version, words, capsys)
    of_nerdctl = through("nerdctl", version, words, capsys)
    assert len(of_ctr) == len(of_nerdctl) > 1
    seen: set[str] = set()
    for one, other in zip(of_ctr, of_nerdctl, strict=True):
        assert one.keys() == other.keys()
        seen |= {key for key in one if one[key] != other[key]}
    assert seen <= named
    assert named <= seen | MEASURED  # what was measured may be the same by chance


@pytest.mark.parametrize("version", VERSIONS)
def test_the_sizes_of_nerdctl_2_are_the_same_ones_in_decimal_units(
    version: str, capsys: Capture
) -> None:
    one = through("ctr", version, ("images", "ls"), capsys)
    other = through("nerdctl", version, ("images", "ls"), capsys)
    for image, same in zip(one, other, strict=True):
        size, about = image["size_bytes"], same["size_bytes"]
        assert isinstance(size, int)
        assert isinstance(about, int)
        assert abs(size - about) <= size * 0.001


@pytest.mark.parametrize("backend", ["ctr", "nerdctl"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_namespace_that_does_not_exist_is_not_found(
    backend: str, version: str, capsys: Capture
) -> None:
    folder = str(FIXTURES / f"nerdctl-{version}" / "both")
    words = ("images", "ls", "-n", "nope", "--backend", backend, "--replay", folder)
    assert main(list(words)) == 3
    assert "the namespace nope does not exist" in capsys.readouterr().err


@pytest.mark.parametrize("version", VERSIONS)
def test_versions_are_those_of_the_programs_that_were_asked(version: str, capsys: Capture) -> None:
    folder = str(FIXTURES / f"nerdctl-{version}" / "both")
    assert main(["version", "-o", "json", "--backend", "nerdctl", "--replay", folder]) == 0
    found = {row["program"]: row["version"] for row in json.loads(capsys.readouterr().out)}
    assert found["nerdctl"] == version
    assert {"kuke-ctr", "containerd"} <= found.keys()
    assert "ctr" not in found


@pytest.mark.parametrize("version", VERSIONS)
def test_info_is_what_nerdctl_says(version: str, capsys: Capture) -> None:
    folder = str(FIXTURES / f"nerdctl-{version}" / "both")
    assert main(["info", "--backend", "nerdctl", "--replay", folder]) == 0
    assert json.loads(capsys.readouterr().out)["ServerVersion"]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_log_of_a_container_of_nerdctls_needs_no_word_of_the_user(
    version: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder = str(FIXTURES / f"nerdctl-{version}" / "both")
    scope = ("--namespace", "kukeon-main", "--replay", folder)
    assert main(["logs", "nerd-done", *scope]) == 0
    assert capfdbinary.readouterr().out == b"bye\n"
    assert main(["logs", "nerd-web", "--tail", "2", *scope]) == 0
    said = capfdbinary.readouterr()
    assert said.out + said.err.split(b"\n", 1)[1] == b"out\nerr\n"
    assert main(["logs", "nerd-done", *scope, "--backend", "ctr"]) == 5
