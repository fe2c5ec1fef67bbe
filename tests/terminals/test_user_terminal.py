"""The user's terminal: modes that come back, whoever ends us, and line editing of our own."""

import os
import pty
import signal
import termios
from collections.abc import Iterator

import pytest

from kuke_ctr.terminals.user_terminal import (
    LineEditor,
    Mode,
    UserTerminal,
    is_terminal,
    window_size,
)
from scripts.lib import processes
from tests.support.scripts import close

LOCAL, CHARACTERS = 3, 6


@pytest.fixture
def terminal() -> Iterator[int]:
    """A terminal that nobody sits at."""
    master, slave = pty.openpty()
    yield slave
    close(master, slave)


def local(terminal: int) -> int:
    """Its local flags."""
    flags: int = termios.tcgetattr(terminal)[LOCAL]
    return flags


@pytest.mark.parametrize("mode", list(Mode))
def test_the_modes_are_the_same_afterwards(terminal: int, mode: Mode) -> None:
    before, children = termios.tcgetattr(terminal), processes.children(os.getpid())
    with UserTerminal(terminal, mode):
        assert not local(terminal) & (termios.ICANON | termios.ECHO)
        assert bool(local(terminal) & termios.ISIG) == (mode is Mode.KEYS)
    assert termios.tcgetattr(terminal) == before
    assert processes.children(os.getpid()) == children


def test_an_error_restores_them_too(terminal: int) -> None:
    before = termios.tcgetattr(terminal)
    with pytest.raises(ValueError, match="a bug"), UserTerminal(terminal, Mode.RAW):
        raise ValueError("a bug")
    assert termios.tcgetattr(terminal) == before


def killed_while_raw(terminal: int, then: bytes) -> None:
    """A process that has the terminal raw, and is killed when it has."""
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        with UserTerminal(terminal, Mode.RAW):
            if then:
                attributes = termios.tcgetattr(terminal)
                attributes[LOCAL] |= termios.ECHO
                termios.tcsetattr(terminal, termios.TCSANOW, attributes)
            os.write(told, b".")
            signal.pause()
    os.read(ready, 1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    close(ready, told)


def test_a_kill_minus_nine_leaves_no_raw_terminal(terminal: int) -> None:
    before = termios.tcgetattr(terminal)
    killed_while_raw(terminal, b"")
    assert processes.until(lambda: termios.tcgetattr(terminal) == before, 20)


def test_what_somebody_else_has_set_since_is_left_alone(terminal: int) -> None:
    killed_while_raw(terminal, b"changed")
    changed = termios.tcgetattr(terminal)
    guards = [pid for pid in processes.children(1) if processes.command_line(pid) == ours()]
    assert processes.until(lambda: not any(map(processes.started, guards)), 20)
    assert termios.tcgetattr(terminal) == changed
    assert local(terminal) & termios.ECHO


def ours() -> list[str]:
    """The command line of this process, which a fork has too."""
    return processes.command_line(os.getpid())


def test_a_character_that_is_a_detach_key_is_no_signal(terminal: int) -> None:
    with UserTerminal(terminal, Mode.KEYS, b"\x03q"):
        characters = termios.tcgetattr(terminal)[CHARACTERS]
        assert characters[termios.VINTR] == b"\0"
        assert characters[termios.VQUIT] == b"\x1c"


def test_a_terminal_that_was_given_back_can_be_taken_again(terminal: int) -> None:
    before = termios.tcgetattr(terminal)
    with UserTerminal(terminal, Mode.RAW) as user:
        taken = termios.tcgetattr(terminal)
        user.restore()
        assert termios.tcgetattr(terminal) == before
        user.refresh()
        assert termios.tcgetattr(terminal) == taken
    assert termios.tcgetattr(terminal) == before


def test_a_terminal_that_hangs_up_meanwhile_is_no_error() -> None:
    master, slave = pty.openpty()
    with UserTerminal(slave, Mode.RAW) as user:
        os.close(master)
        user.refresh()
    os.close(slave)


def test_the_size_is_that_of_the_first_terminal_that_knows_one(terminal: int) -> None:
    reader, writer = os.pipe()
    assert window_size([reader, terminal]) is None
    termios.tcsetwinsize(terminal, (33, 120))
    assert window_size([reader, terminal]) == (33, 120)
    close(reader, writer)
    assert window_size([reader]) is None
    assert not is_terminal(reader)
    assert is_terminal(terminal)


def test_lines_come_out_edited_and_the_echo_apart(terminal: int) -> None:
    editor = LineEditor(termios.tcgetattr(terminal))
    os.write(editor.typed, b"lx\x7fs\r")
    assert os.read(editor.lines, 100) == b"ls\n"
    assert os.read(editor.typed, 100) == b"lx\b \bs\n"
    editor.close()


def test_a_silent_terminal_stays_silent(terminal: int) -> None:
    modes = termios.tcgetattr(terminal)
    modes[LOCAL] &= ~termios.ECHO
    editor = LineEditor(modes)
    os.write(editor.typed, b"secret\r")
    assert os.read(editor.lines, 100) == b"secret\n"
    os.set_blocking(editor.typed, False)
    with pytest.raises(BlockingIOError):
        os.read(editor.typed, 100)
    editor.close()
