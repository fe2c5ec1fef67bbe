"""What removing stops at, and what goes with it, over a fake ctr."""

import json
import shlex
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.processes.calls import mask
from kuke_ctr.recipes import own_logs
from tests.support.ending_host import EndingHost
from tests.support.fake_ctr import FakeCtr
from tests.support.runtime_host import Capture, N, changes, run


def test_labels_of_a_container(runtime_host: FakeCtr, capsys: Capture) -> None:
    runtime_host.answer(*N, "containers", "label", "web", "a=b", "c=", stdout="a=b\n")
    assert run("containers label web a=b c=", capsys) == (0, "web\n", "")
    gone = 'ctr: container "wbe" in namespace "kukeon-main": not found\n'
    runtime_host.answer(*N, "containers", "label", "wbe", "a=b", stderr=gone, exit_code=1)
    code, _, err = run("containers label wbe a=b", capsys)
    assert code == 3
    assert "the realm has: web" in err
    assert run("containers label web a", capsys)[0] == 2


NO_TASK = "ctr: no running task found: task idle not found: not found\n"


@pytest.mark.parametrize("name", ["web", "frozen", "fresh", "silent"])
def test_a_container_with_a_living_task_is_not_removed(
    runtime_host: FakeCtr, capsys: Capture, name: str
) -> None:
    code, out, err = run(f"containers rm {name}", capsys)
    assert (code, out) == (1, "")
    assert "the container was not removed" in err
    assert f"kuke-ctr stop {name} --namespace kukeon-main" in err
    assert changes(runtime_host) == []


def test_a_task_that_is_not_listed_but_not_surely_gone_keeps_the_container(
    runtime_host: FakeCtr, capsys: Capture
) -> None:
    said = "ctr: ttrpc: closed: unknown\n"
    runtime_host.answer(*N, "tasks", "ps", "idle", stderr=said, exit_code=1)
    code, _, err = run("containers rm idle", capsys)
    assert code == 1
    assert "is not known" in err
    assert changes(runtime_host) == []


def test_containers_go_with_their_snapshots_unless_they_are_kept(
    runtime_host: FakeCtr, capsys: Capture
) -> None:
    runtime_host.answer(*N, "tasks", "ps", "idle", stderr=NO_TASK, exit_code=1)
    info = '{"ID": "idle", "SnapshotKey": "k", "Snapshotter": "native", "Spec": {}}'
    runtime_host.answer(*N, "containers", "info", "idle", stdout=info)
    kept = ("--snapshotter", "native", "label", "k", "containerd.io/gc.root=kuke-ctr")
    runtime_host.answer(*N, "snapshots", *kept)
    runtime_host.answer(*N, "containers", "rm", "--keep-snapshot", "idle")
    runtime_host.answer(*N, "containers", "rm", "ended")
    code, out, err = run("containers rm --keep-snapshot idle", capsys)
    assert (code, out) == (0, "idle\n")
    assert "kuke-ctr snapshots rm k --snapshotter native --namespace kukeon-main" in err
    assert changes(runtime_host) == [
        shlex.join([*N, "snapshots", *kept]),
        "-n kukeon-main containers rm --keep-snapshot idle",
    ]
    assert run("containers rm ended", capsys) == (0, "ended\n", "")
    gone = 'ctr: container "edned" in namespace "kukeon-main": not found\n'
    runtime_host.answer(*N, "containers", "info", "edned", stderr=gone, exit_code=1)
    code, _, err = run("containers rm edned", capsys)
    assert code == 3
    assert "the realm has: ended" in err


def test_all_says_what_goes_needs_a_word_and_leaves_what_lives(
    runtime_host: FakeCtr, capsys: Capture
) -> None:
    runtime_host.answer(*N, "tasks", "ps", "idle", stderr=NO_TASK, exit_code=1)
    for name in ("idle", "ended"):
        runtime_host.answer(*N, "containers", "rm", name)
    code, out, err = run("containers rm --all", capsys)
    assert (code, out) == (2, "")
    assert "2 containers of realm main (namespace kukeon-main) will be removed" in err
    assert "with their files: ended, idle" in err
    assert changes(runtime_host) == []
    left = "4 containers have a task that has not stopped, and will not be removed: "
    code, out, err = run("containers rm --all --yes --dry-run", capsys)
    assert (code, err.count(left)) == (0, 1)
    assert changes(runtime_host) == []
    code, out, err = run("containers rm --all --yes", capsys)
    assert (code, out) == (0, "ended\nidle\n")
    assert err.count(left) == 1
    assert "container was not removed" not in err
    assert "name the containers, or use --all" in run("containers rm", capsys)[2]
    code, out, err = run("containers rm --all web", capsys)
    assert code == 2
    assert "--all and names of containers cannot be combined" in err


