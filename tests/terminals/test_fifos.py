"""What ctr leaves unread in its FIFOs, with programs of shell in place of ctr."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.runner import Processes
from kuke_ctr.terminals import fifos
from kuke_ctr.terminals.attach_ways import attach_pty, relay_pipes
from kuke_ctr.terminals.attachment import AttachOptions, EndKind, Step
from kuke_ctr.terminals.fifos import Fifos
from kuke_ctr.terminals.foreground import Finish, UserStreams, run_in_foreground
from tests.support.scripts import Script, descriptors

pytestmark = pytest.mark.usefixtures("leaves_nothing")

LEAVES = """
held() {{
    for n in $(seq 200); do
        ls -l /proc/$PPID/fd 2>/dev/null | grep -q "$1" && return
        sleep 0.05
    done
}}
cd {folder}
mkfifo x-stdin x-stdout x-stderr 2>/dev/null
exec 5<>x-stdout 6<>x-stderr
echo first
head -c 60000 /dev/zero >&5
printf 'last words' >&6
held x-stdout; {more}
exit 3
"""
BOTH = "held x-stderr"
REST = bytes(60000)


@pytest.fixture(autouse=True)
def _same_priority() -> Iterator[None]:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    yield
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


def _foreground(
    call: Call, folder: Path, started: Callable[[], bool] = lambda: True
) -> tuple[Finish, bytes, bytes]:
    """How it ended, and what came to stdout and stderr."""
    files = [folder / "out", folder / "err"]
    ends = [os.open(file, os.O_RDWR | os.O_CREAT) for file in files]
    streams = UserStreams(stdin=ends[0], stdout=ends[0], stderr=ends[1])
    finish = run_in_foreground(lambda: Processes().open_pipes(call), streams, started)
    for end in ends:
        os.close(end)
    return finish, files[0].read_bytes(), files[1].read_bytes()


def test_a_process_in_the_foreground(script: Script, tmp_path: Path) -> None:
    call = script(LEAVES.format(folder=tmp_path, more=BOTH))
    finish, out, err = _foreground(call, tmp_path)
    assert (finish.status, finish.exit_code, finish.said) == (3, 3, b"last words")
    assert [out, err] == [b"first\n" + REST, b"last words"]
    assert finish.process == "x"


def test_a_slow_reader_gets_all_of_it(script: Script, tmp_path: Path) -> None:
    call = script(LEAVES.format(folder=tmp_path, more=BOTH))
    null = os.open(os.devnull, os.O_RDWR)
    read_end, write_end = os.pipe()
    came = bytearray()

    def read() -> None:
        while piece := os.read(read_end, 1000):
            came.extend(piece)
            time.sleep(0.002)

    reader = threading.Thread(target=read)
    reader.start()
    streams = UserStreams(stdin=null, stdout=write_end, stderr=null)
    run_in_foreground(lambda: Processes().open_pipes(call), streams, lambda: True)
    os.close(write_end)
    reader.join()
    os.close(read_end)
    os.close(null)
    assert came == b"first\n" + REST


def test_an_attachment_on_pipes(script: Script, tmp_path: Path) -> None:
    call = script(LEAVES.format(folder=tmp_path, more=BOTH))
    null = os.open(os.devnull, os.O_RDWR)
    options = AttachOptions(null, null, null, take_input=False, save=tmp_path / "saved")
    ending = relay_pipes(lambda: Processes().open_pipes(call), options)
    os.close(null)
    assert (ending.kind, ending.status, ending.said) == (EndKind.ENDED, 3, b"last words")
    assert (tmp_path / "saved").read_bytes() == b"first\n" + REST + b"last words"
    assert ending.process == "x"


def test_an_attachment_on_a_terminal(script: Script, tmp_path: Path) -> None:
    call = script(LEAVES.format(folder=tmp_path, more=":"))
    null = os.open(os.devnull, os.O_RDWR)
    options = AttachOptions(null, null, null, take_input=False, save=tmp_path / "saved")
    ending = attach_pty(call, options)
    os.close(null)
    assert (ending.kind, ending.status) == (EndKind.ENDED, 3)
    assert (tmp_path / "saved").read_bytes() == b"first\n" + REST


def test_what_is_expected_may_stand_in_the_rest(script: Script, tmp_path: Path) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    call = script(LEAVES.format(folder=tmp_path, more="printf 'a panic' >&5"))
    options = AttachOptions(stdin=null, stdout=null, stderr=null, script=(Step(b"a p.nic"),))
    ending = attach_pty(call, options)
    os.close(null)
    assert (ending.kind, ending.seen) == (EndKind.EXPECTED, b"a panic")


def test_a_task_that_goes_on_keeps_its_output(script: Script, tmp_path: Path) -> None:
    call = script(LEAVES.format(folder=tmp_path, more=BOTH))
    os.mkfifo(tmp_path / "x-stdout")
    shim = os.open(tmp_path / "x-stdout", os.O_RDWR | os.O_NONBLOCK)
    finish, out, err = _foreground(call, tmp_path)
    assert finish.status == 3
    assert len(os.read(shim, 1 << 17)) == len(REST)
    assert out + err == b"first\nlast words"
    os.close(shim)


def test_a_fifo_that_is_found_when_its_writer_has_gone(script: Script, tmp_path: Path) -> None:
    call = script(
        LEAVES.format(folder=tmp_path, more=BOTH)
        .replace("exec 5<>x-stdout", "mkfifo y; exec 5<>y")
        .replace("held x-stdout", "exec 7<y 5>&-; mv y x-stdout; held x-stdout")
    )
    _, out, _ = _foreground(call, tmp_path)
    assert out == b"first\n" + REST


def test_an_empty_fifo_is_no_output(script: Script, tmp_path: Path) -> None:
    call = script(
        f"cd {tmp_path}; mkfifo x-stdout x-stderr; exec 5<>x-stdout 6<>x-stderr; sleep 0.2; exit 1"
    )
    finish, _, _ = _foreground(call, tmp_path, lambda: False)
    assert (finish.status, finish.ran) == (1, False)


def test_it_is_known_whether_there_were_fifos(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "fifo"
    monkeypatch.setattr("kuke_ctr.terminals.fifos.FOLDER", folder)
    assert _foreground(script("exit 1"), tmp_path)[0].opened is False
    assert _foreground(script(f"mkdir {folder}"), tmp_path)[0].opened is None
    assert _foreground(script("exit 1"), tmp_path)[0].opened is False
    assert _foreground(script(f"mkdir {folder}/1; rmdir {folder}/1"), tmp_path)[0].opened is None
    call = script(LEAVES.format(folder=tmp_path, more=BOTH))
    assert _foreground(call, tmp_path)[0].opened is True


def _inode(descriptor: int) -> int | None:
    with suppress(OSError):
        return os.fstat(descriptor).st_ino
    return None


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first moments last until the FIFOs are held, however slow this machine is."""
    monkeypatch.setattr("kuke_ctr.terminals.fifos._AHEAD_LIMIT", 60.0)


