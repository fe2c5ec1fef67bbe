"""`--hosts`: what is printed of many hosts, whatever each of them does."""

import json
import os
import shutil
import signal
import subprocess  # noqa: TID251 (what a user starts)
import sys
import time
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from tests.support.fleet_hosts import FleetHosts
from tests.support.runner import PROGRAM

Capture = pytest.CaptureFixture[str]
LS = "ctr -n kukeon-main tasks ls"
WORDS = ("tasks", "ls", "-r", "main", "--columns", "host,id,status")


def run(capsys: Capture, *words: str, code: int = 0) -> tuple[list[str], list[str]]:
    """The lines of stdout and stderr."""
    assert main(list(words)) == code
    out, err = capsys.readouterr()
    return out.splitlines(), err.splitlines()


def test_many_equal_hosts_are_one_row_each(fleet_hosts: FleetHosts, capsys: Capture) -> None:
    out, err = run(capsys, *WORDS, "--hosts", "web[1-20]", "--fanout", "7")
    assert [line.split() for line in out] == [
        ["HOST", "ID", "STATUS"],
        ["web[1-20]", "a", "RUNNING"],
        ["web[1-20]", "b", "RUNNING"],
    ]
    assert err == []
    assert len(fleet_hosts.calls) == 20 * 3


def test_the_table_of_a_list_begins_with_its_hosts(
    fleet_hosts: FleetHosts, capsys: Capture
) -> None:
    fleet_hosts.tasks("a", "b", "c", host="web2")
    out, _ = run(capsys, "tasks", "ls", "-r", "main", "--hosts", "web[1-3]")
    assert [line.split() for line in out] == [
        ["HOST", "ID", "PID", "STATUS"],
        ["web[1-3]", "a", "42", "RUNNING"],
        ["web[1-3]", "b", "42", "RUNNING"],
        ["web2", "c", "42", "RUNNING"],
    ]


def test_no_fold_shows_each_host(fleet_hosts: FleetHosts, capsys: Capture) -> None:
    fleet_hosts.tasks("a")
    out, _ = run(capsys, *WORDS, "--hosts", "web[1-3]", "--no-fold", "--no-headers")
    assert [line.split()[0] for line in out] == ["web1", "web2", "web3"]


def test_one_bad_host_is_a_line_and_a_code(fleet_hosts: FleetHosts, capsys: Capture) -> None:
    refused = "echo 'ssh: connect to host web2 port 22: Connection refused' >&2; exit 255"
    fleet_hosts.does("files", refused, host="web2")
    out, err = run(capsys, *WORDS, "--hosts", "web[1-3]", code=1)
    assert [line.split()[0] for line in out[1:]] == ["web[1,3]", "web[1,3]"]
    (line,) = (line for line in err if line.startswith("kuke-ctr: "))
    assert line.startswith("kuke-ctr: web2: ")
    assert "Connection refused" in line


