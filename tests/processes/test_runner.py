import errno
import os
import signal
import subprocess  # noqa: TID251 (Pythons that become something else)
import sys
from pathlib import Path

import pytest

from kuke_ctr.commands.shared.output import ALOUD
from kuke_ctr.errors import CtrMissing, Forbidden, TimeLimit, UsageError
from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.runner import Processes
from kuke_ctr.processes.tell import Teller
from tests.support.recorded import recorder
from tests.support.scripts import LIMITS, Script, gone, ignored_by_us, pid_in, quoted

pytestmark = pytest.mark.usefixtures("leaves_nothing")


# run


def test_a_result_has_the_exit_code_and_both_streams_apart(script: Script) -> None:
    call = script("echo out; echo err >&2; exit 3")
    result = Processes().run(call)
    assert (result.exit_code, result.stdout, result.stderr) == (3, b"out\n", b"err\n")
    assert result.argv == call.argv
    assert 0 < result.seconds < 20
    assert not result.planned


def test_a_child_that_a_signal_ended_has_a_negative_exit_code(script: Script) -> None:
    assert Processes().run(script("kill -KILL $$")).exit_code == -9


class Looks:
    """Somebody who looks after a call."""

    every = 0.01

    def __init__(self) -> None:
        self.pids: list[int] = []
        self.printed = b""
        self.overs = 0

    def look(self, pid: int, stdout: int) -> None:
        self.pids.append(pid)
        self.printed = os.pread(stdout, 100, 0)

    def over(self) -> None:
        self.overs += 1


def test_somebody_may_look_after_a_call(script: Script) -> None:
    looks = Looks()
    result = Processes().run(script("echo $$; sleep 0.3; echo done"), looks)
    assert result.stdout.splitlines()[1] == b"done"
    assert {*looks.pids} == {int(result.stdout.splitlines()[0])}
    assert looks.printed == result.stdout.splitlines(keepends=True)[0]
    assert looks.overs


def test_whoever_looks_after_a_call_hears_that_it_was_ended(script: Script) -> None:
    looks = Looks()
    with pytest.raises(TimeLimit):
        Processes().run(script("sleep 100")._replace(timeout=0.3), looks)
    assert looks.pids
    assert looks.overs


def test_words_reach_the_program_byte_for_byte(script: Script) -> None:
    words = ("", " ", "*", "$HOME", "a\nb", "é", "x\udcff", "--flag=value", "-")
    script("""printf '%s\\0' "$@" """)
    result = Processes().run(Call(("ctr", *words)))
    assert result.stdout == b"".join(os.fsencode(word) + b"\0" for word in words)


def test_large_output_is_complete(script: Script) -> None:
    result = Processes().run(script("head -c 3000000 /dev/zero; head -c 1000000 /dev/zero >&2"))
    assert (len(result.stdout), len(result.stderr)) == (3_000_000, 1_000_000)


def test_stdin_is_empty_unless_the_call_has_one(script: Script) -> None:
    assert Processes().run(script("cat")).stdout == b""


def test_stdin_may_be_a_text(script: Script) -> None:
    script("cat")
    assert Processes().run(Call(("ctr",), stdin=b"\xff text")).stdout == b"\xff text"


def test_stdin_and_stdout_may_be_files(script: Script, tmp_path: Path) -> None:
    script("cat; echo err >&2")
    (tmp_path / "in").write_bytes(b"from a file")
    with (tmp_path / "in").open("rb") as source, (tmp_path / "out").open("wb") as target:
        call = Call(("ctr",), stdin=source.fileno(), stdout=target.fileno())
        result = Processes().run(call)
    assert (tmp_path / "out").read_bytes() == b"from a file"
    assert (result.stdout, result.stderr) == (b"", b"err\n")