def test_nothing_else_is_looked_at_before_the_fifos_are_held(
    script: Script, patient: None, tmp_path: Path
) -> None:
    wait = "for n in $(seq 2000); do [ -e looked ] && break; sleep 0.01; done"
    text = LEAVES.format(folder=tmp_path, more=f"{BOTH}; {wait}")
    call = script(text.replace("cd ", "sleep 0.2; cd "))
    held: list[bool] = []

    def started() -> bool:
        fifo = (tmp_path / "x-stdout").stat().st_ino
        held.append(fifo in map(_inode, descriptors()))
        (tmp_path / "looked").touch()
        return True

    _foreground(call, tmp_path, started)
    assert held == [True]


def test_a_number_that_means_another_file_meanwhile(tmp_path: Path) -> None:
    for name in ("x-stdout", "x-stderr"):
        os.mkfifo(tmp_path / name)
    ends = [os.open(tmp_path / name, os.O_RDWR) for name in ("x-stdout", "x-stderr")]
    entry = Path("/proc/self/fd") / str(ends[0])
    name = str(entry.readlink())
    os.dup2(ends[1], ends[0])
    with pytest.raises(FileNotFoundError):
        fifos._open(entry, name)
    os.close(fifos._open(entry, str(entry.readlink())))
    for end in ends:
        os.close(end)


def test_no_client_no_looking() -> None:
    held = Fifos(terminal=True)
    held.of(None)
    assert held.look() == float("inf")
    assert held.rest() == []
    held.close()
    held.close()


def _highest_priority() -> int:
    """What we may have, which takes root."""
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    highest = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, usual)
    return highest


def test_nobody_goes_before_others_where_that_is_turned_off(
    script: Script, patient: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KUKE_CTR_NICE", "0")
    call = script(f"cut -d' ' -f19 /proc/$PPID/stat; {LEAVES.format(folder=tmp_path, more=BOTH)}")
    _, out, _ = _foreground(call, tmp_path)
    assert int(out.split(b"\n")[0]) == os.getpriority(os.PRIO_PROCESS, 0)


def test_a_child_has_the_usual_priority_and_we_a_higher_one_until_its_fifos_are_held(
    script: Script, patient: None, tmp_path: Path
) -> None:
    text = "cut -d' ' -f19 /proc/$PPID/stat /proc/$$/stat"
    call = script(f"{text}; {LEAVES.format(folder=tmp_path, more=BOTH)}")
    _, out, _ = _foreground(call, tmp_path)
    seen = [int(line) for line in out.split(b"\n")[:2]]
    assert seen == [_highest_priority(), os.getpriority(os.PRIO_PROCESS, 0)]
