"""What nerdctl is not let do to containers of Kukeon's, and to images that Kukeon needs."""

import shlex
from pathlib import Path

import pytest

from kuke_ctr.backends.nerdctl.command_line import read
from kuke_ctr.commands.host.nerdctl_guard import refuse_harm
from kuke_ctr.errors import UsageError
from kuke_ctr.session import Session
from kuke_ctr.shared_options import SharedOptions
from tests.support.cell_host import APP, HALTED, LABELLED
from tests.support.cells import write_cell
from tests.support.fake_ctr import FakeCtr
from tests.support.images_host import digest_of, images
from tests.support.runtime_host import N


def guard(line: str) -> None:
    """What happens before nerdctl runs; UsageError."""
    refuse_harm(Session(SharedOptions(realm="main")).realm(), read(shlex.split(line)))


def refused(line: str) -> tuple[str, str]:
    """Message and hint of the error."""
    with pytest.raises(UsageError) as raised:
        guard(line)
    assert "nothing was done" in raised.value.message
    return raised.value.message, raised.value.hint or ""


@pytest.fixture
def host(cell_host: FakeCtr) -> FakeCtr:
    """No container has a name of nerdctl's, but `mine`: it is called web, and so is HALTED."""
    for word in ("mine", "10", "-1", APP, HALTED, LABELLED, "default_default_w", "nobody"):
        cell_host.answer(*N, "containers", "ls", "-q", f'labels."nerdctl/name"=={word}')
    several = ('labels."nerdctl/name"==10', 'labels."nerdctl/name"==mine')
    cell_host.answer(*N, "containers", "ls", "-q", *several)
    named = f"mine\n{HALTED}\n"
    cell_host.answer(*N, "containers", "ls", "-q", 'labels."nerdctl/name"==web', stdout=named)
    return cell_host


@pytest.mark.parametrize("verb", ["stop", "rm -f", "kill", "pause", "update", "container rename"])
@pytest.mark.parametrize("name", [APP, HALTED, LABELLED, "default_default_w"])
def test_a_container_of_kukeons_is_not_changed(host: FakeCtr, verb: str, name: str) -> None:
    message, hint = refused(f"{verb} {name}")
    assert f"`nerdctl {verb.split()[-1 if 'container' in verb else 0]}` would change it" in message
    assert "`kuke stop" in hint


def test_the_hint_is_the_better_way(host: FakeCtr) -> None:
    assert f"`kuke-ctr rm {APP} --namespace kukeon-main`" in refused(f"rm {APP}")[1]
    assert f"`kuke-ctr resume {APP} --namespace kukeon-main`" in refused(f"unpause {APP}")[1]
    assert f"`kuke-ctr attach {APP} --namespace kukeon-main`" in refused(f"attach {APP}")[1]
    assert "`kuke start halted --realm main`" in refused(f"start {HALTED}")[1]


def test_a_name_of_nerdctls_may_be_a_container_of_kukeons(host: FakeCtr) -> None:
    assert HALTED in refused("stop web")[0]


@pytest.mark.parametrize(
    "line",
    ["stop -t 10 mine", "rm nobody", "ps -a", f"exec {APP} ls", f"logs {APP}", "compose down"],
)
def test_other_containers_and_reading_are_nobodys_business(host: FakeCtr, line: str) -> None:
    guard(line)


@pytest.mark.parametrize("line", ["container prune -f", "system prune"])
def test_a_prune_beside_cells_is_refused(host: FakeCtr, line: str) -> None:
    message, hint = refused(line)
    assert "cells (web, halted, new, gone)" in message
    assert "`kuke-ctr rm --all --namespace kukeon-main`" in hint


def test_a_prune_where_kukeon_has_nothing_is_not(host: FakeCtr) -> None:
    host.answer(*N, "containers", "ls", "-q", stdout="mine\nidle\n")
    guard("container prune")


@pytest.mark.parametrize("line", ["namespace rm moby", "ns remove -c moby", "namespace rm a b"])
def test_a_namespace_is_removed_by_who_asks(host: FakeCtr, line: str) -> None:
    message, hint = refused(line)
    assert "asks nothing before it removes a namespace" in message
    assert "`kuke-ctr namespaces rm " in hint


NEEDED, FREE = f"registry.example/app@{digest_of('x/a')}", "registry.example/free:1"


@pytest.fixture
def pinned(images_host: FakeCtr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCtr:
    """A cell came from an image that has a digest in place of a tag; nothing uses FREE."""
    run_path = tmp_path / "run-path"
    monkeypatch.setenv("KUKEON_RUN_PATH", str(run_path))
    write_cell(run_path, "default/default/web", {"app": {"image": NEEDED}})
    for going in ((), (NEEDED,), (NEEDED, FREE)):
        words = [f"name=={ref}" for ref in going]
        names = "".join(f"{ref}\n" for ref in going or (NEEDED, FREE))
        rows = images(*((ref, digest_of("x/a")) for ref in names.split()))
        images_host.answer(*N, "images", "ls", *words, stdout=rows)
        images_host.answer(*N, "images", "ls", "-q", *words, stdout=names)
    return images_host


@pytest.mark.parametrize("line", ["image prune -f", "image prune --all=true", "image prune"])
def test_an_image_without_a_tag_is_pruned_though_it_is_in_use(pinned: FakeCtr, line: str) -> None:
    message, hint = refused(line)
    assert f"images that Kukeon needs ({NEEDED}: it is in 1 record" in message
    assert "`kuke-ctr images prune --all --namespace kukeon-main`" in hint


def test_a_prune_that_leaves_what_kukeon_needs_is_not_refused(pinned: FakeCtr) -> None:
    pinned.answer(*N, "images", "ls", "-q", stdout=f"{FREE}\n")
    guard("image prune -f")