def test_the_child_never_sees_which_namespace_or_address_the_environment_names(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTAINERD_NAMESPACE", "elsewhere")
    monkeypatch.setenv("CONTAINERD_ADDRESS", "/elsewhere.sock")
    monkeypatch.setenv("SOMETHING", "else")
    lines = Processes().run(script("env")).stdout.split(b"\n")
    assert b"SOMETHING=else" in lines
    assert not [line for line in lines if line.startswith(b"CONTAINERD_")]


def test_the_child_leads_a_session_of_its_own_with_signals_as_a_shell_gives_them(
    script: Script,
) -> None:
    call = script(
        "echo $$; cut -d' ' -f6 /proc/$$/stat; exec grep -E 'SigIgn|SigBlk' /proc/self/status"
    )
    pid, session, *masks = Processes().run(call).stdout.split(b"\n")
    assert pid == session
    assert [int(line.split()[1], 16) for line in masks if line] == [0, ignored_by_us()]


def test_the_child_has_no_other_descriptors_than_its_three(script: Script, tmp_path: Path) -> None:
    with (tmp_path / "open").open("w") as ours:
        os.set_inheritable(ours.fileno(), True)
        listed = Processes().run(script("exec ls -l /proc/self/fd")).stdout.decode()
    assert str(tmp_path) not in listed


def test_output_that_a_grandchild_holds_open_is_not_waited_for(
    script: Script, tmp_path: Path
) -> None:
    pid_file = tmp_path / "pid"
    call = script(f"sleep 60 & echo $! > {quoted(pid_file)}; echo done")
    assert Processes().run(call).stdout == b"done\n"
    os.kill(pid_in(pid_file), signal.SIGKILL)


def test_calls_work_where_the_kernel_has_no_pidfd_and_python_no_memfd(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(pid: int) -> int:
        raise OSError(errno.ENOSYS, "no such call")

    monkeypatch.setattr(os, "pidfd_open", refuse)
    monkeypatch.delattr(os, "memfd_create")
    script("sleep 0.05; cat; exit 4")
    result = Processes().run(Call(("ctr",), stdin=b"text"))
    assert (result.exit_code, result.stdout) == (4, b"text")


def test_exit_codes_are_known_even_where_ended_children_are_ignored(script: Script) -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert Processes().run(script("exit 5")).exit_code == 5
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_a_call_works_with_the_standard_streams_closed(script: Script, tmp_path: Path) -> None:
    script("echo out; echo err >&2")
    program = (
        "import os, sys; os.closerange(0, 3)\n"
        "from kuke_ctr.processes.calls import Call\n"
        "from kuke_ctr.processes.runner import Processes\n"
        "from kuke_ctr.commands.shared.output import ALOUD\n"
        "result = Processes(trace=2, tell=ALOUD).run(Call(('ctr',)))\n"
        "open(sys.argv[1], 'w').write(repr((result.stdout, result.stderr)))"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "result")], check=True)
    assert (tmp_path / "result").read_text() == r"(b'out\n', b'err\n')"


# trace and dry run


def test_a_trace_is_the_line_for_a_shell_with_secrets_hidden(
    script: Script, capfd: pytest.CaptureFixture[str]
) -> None:
    script("echo ran >&2; exit 2")
    call = Call(("ctr", "-n", "main", "images", "pull", "--user", "me:secret", "a b"))
    result = Processes(trace=1, tell=ALOUD).run(call)
    assert result.stderr == b"ran\n"
    assert capfd.readouterr() == ("", "+ ctr -n main images pull --user 'me:***' 'a b'\n")