def test_one_container_goes_with_its_file_system(runtime_host: FakeCtr, capsys: Capture) -> None:
    runtime_host.answer(*N, "containers", "ls", "-q", stdout="ended\n")
    assert "with its files: ended" in run("containers rm --all", capsys)[2]
    assert "its snapshot stays: ended" in run("containers rm --all --keep-snapshot", capsys)[2]


@pytest.mark.parametrize(
    ("named", "gone"),
    [
        ("{logs}/kukeon-main/ended.log", True),
        ("{logs}/kukeon-main/ended-0123456789ab.log", True),
        ("{logs}/kukeon-main/ended-fedcba987654.log", False),  # another container's
        ("{logs}/kukeon-main/ended-2.log", False),
        ("{logs}/kukeon-main/ended.txt", False),
        ("{logs}/other/ended.log", False),
        ("/etc/passwd", False),
        ("{logs}/kukeon-main/web.log", False),
        ("{logs}/kukeon-main/../kukeon-main/ended.log", False),
        ("ended.log", False),
    ],
)
def test_only_the_containers_own_log_goes_with_it(
    runtime_host: FakeCtr,
    capsys: Capture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    named: str,
    gone: bool,
) -> None:
    monkeypatch.setattr(own_logs, "LOGS", tmp_path / "logs")
    files = [
        tmp_path / "logs" / folder / name
        for folder in ("kukeon-main", "other")
        for name in ("ended", "ended-0123456789ab", "ended-fedcba987654", "ended-2", "web")
    ]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.with_suffix(".log").write_text("x")
        file.with_suffix(".txt").write_text("x")
    before = set(tmp_path.glob("logs/*/*"))
    label = named.format(logs=tmp_path / "logs")
    info = json.dumps({"ID": "ended", "Labels": {"kuke-ctr/log": label}, "Spec": {}})
    runtime_host.answer(*N, "containers", "info", "ended", stdout=info)
    runtime_host.answer(*N, "containers", "ls", "-q", stdout="ended\nended-fedcba987654\n")
    runtime_host.answer(*N, "containers", "rm", "ended")
    code, _, err = run("containers rm ended --dry-run", capsys)
    assert code == 0
    assert (f"its log file {label} would be removed" in err) is gone
    assert set(tmp_path.glob("logs/*/*")) == before
    assert run("containers rm ended", capsys)[:2] == (0, "ended\n")
    assert before - set(tmp_path.glob("logs/*/*")) == ({Path(label)} if gone else set())


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_a_log_that_is_no_file_or_lies_behind_a_link_stays(
    runtime_host: FakeCtr,
    capsys: Capture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    monkeypatch.setattr(own_logs, "LOGS", tmp_path / "logs")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "ended.log").write_text("somebody's")
    (tmp_path / "logs").mkdir()
    folder = tmp_path / "logs" / "kukeon-main"
    if kind == "link":
        folder.symlink_to(elsewhere)
    else:
        folder.mkdir()
        (folder / "ended.log").symlink_to(elsewhere / "ended.log")
    info = {"ID": "ended", "Labels": {"kuke-ctr/log": str(folder / "ended.log")}, "Spec": {}}
    runtime_host.answer(*N, "containers", "info", "ended", stdout=json.dumps(info))
    runtime_host.answer(*N, "containers", "rm", "ended")
    assert run("containers rm ended", capsys)[0] == 0
    assert (elsewhere / "ended.log").read_text() == "somebody's"
    assert (folder / "ended.log").exists()


def test_a_container_that_stays_keeps_its_log(
    runtime_host: FakeCtr, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_logs, "LOGS", tmp_path)
    (tmp_path / "kukeon-main").mkdir()
    log = tmp_path / "kukeon-main" / "ended.log"
    log.write_text("still wanted")
    info = json.dumps({"ID": "ended", "Labels": {"kuke-ctr/log": str(log)}, "Spec": {}})
    runtime_host.answer(*N, "containers", "info", "ended", stdout=info)
    runtime_host.answer(*N, "containers", "rm", "ended", stderr="ctr: boom\n", exit_code=1)
    assert run("containers rm ended", capsys)[0] == 1
    assert log.exists()


