"""A nerdctl that can be used, and those that cannot."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.nerdctl import versions
from kuke_ctr.backends.nerdctl.client import Nerdctl
from kuke_ctr.errors import CtrFailed, CtrMissing, Forbidden, KukeCtrError
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.runner import Processes
from tests.support.fake_nerdctl import FakeNerdctl

SERVER = b"Server:\n  Version:  2.1.9\n  UUID: the-daemon\n"


class WithoutSocket(Processes):
    """Runs nerdctl without a look at the socket, and answers for ctr."""

    def run_all(self, calls: object, *args: object, **options: object) -> list[Result]:
        assert isinstance(calls, list)
        return [
            Result(call.argv, 0, SERVER, b"", 0.0)
            if call.argv[0] == "ctr"
            else super(WithoutSocket, self).run_all([Call(call.argv)])[0]
            for call in calls
        ]


@pytest.fixture(autouse=True)
def _root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)


@pytest.fixture
def fake(tmp_path: Path) -> FakeNerdctl:
    return FakeNerdctl(tmp_path)


def ask(program: str) -> None:
    processes = WithoutSocket()
    ctr = Ctr(processes, ("ctr",), None, None, 10.0, print)
    versions.require_usable(Nerdctl(processes, program, "/x.sock", 10.0, print), ctr)


def test_one_for_the_same_containerd_can_be_used(fake: FakeNerdctl) -> None:
    ask(str(fake.program))
    assert [line.rpartition("default ")[2] for line in fake.calls] == [
        "--version",
        "info --format json",
    ]


def _old(fake: FakeNerdctl) -> None:
    fake.answer("--version", stdout="nerdctl version 1.6.2\n")


def _broken(fake: FakeNerdctl) -> None:
    fake.answer("--version", stdout="Segmentation fault\n", exit_code=2)


def _rootless(fake: FakeNerdctl) -> None:
    fake.answer("info --format json", stdout='{"SecurityOptions":["name=rootless"]}')


def _elsewhere(fake: FakeNerdctl) -> None:
    fake.answer("info --format json", stdout='{"ID":"another"}')


def _misconfigured(fake: FakeNerdctl) -> None:
    said = 'time="t" level=fatal msg="failed to load nerdctl config from \\"/x.toml\\""'
    fake.answer("--version", stderr=said, exit_code=1)


def _of_another_socket(fake: FakeNerdctl) -> None:
    said = 'time="t" level=fatal msg="cannot access containerd socket \\"/run/y.sock\\""'
    fake.answer("info --format json", stderr=said, exit_code=1)


def _locked(fake: FakeNerdctl) -> None:
    fake.program.chmod(0o644)


@pytest.mark.parametrize(
    ("spoil", "kind", "message"),
    [
        (_old, CtrFailed, "nerdctl 1.6.2 is too old"),
        (_broken, CtrFailed, "does not work"),
        (_rootless, Forbidden, "works rootless"),
        (_elsewhere, CtrFailed, "asks another containerd than ctr"),
        (_misconfigured, CtrFailed, "failed to load nerdctl config"),
        (_of_another_socket, CtrFailed, "cannot ask the containerd of /x.sock .*y.sock"),
        (_locked, Forbidden, "is not executable"),
    ],
)
def test_another_one_is_refused_and_the_way_without_it_is_named(
    fake: FakeNerdctl,
    spoil: Callable[[FakeNerdctl], None],
    kind: type[KukeCtrError],
    message: str,
) -> None:
    spoil(fake)
    with pytest.raises(kind, match=message) as caught:
        ask(str(fake.program))
    assert caught.value.hint is not None
    assert "--backend ctr" in caught.value.hint


def test_who_is_not_root_would_ask_another_containerd(
    fake: FakeNerdctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(Forbidden, match="works rootless for this user"):
        ask(str(fake.program))
    assert fake.calls == []


def test_one_that_is_not_there_is_127() -> None:
    with pytest.raises(CtrMissing, match="/no/such/nerdctl does not exist") as caught:
        ask("/no/such/nerdctl")
    assert caught.value.hint is not None
    assert "--nerdctl" in caught.value.hint