def test_a_trace_of_two_has_time_and_exit_code(
    script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    call = script("exit 2")
    Processes(trace=2, tell=ALOUD).run(call)
    first, second = capsys.readouterr().err.splitlines()
    assert first == "+ ctr -n main images ls"
    assert second.startswith("+ [")
    assert second.endswith(" ms, exit 2]")


def test_the_trace_of_a_word_that_is_not_utf8_has_its_bytes(
    script: Script, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    script("true")
    Processes(trace=1, tell=ALOUD).run(Call(("ctr", "\udcff")))
    assert capfdbinary.readouterr().err == b"+ ctr $'\\377'\n"


def test_side_by_side_the_second_line_names_its_command(
    script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    call = script("true")
    Processes(trace=2, tell=ALOUD).run_all([call, call])
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == ["+ ctr -n main images ls"] * 2
    assert all(line.endswith("exit 0] ctr -n main images ls") for line in lines[2:])


def test_a_dry_run_prints_the_command_and_starts_nothing(
    script: Script, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = script(f"touch {quoted(tmp_path / 'started')}")
    processes = Processes(dry_run=True, tell=ALOUD)
    result = processes.run(Call(call.argv, socket="/no/such/socket"))
    assert (result.planned, result.exit_code, result.stdout) == (True, 0, b"")
    assert list(processes.stream(call)) == []
    processes.become(call)
    with pytest.raises(UsageError, match="no dry run"):
        processes.open_pipes(call)
    assert capsys.readouterr() == ("ctr -n main images ls\n" * 3, "")
    assert not (tmp_path / "started").exists()


def test_a_probe_runs_in_a_dry_run_and_is_traced(
    script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    call = Call(script("echo known").argv, probe=True)
    assert Processes(dry_run=True, tell=ALOUD).run(call).stdout == b"known\n"
    assert capsys.readouterr() == ("", "+ ctr -n main images ls\n")


def test_without_a_teller_nobody_is_told(script: Script, capfd: pytest.CaptureFixture[str]) -> None:
    call = script("true")
    Processes(trace=2).run(call)
    assert Processes(dry_run=True).run(call).planned
    assert capfd.readouterr() == ("", "")


# stream


def test_lines_arrive_while_the_child_runs(script: Script, tmp_path: Path) -> None:
    go = tmp_path / "go"
    call = script(
        f"echo one; until [ -e {quoted(go)} ]; do sleep 0.01; done; printf 'a\\rb\\nlast'"
    )
    stream = Processes().stream(call)
    assert next(stream) == b"one\n"
    go.touch()
    assert list(stream) == [b"a\rb\n", b"last"]


def test_closing_a_stream_ends_the_child(script: Script) -> None:
    stream = Processes().stream(script("echo $$; sleep 60"))
    pid = int(next(stream))
    stream.close()
    assert gone(pid)


def test_a_stream_gives_its_result_after_the_last_line(script: Script) -> None:
    stream = Processes().stream(script("echo one; echo 'ctr: no events' >&2; exit 7"))
    assert next(stream) == b"one\n"
    with pytest.raises(StopIteration) as end:
        next(stream)
    result = end.value.value
    assert (result.exit_code, result.stdout, result.stderr) == (7, b"", b"ctr: no events\n")


def test_a_stream_has_a_time_limit_too(script: Script) -> None:
    script("echo one; sleep 60")
    for limit in LIMITS:
        seen: list[bytes] = []
        with pytest.raises(TimeLimit):
            for line in Processes().stream(Call(("ctr",), timeout=limit)):
                seen.append(line)
        if seen:
            break
    assert seen == [b"one\n"]
    script("exec >&-; sleep 60")
    with pytest.raises(TimeLimit):
        list(Processes().stream(Call(("ctr",), timeout=0.3)))


# become


def test_we_become_the_call_with_a_clean_environment(script: Script) -> None:
    script('echo "words: $*"; env | grep CONTAINERD_; grep SigIgn /proc/$$/status; exit 9')
    program = (
        "import sys; from kuke_ctr.processes.calls import Call\n"
        "from kuke_ctr.processes.runner import Processes\n"
        "print('first'); sys.stderr.write('second')\n"
        "from kuke_ctr.commands.shared.output import ALOUD\n"
        "Processes(trace=1, tell=ALOUD).become(Call(('ctr', '-n', 'main', 'images', 'ls')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "CONTAINERD_NAMESPACE": "elsewhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 9
    first, words, ignored = done.stdout.splitlines()
    assert (first, words) == ("first", "words: -n main images ls")
    internal = 0b11 << 31  # 32 and 33 are the C library's, which ignores them in what it spawns
    assert int(ignored.split()[1], 16) & ~internal == ignored_by_us()
    assert done.stderr == "second+ ctr -n main images ls\n"


def test_becoming_what_is_missing_or_broken_is_one_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "ctr"
    broken.write_text("no program")
    with pytest.raises(CtrMissing):
        Processes().become(Call(("no-such-ctr",)))
    broken.chmod(0o755)
    with pytest.raises(Forbidden, match="Exec format error"):
        Processes().become(Call((str(broken),)))
    assert signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN


def test_becoming_is_not_recorded(script: Script, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        Processes(record=recorder(tmp_path / "r")).become(script("true"))


def test_a_traced_line_does_what_was_done() -> None:
    call = Call(("ctr", "images", "export", "-", "--user", "a:b"), reads="in put", writes="a.tar")
    assert call.line == "ctr images export - --user 'a:***' < 'in put' > a.tar"
    told: list[str] = []
    planner = Processes(dry_run=True, tell=Teller(planned=told.append, traced=told.append))
    planner.run(call)
    assert told == [call.line]