def test_a_host_without_ctr_is_a_line_too_be_it_this_one(
    fleet_hosts: FleetHosts, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = fleet_hosts.folder / "bin"
    (programs / "cat").symlink_to(shutil.which("cat") or "")
    monkeypatch.setenv("PATH", str(programs))  # there is no ctr
    out, err = run(capsys, *WORDS, "--hosts", "local,web[1-2]", "--no-headers", code=127)
    assert [line.split()[0] for line in out] == ["web[1-2]", "web[1-2]"]
    (line,) = (line for line in err if line.startswith("kuke-ctr: "))
    assert line.startswith("kuke-ctr: local: ctr is not installed")


def test_hosts_that_fail_in_the_same_way_are_one_line(
    fleet_hosts: FleetHosts, capsys: Capture
) -> None:
    fleet_hosts.does(
        "files", 'echo "ssh: connect to host $host port 22: Connection refused" >&2; exit 255'
    )
    out, err = run(capsys, *WORDS, "--hosts", "web[1-20]", code=1)
    assert out == []
    assert [line for line in err if line.startswith("kuke-ctr: ")] == [
        "kuke-ctr: web[1-20]: ssh could not reach web1: ssh: connect to host web1 port 22: "
        "Connection refused"
    ]


def test_what_ctr_says_has_the_hosts_once(fleet_hosts: FleetHosts, capsys: Capture) -> None:
    fleet_hosts.does(LS, "echo 'ctr: no' >&2; exit 1")
    _, err = run(capsys, *WORDS, "--hosts", "web[1-3]", code=1)
    assert err[0] == "kuke-ctr: web[1-3]: ctr: no"


def test_the_worst_exit_code_wins(fleet_hosts: FleetHosts, capsys: Capture) -> None:
    fleet_hosts.does(LS, "echo 'ctr: no' >&2; exit 1", host="web1")
    fleet_hosts.answer("ctr namespaces ls -q", "default\n", host="web2")
    fleet_hosts.tasks(host="web2")
    fleet_hosts.answer(LS, "what is this\n", host="web3")
    _, err = run(capsys, *WORDS, "--hosts", "web[1-4]", code=4)
    assert {line.split(": ")[1] for line in err if line.startswith("kuke-ctr: ")} == {
        "web1",
        "web2",
        "web3",
    }


def test_garbage_is_refused_host_by_host(fleet_hosts: FleetHosts, capsys: Capture) -> None:
    fleet_hosts.answer("files", "Welcome to web1\n", host="web1")
    fleet_hosts.answer(LS, "ID PID STATUS\nx y z w\n", host="web2")
    out, err = run(capsys, *WORDS, "--hosts", "web[1-3]", "--no-headers", code=4)
    assert [line.split()[0] for line in out] == ["web3", "web3"]
    assert {line.split(": ")[1] for line in err if line.startswith("kuke-ctr: ")} >= {
        "web1",
        "web2",
    }


def test_a_host_that_dies_midway_gives_no_rows(fleet_hosts: FleetHosts, capsys: Capture) -> None:
    head = f"head -n 2 {fleet_hosts.folder}/all/'{LS}'"
    fleet_hosts.does(LS, f"{head}; echo 'client_loop: Broken pipe' >&2; exit 255", host="web1")
    out, err = run(capsys, *WORDS, "--hosts", "web[1-2]", "--no-headers", code=1)
    assert [line.split()[0] for line in out] == ["web2", "web2"]
    assert any(line.startswith("kuke-ctr: web1: ") for line in err)


def test_a_host_beyond_the_time_limit_is_left_out(fleet_hosts: FleetHosts, capsys: Capture) -> None:
    fleet_hosts.does(LS, "exec sleep 60")
    begun = time.monotonic()
    out, err = run(capsys, *WORDS, "--hosts", "web1", "--timeout", "300ms", code=124)
    assert time.monotonic() - begun < 30
    assert out == []
    assert any(line.startswith("kuke-ctr: web1: ") for line in err)


@pytest.mark.parametrize("form", ["json", "jsonl", "yaml", "csv"])
def test_a_program_reads_each_row_with_its_host(
    fleet_hosts: FleetHosts, capsys: Capture, form: str
) -> None:
    import yaml

    fleet_hosts.tasks("a")
    out, _ = run(capsys, *WORDS, "--hosts", "web[1-2]", "-o", form)
    text = "\n".join(out)
    if form == "csv":
        assert out == ["host,id,status", "web1,a,RUNNING", "web2,a,RUNNING"]
        return
    if form == "jsonl":
        rows = [json.loads(line) for line in out]
    else:
        rows = json.loads(text) if form == "json" else yaml.safe_load(text)
    rows.sort(key=lambda row: str(row["host"]))
    assert rows == [{"host": host, "id": "a", "status": "RUNNING"} for host in ("web1", "web2")]


def test_names_alone_and_an_order_over_all_hosts(fleet_hosts: FleetHosts, capsys: Capture) -> None:
    fleet_hosts.tasks("c", host="web1")
    fleet_hosts.tasks("b", host="web2")
    out, _ = run(capsys, "tasks", "ls", "-r", "main", "--hosts", "web[1-2]", "-q")
    assert sorted(out) == ["b", "c"]
    words = ("--hosts", "web[1-2]", "-o", "jsonl", "--sort-by", "id")
    out, _ = run(capsys, *WORDS, *words)
    assert [json.loads(line)["id"] for line in out] == ["b", "c"]


def test_a_remark_of_many_hosts_is_one_line(fleet_hosts: FleetHosts, capsys: Capture) -> None:
    fleet_hosts.tasks()
    out, err = run(capsys, *WORDS, "--hosts", "web[1-3]")
    assert out == []
    (line,) = err
    assert line.startswith("web[1-3]: ")


def test_a_document_of_each_host(fleet_hosts: FleetHosts, capsys: Capture) -> None:
    fleet_hosts.answer("ctr info", '{"uuid": "1"}\n')
    fleet_hosts.answer("ctr --version", "ctr containerd.io v2.1.9\n")
    out, _ = run(capsys, "info", "--hosts", "web[1-2]")
    assert json.loads("\n".join(out)) == [{"host": f"web{i}", "uuid": "1"} for i in (1, 2)]


def test_pages_that_are_no_rows_are_joined(fleet_hosts: FleetHosts, capsys: Capture) -> None:
    table = "KEY  PARENT  KIND      \nbase         Committed \ntop  base    Active    \n"
    fleet_hosts.answer("ctr -n kukeon-main snapshots ls", table)
    out, _ = run(capsys, "snapshots", "tree", "-r", "main", "--hosts", "web[1-3]")
    assert out[0] == "== web[1-3] =="
    assert sum("base" in line for line in out) == 1


def test_a_dry_run_prints_the_lines_of_each_host(fleet_hosts: FleetHosts, capsys: Capture) -> None:
    out, _ = run(capsys, *WORDS, "--hosts", "web[1-2]", "--dry-run")
    assert sorted(out) == [f"ssh web{i} {LS}" for i in (1, 2)]
    assert not any(LS in call for call in fleet_hosts.calls)


def test_the_trace_names_each_host(fleet_hosts: FleetHosts, capsys: Capture) -> None:
    _, err = run(capsys, *WORDS, "--hosts", "web[1-2]", "-x")
    assert {f"+ ssh web{i} {LS}" for i in (1, 2)} <= set(err)


def test_a_recording_of_many_hosts_gives_the_same_table(
    fleet_hosts: FleetHosts, capsys: Capture, tmp_path: Path
) -> None:
    fleet_hosts.tasks("c", host="web2")
    fleet_hosts.does("files", "exit 255", host="web3")
    folder = str(tmp_path / "recording")
    first = run(capsys, *WORDS, "--hosts", "web[1-3]", "--record", folder, code=1)
    calls = len(fleet_hosts.calls)
    again = run(capsys, *WORDS, "--hosts", "web[1-3]", "--replay", folder, code=1)
    assert again == first
    assert len(fleet_hosts.calls) == calls


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("images", "rm", "x"), "has no option --hosts"),
        (("exec", "x", "sh"), "--hosts"),
        (("tasks", "ls", "--watch"), "--watch"),
        (("tasks", "ls", "-o", "raw"), "-o raw"),
        (("tasks", "ls", "--host", "web1"), "--host"),
        (("tasks", "ls", "--fanout", "0"), "--fanout"),
    ],
)
def test_what_many_hosts_cannot_do_is_wrong_usage(
    fleet_hosts: FleetHosts, capsys: Capture, words: tuple[str, ...], said: str
) -> None:
    _, err = run(capsys, "--hosts", "web[1-2]", *words, code=2)
    assert said in err[0]
    assert fleet_hosts.calls == []


