"""Containers and tasks by the front of an id, over a fake ctr."""

import json

import pytest

from tests.support.fake_ctr import FakeCtr
from tests.support.runtime_host import Capture, N, changes, run

HEX = "4f9d" + "0" * 60
LIST = [*N, "containers", "ls", "-q"]


def gone(fake: FakeCtr, *words: str) -> None:
    said = 'ctr: container "x" in namespace "kukeon-main": not found\n'
    fake.answer(*N, *words, stderr=said, exit_code=1)


def with_hex(fake: FakeCtr) -> None:
    """A container of Docker's more, without a task."""
    names = "".join(f"{name}\n" for name in ("web", "frozen", "ended", "fresh", "idle", HEX))
    fake.answer(*LIST, stdout=names)
    info = {"ID": HEX, "Labels": {}, "Spec": {}}
    fake.answer(*N, "containers", "info", HEX, stdout=json.dumps(info))
    no_task = f"ctr: no running task found: task {HEX} not found: not found\n"
    fake.answer(*N, "tasks", "ps", HEX, stderr=no_task, exit_code=1)
    fake.answer(*N, "containers", "rm", HEX)


def test_the_front_of_an_id_is_enough(runtime_host: FakeCtr, capsys: Capture) -> None:
    runtime_host.answer(*N, "tasks", "resume", "frozen")
    assert run("tasks resume fro", capsys) == (0, "frozen\n", "fro: the container frozen\n")
    gone(runtime_host, "containers", "info", "id")
    code, out, _ = run("containers info id", capsys)
    assert (code, json.loads(out)["ID"]) == (0, "idle")
    gone(runtime_host, "containers", "label", "id", "a=b")
    runtime_host.answer(*N, "containers", "label", "idle", "a=b", stdout="a=b\n")
    assert run("containers label id a=b", capsys)[:2] == (0, "idle\n")
    gone(runtime_host, "tasks", "ps", "we")
    runtime_host.answer(*N, "tasks", "ps", "web", stdout="PID     INFO\n1000    -\n")
    code, out, _ = run("tasks ps we -o csv --columns task,pid", capsys)
    assert (code, out) == (0, "task,pid\nweb,1000\n")


def test_an_exact_id_wins_and_costs_no_list(runtime_host: FakeCtr, capsys: Capture) -> None:
    runtime_host.answer(*N, "tasks", "pause", "web")
    assert run("tasks pause web", capsys) == (0, "web\n", "")
    assert run("containers info web", capsys)[0] == 0
    assert LIST not in runtime_host.calls


def test_several_ids_are_named(runtime_host: FakeCtr, capsys: Capture) -> None:
    for line in ("tasks kill f", "tasks rm f", "tasks pause f", "containers info f"):
        gone(runtime_host, "containers", "info", "f")
        code, out, err = run(line, capsys)
        assert (code, out) == (3, "")
        assert "2 ids begin with f: frozen, fresh (" in err
    assert changes(runtime_host) == []


@pytest.mark.parametrize(
    ("line", "words", "whole"),
    [
        ("tasks kill we", ("tasks", "kill", "web"), "web"),
        ("tasks rm end", ("tasks", "rm", "ended"), "ended"),
        ("containers rm end", ("containers", "rm", "ended"), "ended"),
    ],
)
def test_the_front_of_a_name_is_asked_about_before_harm_is_done(
    runtime_host: FakeCtr, capsys: Capture, line: str, words: tuple[str, ...], whole: str
) -> None:
    """A script that removes `web` again must not remove `web-2`."""
    front = line.rsplit(maxsplit=1)[-1]
    gone(runtime_host, "containers", "info", front)
    first = ""
    if words[:2] == ("tasks", "rm"):  # then it is not listed any more
        first = f"printf 'TASK    PID    STATUS\\n' > {_answer_of(runtime_host, 'tasks', 'ls')}"
    runtime_host.answer(*N, *words, first=first)
    code, out, err = run(line, capsys)
    assert (code, out) == (2, "")
    assert f"no container has the id {front}: {whole} begins so and will " in err
    assert changes(runtime_host) == []
    code, out, err = run(f"{line} --yes", capsys)
    assert (code, out) == (0, f"{whole}\n")
    assert f"{front}: the container {whole}" in err
    assert changes(runtime_host) == [" ".join([*N, *words])]


def _answer_of(fake: FakeCtr, *words: str) -> str:
    """The file that has what a call prints."""
    return fake.answers[(*N, *words)].split("cat ")[1].split(";")[0]


def test_the_front_of_an_id_that_docker_gave_is_enough_to_remove_it(
    runtime_host: FakeCtr, capsys: Capture
) -> None:
    with_hex(runtime_host)
    gone(runtime_host, "containers", "info", "4f9d00")
    assert run("containers rm 4f9d00", capsys)[:2] == (0, f"{HEX}\n")


def test_a_dry_run_shows_the_whole_id(runtime_host: FakeCtr, capsys: Capture) -> None:
    code, out, _ = run("exec --dry-run we ls", capsys)
    assert (code, out.rstrip().endswith("-- web ls")) == (0, True)
    code, out, _ = run("tasks kill --dry-run we", capsys)
    assert (code, out) == (0, "env ctr -n kukeon-main tasks kill web\n")


@pytest.mark.parametrize("other", ["web-2", "web2", "web.old"])
@pytest.mark.parametrize(
    "line", ["exec --dry-run web rm /data", "tasks start -d web", "containers label web a=b"]
)
def test_what_changes_takes_no_other_name(
    runtime_host: FakeCtr, capsys: Capture, line: str, other: str
) -> None:
    """`web` has gone, and what is left begins so: it is not what was meant."""
    runtime_host.answer(*LIST, stdout=f"{other}\n")
    for words in (("info", "web"), ("label", "web", "a=b")):
        gone(runtime_host, "containers", *words)
    code, out, err = run(line, capsys)
    assert other not in out
    assert "--dry-run" in line or (code in (3, 125) and other in err)
    assert not any(other in call for call in runtime_host.calls)


def test_a_front_is_looked_up_before_anything_is_removed(
    runtime_host: FakeCtr, capsys: Capture
) -> None:
    """It would become unique by the first removal."""
    one, two = f"abc1{HEX[4:]}", f"abc2{HEX[4:]}"
    runtime_host.answer(*LIST, stdout=f"{one}\n{two}\n")
    for name in (one, two):
        info = {"ID": name, "Labels": {}, "Spec": {}}
        runtime_host.answer(*N, "containers", "info", name, stdout=json.dumps(info))
        no_task = f"ctr: no running task found: task {name} not found: not found\n"
        runtime_host.answer(*N, "tasks", "ps", name, stderr=no_task, exit_code=1)
        runtime_host.answer(*N, "containers", "rm", name)
    gone(runtime_host, "containers", "info", "abc")
    code, out, _ = run("containers rm abc1 abc", capsys)
    assert (code, out) == (3, f"{one}\n")
    assert [*N, "containers", "rm", two] not in runtime_host.calls


def test_a_container_of_kukeon_is_asked_about(runtime_host: FakeCtr, capsys: Capture) -> None:
    labels = {"kukeon.io/cell": "shop"}
    info = json.dumps({"ID": "ended", "Labels": labels, "Spec": {}})
    runtime_host.answer(*N, "containers", "info", "ended", stdout=info)
    code, _, err = run("containers rm ended", capsys)
    assert code == 2
    assert "ended of Kukeon's cell shop (known by its labels" in err
    assert changes(runtime_host) == []
