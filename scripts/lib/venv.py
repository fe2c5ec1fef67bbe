"""The checkout's virtual environment, with kuke-ctr in it as an editable install."""

import argparse
import fcntl
import hashlib
import os
import subprocess  # noqa: TID251 (the scripts are no part of the package)
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
VENV = TOP / ".venv"
LOCK = TOP / ".cache" / "venv.lock"


def ensure(extra: str = "") -> Path:
    """The folder of the programs in `.venv`; installs anew only when something changed.

    `extra` is a group of optional dependencies (`test`). Raises CalledProcessError where pip fails;
    it has said why.
    """
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = VENV / ".installed"
        wanted = _fingerprint()
        have, *extras = (stamp.exists() and stamp.read_text().split()) or [""]
        missing = extra not in ["", *extras]
        if missing:
            extras.append(extra)
        anew = have != wanted or not _works()
        if anew or missing:
            _install(extras, clear=anew)
            stamp.write_text(" ".join([wanted, *extras]))
        _compile()
    return VENV / "bin"


def _fingerprint() -> str:
    """What an install depends on: the dependencies, the interpreter, where the checkout is."""
    parts = [(TOP / "pyproject.toml").read_text(), sys.version, sys.base_prefix, str(TOP)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _works() -> bool:
    """Whether its interpreter still starts (the system's may be gone) and has kuke-ctr."""
    python = VENV / "bin" / "python"
    if not python.exists():
        return False
    code = "import importlib.util, sys; sys.exit(importlib.util.find_spec('kuke_ctr') is None)"
    return subprocess.run([python, "-P", "-c", code], check=False, cwd="/", env={}).returncode == 0


def _compile() -> None:
    """What an ordinary install does too: without it each start may compile the package anew."""
    words = [str(VENV / "bin" / "python"), "-m", "compileall", "-q", str(TOP / "kuke_ctr")]
    subprocess.run(words, check=False, stdout=subprocess.DEVNULL)


def _install(extras: list[str], *, clear: bool) -> None:
    print("installing kuke-ctr into .venv", file=sys.stderr)
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYTHONHOME"}}
    if clear:
        # not the interpreter of this very .venv, which may be active
        outside: str = getattr(sys, "_base_executable", sys.executable)
        make = [outside, "-m", "venv", "--clear", str(VENV)]
        subprocess.run(make, check=True, env=environment)
    what = f"{TOP}[{','.join(extras)}]" if extras else str(TOP)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input"]
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    # by a plain path: a finder would cost every start 12 ms that an ordinary install does not have
    plain = ["--config-settings", "editable_mode=compat"]
    subprocess.run([*pip, *plain, "--editable", what], check=True, env={**environment, **quiet})


def main() -> int:
    """Make .venv and install kuke-ctr into it, where that is not done yet."""
    parser = argparse.ArgumentParser(prog="scripts/lib/venv.py", description=main.__doc__)
    parser.add_argument("--extra", default="", help="a group of optional dependencies: test")
    try:
        ensure(parser.parse_args().extra)
    except subprocess.CalledProcessError as failed:
        print(f"could not install into .venv: {failed}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
