"""Drive an attached shell in tmux, once by kuke-ctr and once by ctr itself: the same screens?"""

import argparse
import hashlib
import shlex
import shutil
import subprocess  # noqa: TID251 (the scripts are no part of the package)
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.lib import attach_rounds, processes, programs, venv
from scripts.lib.attach_rounds import NAMESPACE
from scripts.lib.containerd import PrivateContainerd, temporary, unique

LIMIT = 30.0
QUIET = 0.3
"""Seconds in which nothing changes on a screen that is finished."""
SHELL = ("sh", "-c", "export PS1='ready> '; exec sh")
PASTE = "".join(f"{number:05} what somebody pastes: ünïcödé ✓\n" for number in range(2400))
DIGEST = hashlib.sha256(PASTE.encode()).hexdigest()


@dataclass(frozen=True)
class Step:
    """What is done, and a text that the screen shows once it has worked."""

    what: str
    keys: tuple[str, ...]
    shows: str


ENTER = "Enter"
REMAIN = ("set-option", "-g", "remain-on-exit", "on")
STEPS = (
    Step("a prompt", (ENTER, "clear", ENTER), "ready>"),
    Step("typing, UTF-8", ("echo grüße ✓ $((6*7))", ENTER), "grüße ✓ 42"),
    Step("a long command", ("clear; sleep 4711", ENTER), ""),
    Step("Ctrl-C to it", ("C-c",), "^C"),
    Step("its exit code", ("echo code $?", ENTER), "code 130"),
    Step("the size of the window", ("stty size", ENTER), "30 100"),
    Step("a program on the full screen", ("busybox vi /tmp/file", ENTER), "file 1/1 100%"),
    Step("typing there", ("ihello from ", "vi ✓", "Escape"), "hello from vi"),
    Step("leaving it", (":wq", ENTER), "ready>"),
    Step("what it wrote", ("clear; tr a-z A-Z </tmp/file", ENTER), "HELLO FROM VI"),
    Step(
        "a paste of 100 KiB", ("clear; stty -echo; cat >/tmp/pasted", ENTER, "<paste>", "C-d"), ""
    ),
    Step("its digest", ("stty echo; clear; busybox sha256sum /tmp/pasted", ENTER), DIGEST),
    Step("a bigger window", ("<resize>", "clear; stty size", ENTER), "40 120"),
)


class Pane:
    """A tmux of its own, with one pane that runs a program."""

    def __init__(
        self, socket: Path, words: Sequence[str | Path], daemon: PrivateContainerd
    ) -> None:
        self._socket = socket
        self._environment = {**daemon.environment, "CONTAINERD_ADDRESS": daemon.address}
        command = shlex.join(map(str, words))
        self._tmux("new-session", "-d", "-x", "100", "-y", "30", command, ";", *REMAIN)

    def _tmux(self, *words: str, given: bytes = b"") -> str:
        argv = ("tmux", "-S", str(self._socket), "-f", "/dev/null", *words)
        done = subprocess.run(
            argv, input=given, capture_output=True, check=True, env=self._environment
        )
        return done.stdout.decode()

    def press(self, key: str) -> None:
        """Press a key or type a text; `<paste>` and `<resize>` do what they say."""
        if key == "<paste>":
            self._tmux("load-buffer", "-", given=PASTE.encode())
            self._tmux("paste-buffer")
        elif key == "<resize>":
            self._tmux("resize-window", "-x", "120", "-y", "40")
        elif key in (ENTER, "Escape") or key.startswith("C-"):
            self._tmux("send-keys", key)
        else:
            self._tmux("send-keys", "-l", key)

    def screen(self) -> str:
        """What is on it."""
        return self._tmux("capture-pane", "-p")

    def settled(self, shows: str) -> str:
        """The screen once it shows this and a shell or program waits for more."""
        end, before, seen = time.monotonic() + LIMIT, "", self.screen()
        while not (shows in seen and seen == before):
            if time.monotonic() > end:
                raise RuntimeError(f"{shows!r} is not on the screen:\n{seen}")
            time.sleep(QUIET)
            before, seen = seen, self.screen()
        return seen

    def ended(self) -> bool:
        """Whether the program has ended."""
        return self._tmux("display-message", "-p", "#{pane_dead}").strip() == "1"

    def kill(self) -> None:
        """End this tmux and what runs in it."""
        self._tmux("kill-server")


@contextmanager
def shell(daemon: PrivateContainerd) -> Iterator[str]:
    """A container with a shell; removed with the block."""
    name = unique("tmux")
    attach_rounds.start(daemon, name, SHELL, ("-t",))
    yield name
    daemon.ctr("tasks", "rm", "--force", name, namespace=NAMESPACE)
    daemon.ctr("containers", "rm", name, namespace=NAMESPACE)


def screens(
    daemon: PrivateContainerd, words: Sequence[str | Path], leave: Sequence[str]
) -> list[str]:
    """The screen after each step."""
    with shell(daemon) as name:
        pane = Pane(daemon.base / f"{name}.tmux", (*words, name), daemon)
        try:
            found = []
            for step in STEPS:
                for key in step.keys:
                    pane.press(key)
                found.append(pane.settled(step.shows))
            for key in leave:
                pane.press(key)
            if leave and not processes.until(pane.ended, LIMIT):
                raise RuntimeError(f"it did not leave:\n{pane.screen()}")
        finally:
            pane.kill()
        return found


def main() -> int:
    """Compare the screens of an attached shell, by kuke-ctr and by ctr itself."""
    parser = argparse.ArgumentParser(prog="scripts/attach-tmux", description=main.__doc__)
    parser.add_argument(
        "--suite", default=programs.NATIVE, help="containerd's, as scripts/programs"
    )
    parser.add_argument("--kuke-ctr", type=Path, help="default: the one in .venv")
    parser.add_argument("--show", action="store_true", help="print the screens that differ")
    given = parser.parse_args()
    if shutil.which("tmux") is None:
        parser.error("tmux is not installed")
    kuke_ctr = given.kuke_ctr or venv.ensure() / "kuke-ctr"
    with temporary(programs.ensure(given.suite)) as daemon:
        attach_rounds.provide_image(daemon)
        place = ("--namespace", NAMESPACE)
        raw = screens(daemon, (daemon.programs / "ctr", *place, "tasks", "attach"), ())
        ours = screens(daemon, (kuke_ctr, "attach", "-q", *place), ("C-]", "C-]"))
    different = 0
    for step, one, other in zip(STEPS, raw, ours, strict=True):
        same = one == other
        different += not same
        print(f"{step.what:30} {'the same' if same else 'DIFFERENT'}")
        if given.show and not same:
            print(f"--- ctr\n{one}--- kuke-ctr\n{other}---")
    print(f"{len(STEPS)} steps, {different} screens differ from ctr's own")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
