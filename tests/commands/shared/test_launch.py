"""What attach, exec, run and start do with failures that are not the process's own."""

import errno

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.commands.shared.launch import own_failures
from kuke_ctr.errors import (
    CtrFailed,
    Interrupted,
    NotFound,
    NotStarted,
    OwnFailure,
    TimeLimit,
    UsageError,
)
from kuke_ctr.recipes import attach_target
from tests.support.fake_ctr import FakeCtr


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (CtrFailed("x", hint="y"), OwnFailure, 125),
        (NotFound("x", hint="y"), OwnFailure, 125),
        (UsageError("x", hint="y"), UsageError, 2),
        (TimeLimit("x", hint="y"), TimeLimit, 124),
        (NotStarted("x", hint="y", exit_code=127), NotStarted, 127),
    ],
)
def test_a_failure_of_ours_is_125(error: CtrFailed, kind: type[CtrFailed], code: int) -> None:
    before = error.exit_code
    with pytest.raises(kind) as raised, own_failures():
        raise error
    assert (raised.value.message, raised.value.hint) == ("x", "y")
    assert raised.value.exit_code == code
    assert error.exit_code == before


def test_a_call_of_the_system_that_failed_is_ours_too() -> None:
    with pytest.raises(OwnFailure, match="cannot use /x: File name too long"), own_failures():
        raise OSError(errno.ENAMETOOLONG, "File name too long", "/x")


@pytest.mark.parametrize("kind", [BrokenPipeError, Interrupted])
def test_a_reader_that_went_away_and_ctrl_c_are_as_elsewhere(kind: type[BaseException]) -> None:
    with pytest.raises(kind), own_failures():
        raise kind("x")


def test_an_attach_that_the_system_refuses_ends_with_125(
    fake_ctr: FakeCtr, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_ctr.answer("namespaces", "ls", "-q", stdout="kukeon-main\n")

    def fails(*words: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files", "/proc/1/fd")

    monkeypatch.setattr(attach_target, "look", fails)
    monkeypatch.setattr("kuke_ctr.backends.ctr.containers.facts", fails)
    assert main(["attach", "-r", "main", "web"]) == 125
    assert "cannot use /proc/1/fd: Too many open files" in capsys.readouterr().err
