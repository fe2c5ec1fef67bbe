"""wait: the exit codes of what stops, in the order as typed; over a fake ctr whose tasks end."""

import shlex

from tests.support.ending_host import EndingHost
from tests.support.runtime_host import Capture, N, changes, run


def test_what_has_stopped_is_told_at_once_and_no_task_is_deleted(
    ending_host: EndingHost, capsys: Capture
) -> None:
    for name, code in (("web", 0), ("ended", 7)):
        ending_host.set(name, "STOPPED")
        ending_host.tells(name, code)
    assert run("wait ended web", capsys) == (0, "7\n0\n", "")
    assert changes(ending_host.fake) == []


def test_the_order_is_that_of_the_words(ending_host: EndingHost, capsys: Capture) -> None:
    ending_host.set("ended", "STOPPED")
    ending_host.tells("ended", 7)
    ending_host.event("web", 3)
    assert run("wait web ended", capsys) == (0, "3\n7\n", "")


def test_one_that_is_deleted_at_once_is_known_by_its_event(
    ending_host: EndingHost, capsys: Capture
) -> None:
    file = shlex.quote(str(ending_host.folder / "web"))
    gone = "ctr: no running task found: task web not found: not found\n"
    ending_host.fake.answer(*N, "containers", "ls", "-q", stdout="web\n", first=f"rm -f {file}")
    ending_host.fake.answer(*N, "tasks", "ps", "web", stderr=gone, exit_code=1)
    ending_host.event("web", 6)
    assert run("wait web", capsys) == (0, "6\n", "")


def test_what_is_missing_and_what_does_not_run_is_not_waited_for(
    ending_host: EndingHost, capsys: Capture
) -> None:
    ending_host.event("web", 3)
    code, out, err = run("wait nope web idle", capsys)
    assert (code, out) == (3, "3\n")
    assert "there is no container nope in realm main" in err
    assert "the container idle has no task" in err


def test_a_time_limit_is_that_of_the_whole_wait(ending_host: EndingHost, capsys: Capture) -> None:
    ending_host.set("ended", "STOPPED")
    ending_host.tells("ended", 7)
    ending_host.set("frozen", "PAUSED")
    code, out, err = run("wait --timeout 0.5 web ended frozen", capsys)
    assert (code, out) == (124, "7\n")
    assert "web did not stop within 0.5 seconds\n" in err
    assert "frozen is paused: it cannot end before `kuke-ctr resume frozen " in err


def test_a_code_that_nobody_can_tell_is_an_error(ending_host: EndingHost, capsys: Capture) -> None:
    ending_host.set("web", "STOPPED")
    code, out, err = run("wait web", capsys)
    assert (code, out) == (1, "")
    assert "web has stopped, but its exit code is not known" in err
    assert "`kuke-ctr tasks rm web --namespace kukeon-main` deletes it" in err


def test_a_row_that_cannot_be_read_may_be_the_one_that_is_waited_for(
    ending_host: EndingHost, capsys: Capture
) -> None:
    lists = "TASK    PID     STATUS    \nweb     1000    RUNNING\n"
    marker = shlex.quote(str(ending_host.folder.parent / "listed"))
    bad = f"[ -e {marker} ] && printf 'TASK    PID     STATUS\\nwe b    x       y\\n' && exit 0; "
    ending_host.fake.answer(*N, "tasks", "ls", stdout=lists, first=f"{bad} : > {marker}")
    code, out, err = run("wait web", capsys)
    assert (code, out) == (4, "")
    assert "cannot read 1 row that ctr printed" in err


def test_a_dry_run_waits_for_nothing(ending_host: EndingHost, capsys: Capture) -> None:
    code, out, _ = run("wait --dry-run web", capsys)
    assert (code, out) == (0, "")


def test_a_shim_that_was_silent_and_answers_again_is_waited_for(
    ending_host: EndingHost, capsys: Capture
) -> None:
    marker = shlex.quote(str(ending_host.folder.parent / "listed"))
    table = "TASK    PID     STATUS    \\nweb     {:<7} {}\\n"
    later = f"printf '{table.format(1000, 'RUNNING')}'"
    first = f"printf '{table.format(0, 'UNKNOWN')}'"
    script = f"[ -e {marker} ] && {later} && exit 0; : > {marker}; {first}; exit 0"
    ending_host.fake.answer(*N, "tasks", "ls", first=script)
    code, out, err = run("wait --timeout 1 web", capsys)
    assert (code, out) == (124, "")
    assert "web did not stop within 1 second" in err
