"""Debian's packages, fetched and taken apart: nothing is installed, the system's apt is only read.

`System` asks with the machine's own package lists. `Private` keeps its lists and cache in a folder
of its own: for a machine whose lists are empty or old, and for another suite of Debian.
"""

import configparser
import os
import re
import shutil
import subprocess  # noqa: TID251 (the scripts are no part of the package)
from collections.abc import Iterator, Sequence
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SOURCES = Path("/etc/apt")
DEFAULT_MIRROR = "http://deb.debian.org/debian"
TIME_LIMIT = 300.0

# Whatever the machine does after an update is about the system's lists, not about ours.
CONFIGURATION = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb-src::Sources::DefaultEnabled "false";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
APT::Sandbox::User "root";
"""


class AptFailed(Exception):
    """apt or dpkg is not there, or said no; the text is what it said."""


def run(*argv: str, folder: Path | None = None) -> str:
    """One command's stdout. Raises AptFailed with its last words."""
    try:
        done = subprocess.run(
            argv,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT,
            check=False,
            env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
        )
    except FileNotFoundError:
        raise AptFailed(f"{argv[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise AptFailed(f"{argv[0]} took more than {TIME_LIMIT:.0f} s") from None
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.startswith("E:")]
        raise AptFailed(" ".join(said[-3:]) or done.stderr.strip() or f"{argv[0]} failed")
    return done.stdout


class System:
    """The machine's apt as it is configured."""

    options: tuple[str, ...] = ()

    def refresh(self) -> None:
        """The system's lists are not ours to change."""

    def download(self, packages: Sequence[str], folder: Path) -> list[Path]:
        """The packages' .deb files, in `folder` (which belongs to this call alone)."""
        run("apt-get", *self.options, "download", *packages, folder=folder)
        return sorted(folder.glob("*.deb"))

    def libraries(self, package: str) -> list[str]:
        """The library packages that `package` needs, all the way down; libc itself left out."""
        kinds = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
        switches = [f"--no-{kind}" for kind in kinds]
        text = run("apt-cache", *self.options, "depends", "--recurse", *switches, package)
        names = {line for line in text.splitlines() if line.startswith("lib") and ":" not in line}
        return sorted(names - {"libc6", "libgcc-s1"})


class Private(System):
    """An apt of its own: lists and cache under `folder`; the machine's sources or one suite."""

    def __init__(self, folder: Path, suite: str | None = None, mirror: str | None = None) -> None:
        (folder / "state/lists/partial").mkdir(parents=True, exist_ok=True)
        (folder / "cache/archives/partial").mkdir(parents=True, exist_ok=True)
        self.stamp = folder / "fresh"
        configuration = folder / "apt.conf"
        configuration.write_text(CONFIGURATION)
        options = [f"Dir::State={folder}/state", f"Dir::Cache={folder}/cache"]
        if suite is not None:
            sources = folder / "sources.list"
            signed = f"[signed-by={self._keyring(folder)}]"
            sources.write_text(f"deb {signed} {mirror or DEFAULT_MIRROR} {suite} main\n")
            options += [f"Dir::Etc::sourcelist={sources}", "Dir::Etc::sourceparts=-"]
        self.options = ("-c", str(configuration), *(w for o in options for w in ("-o", o)))

    @staticmethod
    def _keyring(folder: Path) -> Path:
        if not KEYRING.exists():
            raise AptFailed(f"{KEYRING} is missing (Debian's package debian-archive-keyring)")
        return Path(shutil.copy(KEYRING, folder / KEYRING.name))

    def refresh(self) -> None:
        """Fetch the lists, once. A source that fails is no matter where the package is found."""
        if self.stamp.exists():
            return
        try:
            run("apt-get", *self.options, "-q", "update")
        except AptFailed as failed:
            self.stamp.write_text(str(failed))
        else:
            self.stamp.touch()

    def download(self, packages: Sequence[str], folder: Path) -> list[Path]:
        """As the system's; a failure names what went wrong with the lists, too."""
        try:
            return super().download(packages, folder)
        except AptFailed as failed:
            raise AptFailed(f"{failed} {self.stamp.read_text()}".strip()) from None


def unpack(package: Path, folder: Path) -> None:
    """The package's files under `folder`; none of its scripts runs."""
    run("dpkg", "-x", str(package), str(folder))


def mirrors() -> Iterator[str]:
    """The Debian archives that the machine uses itself, then the well-known one."""
    for uri, components in _entries():
        if "main" in components and re.search(
            r"(/|^)(debian/?|debian\.list|archive/debian/\w+/?)$", uri
        ):
            yield uri
    yield DEFAULT_MIRROR


def _entries() -> Iterator[tuple[str, list[str]]]:
    """URI and components of every source, one-line and deb822 form."""
    for path in [SOURCES / "sources.list", *sorted(SOURCES.glob("sources.list.d/*.list"))]:
        text = path.read_text() if path.is_file() else ""
        for line in re.findall(r"^deb\s+(?:\[[^]]*\]\s*)?(.+)$", text, re.MULTILINE):
            uri, _suite, *components = line.split("#")[0].split()
            yield uri, components
    for path in sorted(SOURCES.glob("sources.list.d/*.sources")):
        for fields in _stanzas(path.read_text()):
            for uri in fields.get("uris", "").split():
                if "deb" in fields.get("types", "").split():
                    yield uri, fields.get("components", "").split()


def _stanzas(text: str) -> Iterator[dict[str, str]]:
    """The stanzas of a deb822 file, field names in lower case."""
    bare = re.sub(r"^#.*\n?", "", text, flags=re.MULTILINE)
    for stanza in re.split(r"\n\s*\n", bare):
        parser = configparser.ConfigParser(
            delimiters=(":",), interpolation=None, strict=False, empty_lines_in_values=False
        )
        parser.read_string("[source]\n" + stanza)
        if parser["source"].get("enabled", "yes").strip().lower() not in {"no", "false"}:
            yield dict(parser["source"])