@pytest.mark.parametrize("hosts", ["-oProxyCommand=x", "web1,-x", "a b", "web[1-2];id", "a\nb"])
def test_a_name_that_ssh_would_misread_is_refused(
    fleet_hosts: FleetHosts, capsys: Capture, hosts: str
) -> None:
    run(capsys, "tasks", "ls", f"--hosts={hosts}", code=2)
    assert fleet_hosts.calls == []


def test_without_clustershell_it_says_how_to_get_it(
    fleet_hosts: FleetHosts, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ClusterShell", None)
    for name in [
        name
        for name in sys.modules
        if name.startswith(("ClusterShell.", "kuke_ctr.processes.fleet"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("kuke_ctr.processes.fleet_door", raising=False)
    _, err = run(capsys, *WORDS, "--hosts", "web1", code=2)
    assert "kuke-ctr[fleet]" in err[1]


def test_clustershell_is_not_imported_without_hosts() -> None:
    look = (
        "import sys; from kuke_ctr.cli.main import main; main(); "
        "print('ClusterShell' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", look, "tasks", "ls", "-n", "main", "--dry-run"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["ctr -n main tasks ls", "False"]


def started(hosts: FleetHosts, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [PROGRAM, *WORDS, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PATH": hosts.path},
    )


def test_a_slow_host_holds_up_no_row_and_ctrl_c_ends_all(fleet_hosts: FleetHosts) -> None:
    pid = fleet_hosts.folder / "pid"
    fleet_hosts.does(LS, f"echo $$ > {pid}; exec sleep 60", host="web3")
    process = started(fleet_hosts, "--hosts", "web[1-9]", "-o", "jsonl")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(16)]
    assert {json.loads(line)["host"] for line in lines} == {
        f"web{i}" for i in (1, 2, *range(4, 10))
    }
    while not (pid.exists() and pid.read_text()):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    # a signal in the very moment of a write: what one host said may come twice
    assert "".join(lines).endswith(out) and out.count("\n") <= 2
    assert "interrupted" in err
    assert not Path(f"/proc/{pid.read_text().strip()}").exists()


def test_a_reader_that_has_gone_ends_all(fleet_hosts: FleetHosts) -> None:
    fleet_hosts.does(LS, "sleep 0.2")
    process = started(fleet_hosts, "--hosts", "web[1-200]", "-o", "jsonl", "--fanout", "4")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=30) == 141
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()
    assert len(fleet_hosts.calls) < 200 * 3


def test_a_group_of_clustershells_configuration(fleet_hosts: FleetHosts, tmp_path: Path) -> None:
    groups = "[Main]\ndefault: here\n[here]\nmap: echo web[1-2]\n"
    (tmp_path / "groups.conf").write_text(groups)
    done = subprocess.run(
        [PROGRAM, *WORDS, "--hosts", "@front", "--no-headers"],
        capture_output=True,
        text=True,
        env={**os.environ, "CLUSTERSHELL_CFGDIR": str(tmp_path)},
        check=True,
    )
    assert {line.split()[0] for line in done.stdout.splitlines()} == {"web[1-2]"}