@pytest.mark.parametrize(
    "line",
    ["tasks rm x", "containers rm x", "containers rm --all --yes"],
)
def test_nothing_is_removed_from_somebody_elses_namespace_by_a_realm_or_in_all(
    runtime_host: FakeCtr,
    capsys: Capture,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "conf").write_text("realms: {m: {namespace: moby}}\n")
    monkeypatch.setenv("KUKE_CTR_CONFIG", str(tmp_path / "conf"))
    assert main([*line.split(), "--realm", "m"]) == 2
    assert "--namespace moby" in capsys.readouterr().err
    assert main([*line.split(), "-A"]) == 2
    assert changes(runtime_host) == []


@pytest.mark.parametrize(
    "line",
    [
        "tasks kill web",
        "tasks pause web",
        "tasks rm web",
        "tasks checkpoint web",
        "containers label web a=b",
        "containers rm web",
        "containers create IMG web",
    ],
)
def test_a_namespace_that_is_a_guess_and_does_not_exist_stops_a_change(
    runtime_host: FakeCtr, capsys: Capture, line: str
) -> None:
    noun, verb, *words = line.split()
    assert main([noun, verb, "-r", "mian", *words]) == 3
    err = capsys.readouterr().err
    assert "nothing was changed" in err
    assert "did you mean --realm main? existing realms: main" in err
    assert ("--create-namespace" in err) is (verb == "create")
    assert changes(runtime_host) == []


@pytest.mark.parametrize(
    ("line", "planned"),
    [
        ("tasks kill web -s KILL", "tasks kill --signal SIGKILL web"),
        ("tasks pause web", "tasks pause web"),
        ("tasks resume frozen", "tasks resume frozen"),
        ("tasks rm -f web", "tasks rm --force web"),
        ("tasks rm --exec-id e web", "tasks rm --exec-id e web"),
        ("tasks checkpoint web", "tasks checkpoint web"),
        ("containers label web a=b", "containers label web a=b"),
        ("containers rm ended", "containers rm ended"),
        ("rm ended", "containers rm ended"),
        ("rm -f web", "tasks rm --force web\nenv ctr -n kukeon-main containers rm web"),
        ("kill -9 web", "tasks kill --signal SIGKILL web"),
        ("pause web", "tasks pause web"),
        ("resume frozen", "tasks resume frozen"),
        ("unpause frozen", "tasks resume frozen"),
        ("containers rm --all", "containers rm ended\nenv ctr -n kukeon-main containers rm idle"),
    ],
)
def test_a_dry_run_prints_what_would_change(
    runtime_host: FakeCtr, capsys: Capture, line: str, planned: str
) -> None:
    runtime_host.answer(*N, "tasks", "ps", "idle", stderr=NO_TASK, exit_code=1)
    _, out, _ = run(f"{line} --dry-run", capsys)
    assert out == f"env ctr -n kukeon-main {planned}\n"
    assert changes(runtime_host) == []


def test_a_containers_user_is_shown_and_a_registrys_password_is_not() -> None:
    shown = ("ctr", "-n", "x", "containers", "create", "--user", "1000:100", "--", "i", "c")
    assert mask(shown) == shown
    for namespace in ("images", "i", "content"):
        inside = ("ctr", "-a", "/i", "-n", namespace, "run", "--rm", "-u", "1:2", "i")
        assert mask(inside) == inside
        assert (
            mask(("ctr", "--namespace", namespace, "t", "exec", "--user=1:2", "c"))[5][-3:] == "1:2"
        )
    for noun in ("images", "i", "content"):
        words = ("ctr", "-n", "run", noun, "pull", "--user", "me:secret", "ref")
        assert mask(words)[6] == "me:***"
    assert mask(("ctr", "rpull", "-u=me:secret"))[2] == "-u=me:***"


def test_force_kills_first_and_what_goes_with_its_task_is_gone(
    ending_host: EndingHost, capsys: Capture
) -> None:
    gone = 'ctr: container "fresh" in namespace "kukeon-main": not found\n'
    for name in ("web", "fresh"):
        ending_host.becomes(name, "-", "rm", "--force")
    ending_host.fake.answer(*N, "containers", "rm", "web")
    ending_host.fake.answer(*N, "containers", "rm", "fresh", stderr=gone, exit_code=1)
    ending_host.fake.answer(*N, "containers", "ls", "-q", stdout="web\n")
    assert run("rm -f web fresh", capsys) == (0, "web\nfresh\n", "")
    assert changes(ending_host.fake)[:2] == [
        "-n kukeon-main tasks rm --force web",
        "-n kukeon-main containers rm web",
    ]


def test_force_is_not_for_all(runtime_host: FakeCtr, capsys: Capture) -> None:
    code, _, err = run("rm --all --force --yes", capsys)
    assert (code, changes(runtime_host)) == (2, [])
    assert "--all and --force cannot be combined" in err
