"""kuke-ctr again, under sudo: not ctr alone, which would outlive a kuke-ctr that was killed."""

import os
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from kuke_ctr.errors import CtrMissing, Forbidden
from kuke_ctr.processes.child_setup import IGNORED_BY_PYTHON

_OURS = "KUKE_CTR_"
_MARK = f"{_OURS}SUDO"
"""Is set for the process that sudo starts: it does not ask sudo again."""

_KEPT = (
    *("CONTAINERD_ADDRESS", "KUKEON_RUN_PATH", "KUKEON_CONTAINERD_SOCKET"),
    *("KUKEON_NAMESPACE_SUFFIX", "KUKE_CONFIGURATION", "XDG_CONFIG_HOME", "NO_COLOR"),
)


def sudo_argv(
    environ: Mapping[str, str], argv: Sequence[str], also: Iterable[str] = ()
) -> list[str]:
    """The command that runs this one (`argv`) as root, by the same interpreter.

    Of the environment only names stand in it, and no value: ours, those that say where containerd
    is, and `also`.
    """
    kept = [name for name in environ if name.startswith(_OURS) or name in _KEPT]
    named = {_MARK, *kept, *(name for name in also if name in environ)}
    names = ",".join(sorted(name for name in named if name.isidentifier()))
    program = Path(argv[0])
    # -P: what lies in the working directory is not imported, as for root it must not be
    started = [str(program.absolute())] if program.is_file() else ["-m", "kuke_ctr"]
    if program.name == "__main__.py":
        started = ["-m", "kuke_ctr"]
    python = [sys.executable, "-P", *started, *argv[1:]]
    return ["sudo", f"--preserve-env={names}", "--", *python]


def become_root(argv: Sequence[str]) -> None:
    """Replace this process by `sudo_argv`; does nothing as root.

    Raises Forbidden where sudo has been asked and this is not root, CtrMissing without a sudo.
    """
    if os.geteuid() == 0:
        return
    if os.environ.get(_MARK):
        raise Forbidden("sudo did not make kuke-ctr root", hint="`sudo -l` shows what it allows")
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    for number in IGNORED_BY_PYTHON:
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvpe(argv[0], [*argv], {**os.environ, _MARK: "1"})  # noqa: S606
    except FileNotFoundError:
        raise CtrMissing("sudo is not installed (not on PATH)", hint="run it as root") from None
    except OSError as error:
        raise Forbidden(f"cannot execute sudo: {error.strerror}") from None
