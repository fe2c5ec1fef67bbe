"""The page of `doctor`, and what its calls may be, over a fake ctr."""

import json

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.commands.host import doctor
from kuke_ctr.recipes.doctor import judge
from kuke_ctr.recipes.doctor.facts import Space
from tests.support.doctor_facts import NS, checks, facts, image_check
from tests.support.fake_ctr import FakeCtr

Capture = pytest.CaptureFixture[str]

READING = {
    *(("namespaces", "ls"), ("images", "ls"), ("images", "check"), ("content", "ls")),
    *(("containers", "ls"), ("containers", "info"), ("tasks", "ls"), ("snapshots", "ls")),
    *(("snapshots", "info"), ("snapshots", "mounts"), ("snapshots", "usage"), ("leases", "ls")),
}
"""What `doctor` may call, beside `version`."""


def page(width: int | None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(doctor, "terminal_width", lambda: width)
    found = facts(Space(NS, "main", image_checks=(image_check(),)), elsewhere={"default": ("a:1",)})
    return list(doctor.page(judge(found), found))


def test_a_narrow_terminal_breaks_sentences_and_no_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = page(50, monkeypatch)
    assert "  error    image docker.io/library/busybox:1.36" in lines
    assert "           lacks content (incomplete 1/2): it" in lines
    commands = ("kuke-ctr images pull", "kuke-ctr images copy", "kuke-ctr images import FILE")
    assert all(any(f"{one} " in f"{line} " for line in lines) for one in commands)


def test_a_command_in_a_hint_is_not_broken_either(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = page(40, monkeypatch)
    assert any(f"`kuke-ctr images import FILE --namespace {NS}`" in line for line in lines)


def test_a_host_without_a_realm_says_so() -> None:
    nothing = facts(realms=(), spaces={})
    (line,) = doctor.page(judge(nothing), nothing)
    assert line.startswith("nothing is wrong; there is no realm: no record below /opt/kukeon, ")


def test_realms_come_before_other_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = page(None, monkeypatch)
    headings = [line for line in lines if line and not line.startswith(" ")]
    assert headings[:2] == [f"REALM main (namespace {NS})", "OTHER NAMESPACES"]
    assert headings[2].startswith("1 error, 1 warning; looked at 1 realm: ")


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "use_colour", lambda: True)
    assert "\x1b[31m  error    \x1b[0mimage" in "\n".join(page(None, monkeypatch))


def test_names_cannot_change_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    found = facts(elsewhere={"default": ("a\x1b[2Jb:1",)})
    assert checks(found) == ["warning image-elsewhere"]
    assert "\x1b" not in "\n".join(doctor.page(judge(found), found))


@pytest.fixture
def host(storage_host: FakeCtr) -> FakeCtr:
    """The realm main, of which some lists fail: those are findings as well."""
    version = "Client:\n  Version: 1.7.24\n\nServer:\n  Version: 1.7.24\n"
    storage_host.answer("version", stdout=version)
    storage_host.answer("-n", NS, "tasks", "ls", stdout="TASK    PID    STATUS    \n")
    return storage_host


def test_only_reading_calls_are_made(host: FakeCtr, capsys: Capture) -> None:
    assert main(["doctor", "-o", "json"]) == 5
    found = json.loads(capsys.readouterr().out)
    assert "unread" in {one["check"] for one in found}
    words = [call[2:] if call[0] == "-n" else call for call in host.calls]
    assert {tuple(call[:2]) for call in words if call not in (["version"], ["--version"])} <= (
        READING
    )


def test_a_dry_run_looks_just_the_same(host: FakeCtr, capsys: Capture) -> None:
    main(["doctor"])
    plain = capsys.readouterr().out
    main(["doctor", "--dry-run"])
    assert capsys.readouterr().out == plain


def test_a_hung_containerd_costs_one_time_limit(
    fake_ctr: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_ctr.answer("namespaces", "ls", "-q", first="sleep 30")
    fake_ctr.answer("version", first="sleep 30")
    monkeypatch.setenv("KUKE_CTR_REALM", "main")
    assert main(["doctor", "--timeout", "0.3", "-o", "json"]) == 5
    (found,) = json.loads(capsys.readouterr().out)
    assert found["check"] == "daemon-unreachable"
    assert found["hint"]


def test_a_socket_that_does_not_exist(
    fake_ctr: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUKE_CTR_BIN")  # of a ctr in several words nobody knows the socket
    assert main(["doctor", "-a", "/nonexistent/c.sock", "-o", "json"]) == 5
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["severity"], found["check"]) == ("error", "daemon-unreachable")
    assert fake_ctr.calls == []
