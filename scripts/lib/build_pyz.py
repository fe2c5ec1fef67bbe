"""dist/kuke-ctr.pyz: kuke-ctr and its packages in one file to carry to another host."""

import argparse
import os
import shutil
import subprocess  # noqa: TID251 (the scripts are no part of the package)
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
PYZ = TOP / "dist" / "kuke-ctr.pyz"
SHIV = "shiv==1.0.8"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""The versions that the one file runs on; modules in C carry the version in their name."""

_MAIN = Path(__file__).with_name("pyz_main.py")
_QUIET = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}


def build(to: Path) -> None:
    """Write the file. Raises CalledProcessError where pip or shiv fails; they have said why."""
    with tempfile.TemporaryDirectory(prefix="kuke-pyz-") as scratch:
        site, tools = Path(scratch) / "site", Path(scratch) / "tools"
        shutil.rmtree(TOP / "build", ignore_errors=True)  # setuptools would take old files from it
        _pip("install", "--target", str(site), str(TOP))
        shutil.rmtree(TOP / "build", ignore_errors=True)
        _pip("install", "--target", str(tools), SHIV)
        for wanted in _in_c(site):
            for version in PYTHONS:
                _add_modules(site, wanted, version, Path(scratch) / version)
        shutil.rmtree(site / "bin", ignore_errors=True)
        plain = Path(scratch) / "plain.pyz"
        words = ["-m", "shiv", "--site-packages", str(site), "--entry-point"]
        words += ["kuke_ctr.__main__:run", "--python", "/usr/bin/env python3"]
        words += ["--compressed", "--reproducible", "--output-file", str(plain)]
        environment = {**os.environ, "PYTHONPATH": str(tools)}
        subprocess.run([sys.executable, *words], check=True, env=environment, cwd=scratch)
        _with_our_start(plain, to)


def _pip(*words: str) -> None:
    pip = [sys.executable, "-m", "pip", *words, "--quiet", "--no-input"]
    subprocess.run(pip, check=True, env={**os.environ, **_QUIET}, stdout=sys.stderr)


def _in_c(site: Path) -> Iterator[str]:
    """The packages that have modules in C: `pydantic_core==2.33.2`."""
    for record in sorted(site.glob("*.dist-info/RECORD")):
        if ".so," in record.read_text():
            name, _, version = record.parent.name.removesuffix(".dist-info").partition("-")
            yield f"{name}=={version}"


def _add_modules(site: Path, wanted: str, version: str, folder: Path) -> None:
    """Put the modules in C of a package for a version of Python beside those that are there."""
    words = ["--no-deps", "--only-binary=:all:", "--python-version", version]
    _pip("download", *words, "--dest", str(folder), wanted)
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.endswith(".so"):
                    archive.extract(name, site)


def _with_our_start(plain: Path, to: Path) -> None:
    """The archive of shiv with our `__main__.py` in the place of its own."""
    to.parent.mkdir(exist_ok=True)
    part = to.with_name(f"{to.name}.part")
    with zipfile.ZipFile(plain) as source, part.open("wb") as file:
        file.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
            for info in source.infolist():
                ours = info.filename == "__main__.py"
                target.writestr(info, _MAIN.read_bytes() if ours else source.read(info))
    part.chmod(0o755)
    part.rename(to)


def check(pyz: Path) -> None:
    """Run the file as another user, without an environment and without a home. AssertionError."""
    with tempfile.TemporaryDirectory(prefix="kuke-pyz-") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        copy = folder / "kuke-ctr.pyz"
        shutil.copy(pyz, copy)
        for user in [65534] if os.geteuid() == 0 else [os.geteuid()]:
            _runs(copy, user, {})
            _runs(copy, user, {"HOME": "/proc"})
            home = folder / f"home-{user}"
            home.mkdir()
            os.chown(home, user, -1)
            _runs(copy, user, {"HOME": str(home)})
            assert (home / ".shiv").is_dir()
            own = Path(f"/var/tmp/kuke-ctr-pyz-{user}")  # noqa: S108
            shutil.rmtree(own)


def _runs(pyz: Path, user: int, environment: dict[str, str]) -> None:
    table = "REF TYPE DIGEST SIZE PLATFORMS LABELS\n"
    python = shutil.which("python3", path=os.defpath) or sys.executable
    for words, expected in (
        (["--version"], "kuke-ctr "),
        (["parse", "images", "-o", "json"], "[]"),
        (["help", "realms"], "REALMS AND NAMESPACES"),
        (["config", "show", "-o", "yaml"], "- key: realm"),
    ):
        done = subprocess.run(
            [python, str(pyz), *words],
            input=table,
            env=environment,
            user=user,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(expected), done.stdout


def main() -> int:
    """Write dist/kuke-ctr.pyz; it runs with Python 3.11 to 3.14 on machines like this one."""
    parser = argparse.ArgumentParser(prog="scripts/build-pyz", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="run it as another user, too")
    given = parser.parse_args()
    build(PYZ)
    if given.check:
        check(PYZ)
    size = PYZ.stat().st_size / 1024 / 1024
    print(f"{PYZ.relative_to(TOP)}: {size:.0f} MiB{', checked' if given.check else ''}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
