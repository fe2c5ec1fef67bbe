"""Commands that hints name."""

import socket

import pytest

from kuke_ctr.backends.ctr.lines import line_in
from kuke_ctr.cli.main import main
from kuke_ctr.shared_options import SharedOptions
from tests.support.fake_ctr import FakeCtr


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("tasks", "rm", "web"), "`kuke-ctr tasks rm web --namespace team-a`"),
        (("images", "pull", "a b"), "`kuke-ctr images pull 'a b' --namespace team-a`"),
        (("exec", "-t", "web", "sh"), "`kuke-ctr exec --namespace team-a -t web sh`"),
    ],
)
def test_a_command_in_a_hint_is_for_the_same_namespace(words: tuple[str, ...], line: str) -> None:
    assert line_in("team-a", *words) == line


def test_a_hint_about_no_namespace_names_none() -> None:
    assert line_in(None, "tasks", "ls") == "`kuke-ctr tasks ls`"


def test_a_command_in_a_hint_has_the_address_that_was_typed() -> None:
    assert line_in("a", "tasks", "ls", typed=("--address", "/c.sock")) == (
        "`kuke-ctr tasks ls --namespace a --address /c.sock`"
    )
    assert line_in("a", "exec", "c", "sh", typed=("--address", "/c s")) == (
        "`kuke-ctr exec --namespace a --address '/c s' c sh`"
    )


def test_an_address_of_the_environment_is_in_no_hint(
    fake_ctr: FakeCtr, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(fake_ctr.folder / "c.sock")
    words = ("-a", path, "-n", "team-a", "leases", "create", "--id", "l")
    fake_ctr.answer(*words, stderr='ctr: lease "l": already exists\n', exit_code=1)
    fake_ctr.answer("-a", path, "namespaces", "ls", "-q", stdout="team-a\n")
    monkeypatch.setenv("CONTAINERD_ADDRESS", path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        for typed in ((), ("--address", path)):
            assert main(["leases", "create", "l", "-n", "team-a", *typed]) == 1
            said = capsys.readouterr().err
            assert (f"--namespace team-a --address {path}" in said) is bool(typed)


def test_a_hint_names_the_host_as_the_user_did() -> None:
    options = SharedOptions(address="/c.sock", ctr="ssh web ctr", run_path="/srv/k")
    assert line_in("a", "logs", "c", typed=options.of_host()) == (
        "`kuke-ctr logs c --namespace a --address /c.sock --ctr 'ssh web ctr' --run-path /srv/k`"
    )
    assert SharedOptions().of_host() == ()
