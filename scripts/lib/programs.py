"""Find or fetch the programs that tests and the demo need: ctr, containerd, runc, busybox ...

Those on PATH are taken, the others come from Debian's packages, taken apart into `.cache/programs/`
of the checkout: nothing is installed into the system, and no package's script runs.
"""

import argparse
import fcntl
import os
import shutil
import subprocess  # noqa: TID251 (the scripts are no part of the package)
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from scripts.lib import apt

CACHE = Path(__file__).resolve().parents[2] / ".cache"
NATIVE = "native"

PACKAGES = {
    "containerd": ("ctr", "containerd", "containerd-shim-runc-v2"),
    "runc": ("runc",),
    "busybox-static": ("busybox",),
    "docker-registry": ("docker-registry",),
    "apache2-utils": ("htpasswd",),
    "openssh-server": ("sshd",),
    "openssh-client": ("ssh", "ssh-keygen"),
}
"""Package -> the programs that are taken from it, all of them or none: versions must match."""

DAEMON = ("ctr", "containerd", "containerd-shim-runc-v2", "runc", "busybox")
"""What a private containerd needs; the others are for a registry."""

EVERYTHING = tuple(name for names in PACKAGES.values() for name in names)


WRAPPER = """\
#!/bin/sh
file=$(readlink -f -- "$0")
top=${file%/bin/*}
LD_LIBRARY_PATH=$top/lib exec "$top/libexec/${file##*/}" "$@"
"""


class Unavailable(Exception):
    """A program is neither on PATH nor to be had from Debian."""

    def __init__(self, packages: Sequence[str], why: str) -> None:
        programs = ", ".join(name for one in packages for name in PACKAGES.get(one, (one,)))
        super().__init__(
            f"{programs}: not on PATH, and Debian's package could not be fetched ({why}); "
            f"install {', '.join(packages)} with this system's package manager"
        )


def ensure(suite: str = NATIVE, names: Sequence[str] = DAEMON) -> Path:
    """The folder that holds `names`; containerd is that of `suite` of Debian, or PATH's own.

    Fetches what is missing, once; several callers at the same time wait for one another.
    Raises Unavailable.
    """
    folder = CACHE / "programs" / suite / "bin"
    if not _missing(folder, names):
        return folder
    with _scratch() as scratch:
        for package in _missing(folder, names):
            if suite == NATIVE or package != "containerd":
                _provide(package, CACHE / "programs" / NATIVE, scratch)
                if suite != NATIVE:
                    _link(package, CACHE / "programs" / NATIVE / "bin", folder)
            else:
                _fetch(package, CACHE / "programs" / suite, scratch, suite)
    return folder


def whole(package: str) -> Path:
    """The folder with all files of a Debian package, for a program that needs more than itself.

    Fetches it once. Raises Unavailable.
    """
    folder = CACHE / "programs" / "whole" / package
    with _scratch() as scratch:
        if not folder.is_dir():
            print(f"fetching Debian's {package} (nothing is installed)", file=sys.stderr)
            _, unpacked = _download(package, scratch, None)
            folder.parent.mkdir(exist_ok=True)
            unpacked.rename(folder)
    return folder


