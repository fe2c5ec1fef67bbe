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

BY_COMPOSE = ('labels."com.docker.compose.project"', 'labels."nerdctl/name"')


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
    cell_host.answer(*N, "containers", "ls", "-q", *BY_COMPOSE, stdout="mine\n")
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


def test_labels_of_nerdctls_make_no_exception_for_an_id_of_kukeons_form(host: FakeCtr) -> None:
    """An image can bring them."""
    evil = "default_default_web_evil"
    host.answer(*N, "containers", "ls", "-q", stdout=f"{evil}\n")
    host.answer(*N, "containers", "ls", "-q", f'labels."nerdctl/name"=={evil}')
    info = f'{{"ID": "{evil}", "Labels": {{"nerdctl/name": "evil"}}, "Spec": {{}}}}'
    host.answer(*N, "containers", "info", evil, stdout=info)
    assert f"{evil} belongs to Kukeon's cell web" in refused(f"rm -f {evil}")[0]


@pytest.mark.parametrize("line", ["container prune -f", "system prune"])
def test_a_prune_beside_cells_is_refused(host: FakeCtr, line: str) -> None:
    message, hint = refused(line)
    assert "cells (web, halted, new, gone)" in message
    assert "`kuke-ctr rm --all --namespace kukeon-main`" in hint


def test_a_prune_where_kukeon_has_nothing_is_not(host: FakeCtr) -> None:
    host.answer(*N, "containers", "ls", "-q", stdout="mine\nidle\n")
    guard("container prune")


@pytest.mark.parametrize(
    "line",
    [
        *("compose -f c.yaml -p shop kill", "compose down", "compose --odd ps"),
        *("compose --project-name ps stop", "compose -fc.yaml up -d", "compose run app"),
    ],
)
def test_compose_finds_what_has_its_labels(host: FakeCtr, line: str) -> None:
    host.answer(*N, "containers", "ls", "-q", *BY_COMPOSE, stdout=f"mine\n{HALTED}\n")
    message, hint = refused(line)
    assert f"{HALTED} belongs to Kukeon's cell halted" in message
    assert "`kuke-ctr stop ID --namespace kukeon-main`" in hint


@pytest.mark.parametrize("line", ["compose ps", "compose -f c.yaml -p x logs app"])
def test_compose_may_look(host: FakeCtr, line: str) -> None:
    host.answer(*N, "containers", "ls", "-q", *BY_COMPOSE, stdout=f"{HALTED}\n")
    guard(line)


@pytest.mark.parametrize(
    "line",
    [
        *("rm -f 'x,id~=app'", "kill -s USR1 x,id~=a", "rm ''", "stop -- -x,id~=app", "rmi 'a|b'"),
        *("""rmi '"registry.example/free:1"'""", """tag mine '"free:1"'"""),
    ],
)
def test_a_word_that_would_be_a_filter_is_refused(host: FakeCtr, line: str) -> None:
    message, hint = refused(line)
    assert "nerdctl would take it as a filter" in message
    assert "--flag=VALUE" in hint


@pytest.mark.parametrize("line", ["internal oci-hook x", "image frob x", "container frob x"])
def test_a_verb_that_nobody_knows_is_refused_beside_cells(host: FakeCtr, line: str) -> None:
    message, hint = refused(line)
    assert "does not know nerdctl's" in message
    assert "`nerdctl --namespace kukeon-main ...` itself checks nothing" in hint


def test_where_kukeon_has_nothing_every_word_passes(fake_ctr: FakeCtr) -> None:
    fake_ctr.answer("namespaces", "ls", "-q", stdout="kukeon-main\n")
    fake_ctr.answer(*N, "containers", "ls", "-q", stdout="mine\n")
    fake_ctr.answer(*N, "containers", "info", "mine", stdout='{"ID": "mine"}')
    guard("internal frob 'x,y'")


@pytest.mark.parametrize("line", ["namespace update --label a=b x", "ns update x"])
def test_a_namespace_gets_labels_from_who_looks(host: FakeCtr, line: str) -> None:
    message, hint = refused(line)
    assert "asks nothing before it labels a namespace" in message
    assert hint == "`kuke-ctr namespaces label NAMESPACE KEY=VALUE`"


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


EVERY = ["s", "sha256:", "sha256", "sha256:a", "aaa"]


@pytest.mark.parametrize("word", EVERY)
def test_the_beginning_of_a_digest_means_an_image(pinned: FakeCtr, word: str) -> None:
    digest = word.removeprefix("sha256:")
    words = [f"name=={word}", f"name==docker.io/library/{word}:latest"]
    words[1] = words[1] if ":" not in word else f"name==docker.io/library/{word}"
    found = f'target.digest~="^sha256:{digest}"'
    pinned.answer(*N, "images", "ls", "-q", *words, found, stdout=f"{NEEDED}\n{FREE}\n")
    assert f"images that Kukeon needs ({NEEDED}" in refused(f"rmi -f {word}")[0]


@pytest.fixture
def tagged(pinned: FakeCtr, tmp_path: Path) -> FakeCtr:
    """The cell web came from FREE."""
    write_cell(tmp_path / "run-path", "default/default/web", {"app": {"image": FREE}})
    by_name = f"name=={FREE}"
    rows = images((FREE, digest_of("x/a")))
    pinned.answer(*N, "images", "ls", by_name, stdout=rows)
    pinned.answer(*N, "images", "ls", "-q", by_name, stdout=f"{FREE}\n")
    return pinned


@pytest.mark.parametrize(
    "line",
    [
        *(f"tag other:1 {FREE}", f"image convert --oci other:1 {FREE}", f"build -t {FREE} ."),
        *(f"build --tag={FREE} .", f"build -qt {FREE} .", f"image build -t{FREE} ."),
        *(f"builder build --tag {FREE}", f"import - {FREE}", f"image tag other {FREE}@x"),
    ],
)
def test_a_name_that_kukeon_needs_goes_to_no_other_image(tagged: FakeCtr, line: str) -> None:
    message, hint = refused(line)
    assert "would give another image a name that Kukeon needs" in message
    assert "choose another name" in hint
    assert f"`kuke-ctr images tag --force SRC {FREE} --namespace kukeon-main` overwrites" in hint


@pytest.mark.parametrize("line", [f"tag {FREE} other:1", f"push {FREE}", "build -t new:1 ."])
def test_a_new_name_is_free(tagged: FakeCtr, line: str) -> None:
    guard(line)