def search_path(folder: Path) -> str:
    """PATH with the programs of `folder` first, and the places where a user's PATH lacks runc."""
    return os.pathsep.join([str(folder), os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


def _missing(folder: Path, names: Sequence[str]) -> list[str]:
    """The packages of which a wanted program is not in `folder`."""
    return [
        package
        for package, programs in PACKAGES.items()
        if any(name in names and not os.access(folder / name, os.X_OK) for name in programs)
    ]


@contextmanager
def _scratch() -> Iterator[Path]:
    """A folder for downloads, on the cache's own file system; held by one caller at a time."""
    folder = CACHE / "programs"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in folder.glob(".new-*"):  # by a run that was killed
            shutil.rmtree(left)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as scratch:
            yield Path(scratch)


def _provide(package: str, folder: Path, scratch: Path) -> None:
    """The package's programs in `folder`/bin: links to PATH's, or fetched."""
    if not _missing(folder / "bin", PACKAGES[package]):
        return
    found = [shutil.which(name, path=search_path(Path())) for name in PACKAGES[package]]
    if all(path is not None and _usable(Path(path)) for path in found):
        for path in found:
            _place_link(Path(str(path)), folder / "bin")
    else:
        _fetch(package, folder, scratch, None)


def _usable(program: Path) -> bool:
    """False for a busybox that is linked dynamically: it would not run alone in an image."""
    if program.name != "busybox":
        return True
    with program.open("rb") as file:  # the loader's path stands in the first page of such a file
        return b"/ld-" not in file.read(4096)


def _link(package: str, source: Path, folder: Path) -> None:
    for name in PACKAGES[package]:
        _place_link(Path(os.path.relpath(source / name, folder)), folder)


def _place_link(target: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f".{target.name}.new"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(folder / target.name)


def _fetch(package: str, folder: Path, scratch: Path, suite: str | None) -> None:
    """Download, take apart, and only then move into place: half a download is no program."""
    where = folder.relative_to(CACHE.parent)
    print(f"fetching Debian's {package} into {where} (nothing is installed)", file=sys.stderr)
    source, unpacked = _download(package, scratch, suite)
    for name in PACKAGES[package]:
        program = next(p for p in unpacked.glob(f"**/*bin/{name}") if p.is_file())
        if _libraries_missing(program):
            _add_libraries(source, package, unpacked, folder / "lib")
        _place(program, folder)


def _download(package: str, scratch: Path, suite: str | None) -> tuple[apt.System, Path]:
    """The apt that had the package, and the folder with its files. Raises Unavailable."""
    why = ""
    for source in _sources(suite, scratch):
        unpacked = Path(tempfile.mkdtemp(prefix=f"{package}-", dir=scratch))
        try:
            source.refresh()
            _unpack(source, [package], unpacked)
        except apt.AptFailed as failed:
            why = str(failed)
        else:
            return source, unpacked
    raise Unavailable([package], why)


def _unpack(source: apt.System, packages: Sequence[str], folder: Path) -> None:
    """The packages' files, taken apart in `folder`."""
    with tempfile.TemporaryDirectory(prefix="debs-", dir=folder) as downloads:
        for deb in source.download(packages, Path(downloads)):
            apt.unpack(deb, folder)


def _sources(suite: str | None, scratch: Path) -> Iterator[apt.System]:
    """Where to look, the quickest first."""
    if suite is None:
        yield apt.System()
        yield apt.Private(scratch / "apt")
        return
    for number, mirror in enumerate(dict.fromkeys(apt.mirrors())):
        yield apt.Private(scratch / f"apt-{number}", suite, mirror)


def _libraries_missing(program: Path) -> bool:
    done = subprocess.run(
        ["/usr/bin/env", "ldd", program], capture_output=True, text=True, check=False
    )
    return "not found" in done.stdout


def _add_libraries(source: apt.System, package: str, scratch: Path, folder: Path) -> None:
    """The shared libraries that a bare machine lacks, from the packages that hold them."""
    unpacked = scratch / "libraries"
    unpacked.mkdir()
    _unpack(source, source.libraries(package), unpacked)
    folder.mkdir(parents=True, exist_ok=True)
    for library in unpacked.glob("**/*.so*"):
        library.replace(folder / library.name)


def _place(program: Path, folder: Path) -> None:
    """Move a program into `folder`/bin; behind a small script where it has libraries of its own."""
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    if not _libraries_missing(program):
        program.replace(folder / "bin" / program.name)
        return
    (folder / "libexec").mkdir(exist_ok=True)
    real = folder / "libexec" / program.name
    wrapper = program.with_suffix(".sh")
    wrapper.write_text(WRAPPER)
    wrapper.chmod(0o755)
    program.replace(real)
    wrapper.replace(folder / "bin" / program.name)


def main() -> int:
    """Find or fetch the programs, and print the folder that holds them."""
    parser = argparse.ArgumentParser(prog="scripts/programs", description=main.__doc__)
    parser.add_argument(
        "--suite",
        default=NATIVE,
        metavar="SUITE",
        help="take containerd from this suite of Debian (trixie: 1.7, sid: 2.x); "
        "by default it is PATH's, or the package of this machine's own release",
    )
    parser.add_argument(
        "names", nargs="*", metavar="PROGRAM", help=f"default: {' '.join(EVERYTHING)}"
    )
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in EVERYTHING:
            parser.error(f"{name}: not one of {' '.join(EVERYTHING)}")
    try:
        print(ensure(arguments.suite, arguments.names or EVERYTHING))
    except Unavailable as unavailable:
        print(f"scripts/programs: {unavailable}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
