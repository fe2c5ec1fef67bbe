"""Recordings of a real ctr, made by kuke-ctr itself: a folder for each state of a host."""

import argparse
import json
import shlex
import subprocess  # noqa: TID251 (the scripts are no part of the package)
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.lib import fixture_index, odd_images, processes, programs, venv
from scripts.lib.containerd import PrivateContainerd, temporary
from scripts.lib.images import Archive, busybox

BUSYBOX = "docker.io/library/busybox:1.36"
MANY = "registry.example/team/many-platforms:2.0"
LONG = f"registry.example/{'long-path/' * 20}image:1.0"
MAIN, EMPTY = "kukeon-main", "kukeon-empty"
FOREVER = ("sleep", "86400")

ODD = {
    "space": "a value with spaces",
    "equals": "a=b=c",
    "comma": "library/busybox,team/app",
    "unicode": "größe 漢字 🙂",
    "escape": "\x1b[31mred\x1b[0m",
    "markup": "[/] [bold]",
    "tab": "left\tright",
}
"""Label values that stay in their row; each goes to an image of its own."""

BREAKING = {"newline": "first\nsecond", "formfeed": "first\fsecond"}
"""Label values that break the row, in a namespace of their own."""


@dataclass(frozen=True)
class Recording:
    """Where a state goes, and how kuke-ctr is called for it."""

    folder: Path
    environment: dict[str, str]

    def take(self, *words: str, program: str = "ctr", codes: tuple[int, ...] = (0,)) -> None:
        """One kuke-ctr command, recorded; output and exit code are in the recording."""
        flags = ("--ctr", program, "--record", str(self.folder), "--record-append")
        command = [str(venv.VENV / "bin" / "kuke-ctr"), *words, *flags]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, check=False, timeout=120
        )
        if done.returncode not in codes:
            said = done.stderr.decode(errors="replace")
            raise RuntimeError(f"{shlex.join(command)} exited {done.returncode}: {said}")

    def take_lists(self, *namespaces: str, codes: tuple[int, ...] = (0,)) -> None:
        """Each list of each namespace, and the namespaces."""
        self.take("namespaces", "ls", codes=codes)
        self.take("realms", "ls", "--all", codes=codes)
        for namespace in namespaces:
            for noun in ("images", "containers", "tasks"):
                self.take(noun, "ls", "--namespace", namespace, codes=codes)


@contextmanager
def _state(suite: str, folder: Path) -> Iterator[tuple[PrivateContainerd, Recording]]:
    """A fresh daemon, and a recording that is moved to `folder` at the end.

    By then it has no word of where it ran.
    """
    with temporary(programs.ensure(suite)) as daemon:
        (daemon.base / "run").mkdir()
        environment = {
            **daemon.environment,
            "HOME": str(daemon.base),
            "KUKEON_RUN_PATH": str(daemon.base / "run"),
            "CONTAINERD_ADDRESS": daemon.address,
        }
        fresh = daemon.base / "recording"
        yield daemon, Recording(fresh, environment)
        texts = [_without_place(f.read_text(), daemon) for f in sorted(fresh.iterdir())]
        folder.mkdir(parents=True)
        for number, (argv, text) in enumerate(_one_of_each(texts), start=1):
            (folder / fixture_index.file_name(number, argv)).write_text(text)
        fixture_index.write(folder)


def _without_place(text: str, daemon: PrivateContainerd) -> str:
    """The recording without the address flag, and with `/BASE` for the daemon's folder."""
    document = json.loads(text)
    words = document["argv"]
    words[0] = Path(words[0]).name
    if "-a" in words:
        at = words.index("-a")
        del words[at : at + 2]
    text = json.dumps(document, indent=1) + "\n"
    return text.replace(str(daemon.base), "/BASE")


def _one_of_each(texts: Iterable[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """The argv and the recording of each call, its first answer where it was asked again."""
    seen: set[tuple[str, ...]] = set()
    for text in texts:
        argv = tuple(json.loads(text)["argv"])
        if argv not in seen:
            seen.add(argv)
            yield argv, text


def healthy(suite: str, folder: Path) -> None:
    """Images of one and many platforms, containers with and without a task, labelled namespaces."""
    with _state(suite, folder) as (daemon, recording):
        daemon.ctr("namespaces", "create", MAIN, "team=a", "tier=gold")
        daemon.ctr("namespaces", "create", EMPTY)
        archive = Archive()
        program = daemon.programs / "busybox"
        others = ("linux/arm64/v8", "linux/arm/v7", "linux/s390x", "windows/amd64")
        archive.name(busybox(archive, program), BUSYBOX, LONG)
        archive.name(busybox(archive, program, others=others, attested=True), MANY)
        file = archive.write(daemon.base / "images.tar")
        daemon.import_image(file, "--all-platforms", "--no-unpack", namespace=MAIN)
        daemon.import_image(file, namespace=MAIN)
        daemon.ctr("images", "label", MANY, "owner=team", "stage=test", namespace=MAIN)
        for name in ("running", "paused"):
            daemon.run(BUSYBOX, *FOREVER, namespace=MAIN, container=name)
        daemon.ctr("tasks", "pause", "paused", namespace=MAIN)
        daemon.run(BUSYBOX, "true", namespace=MAIN, container="stopped")
        daemon.ctr("containers", "create", BUSYBOX, "created", namespace=MAIN)
        recording.take_lists(MAIN, EMPTY)
        daemon.ctr("tasks", "resume", "paused", namespace=MAIN)


def odd_labels(suite: str, folder: Path) -> None:
    """Label values that are hard to read back; those that break a row stand in `broken`."""
    with _state(suite, folder) as (daemon, recording):
        for namespace, labels in (("odd", ODD), ("broken", BREAKING)):
            archive = Archive()
            image = busybox(archive, daemon.programs / "busybox")
            archive.name(image, *(f"registry.example/{name}:1" for name in labels))
            file = archive.write(daemon.base / f"{namespace}.tar")
            daemon.import_image(file, "--no-unpack", namespace=namespace)
            for name, value in labels.items():
                reference = f"registry.example/{name}:1"
                words = ("images", "label", reference, f"{name}={value}", "after=z")
                daemon.ctr(*words, namespace=namespace)
        recording.take("images", "ls", "--namespace", "odd", codes=(0, 4))
        recording.take("images", "ls", "--namespace", "broken", codes=(4,))
        for name in ("space", "equals", "comma", "unicode"):
            daemon.ctr("namespaces", "label", "odd", f"{name}={ODD[name]}")
        recording.take("namespaces", "ls")


def no_daemon(suite: str, folder: Path) -> None:
    """No socket. A program of several words is not looked after beforehand: ctr itself fails."""
    with _state(suite, folder) as (daemon, with_daemon):
        gone = f"{daemon.programs / 'ctr'} -a {daemon.base / 'gone.sock'}"
        environment = dict(with_daemon.environment)
        del environment["CONTAINERD_ADDRESS"]
        recording = Recording(with_daemon.folder, environment)
        codes = (1, 124)  # ctr 1.x tries for ten seconds
        for noun in ("images", "containers", "tasks"):
            recording.take(noun, "ls", "--namespace", MAIN, program=gone, codes=codes)
        recording.take("namespaces", "ls", program=gone, codes=codes)


def reads(suite: str, folder: Path) -> None:
    """Snapshots, content, leases, processes, metrics, events, and what containerd is."""
    with _state(suite, folder) as (daemon, recording):
        archive = Archive()
        archive.name(busybox(archive, daemon.programs / "busybox"), BUSYBOX)
        daemon.import_image(archive.write(daemon.base / "image.tar"), namespace=MAIN)
        daemon.ctr("namespaces", "create", EMPTY)
        daemon.run(BUSYBOX, *FOREVER, namespace=MAIN, container="web")
        exec_ = ("tasks", "exec", "-d", "--exec-id", "job", "web")
        daemon.ctr(*exec_, *FOREVER, namespace=MAIN)
        layer = daemon.ctr("snapshots", "info", "web", namespace=MAIN).stdout
        parent = str(json.loads(layer)["Parent"])
        for key in ("a key with spaces", "schlüssel-漢字"):
            daemon.ctr("snapshots", "prepare", key, parent, namespace=MAIN)
        daemon.ctr("snapshots", "commit", "base", "a key with spaces", namespace=MAIN)
        daemon.ctr("snapshots", "view", "look", "base", namespace=MAIN)
        for key in ("base", "look"):  # else the next garbage collection takes them
            daemon.ctr("snapshots", "label", key, "containerd.io/gc.root=now", namespace=MAIN)
        daemon.ctr("snapshots", "prepare", "left\tright", namespace="broken")
        for words in (("--id", "build", "team=a,b", "why=two words"), ("--id", "plain")):
            daemon.ctr("leases", "create", "--expires", "0s", *words, namespace=MAIN)
        daemon.ctr("leases", "create", "--id", "cut", "a=first\nsecond", namespace="broken")
        _leave_ingest(daemon, "half-written", b"x" * 2_500_000)
        _take_reads(recording, parent)
        for namespace in (EMPTY, "broken"):
            for noun in ("snapshots", "content", "leases"):
                recording.take(noun, "ls", "--namespace", namespace, codes=(0, 4))


def images(suite: str, folder: Path) -> None:
    """What images are made of: every kind of manifest, and images that lack something."""
    with _state(suite, folder) as (daemon, recording):
        archive = odd_images.whole_images(daemon.programs / "busybox")
        file = archive.write(daemon.base / "images.tar")
        daemon.import_image(file, "--all-platforms", "--no-unpack", namespace=MAIN)
        odd_images.import_broken(daemon, "broken")
        daemon.ctr("namespaces", "create", EMPTY)
        for namespace in (MAIN, "broken", EMPTY):
            recording.take("images", "check", "--namespace", namespace, codes=(0, 5))
        plain = odd_images.WHOLE["plain"]
        recording.take("images", "check", f"name=={plain}", "--namespace", MAIN)
        for reference in odd_images.WHOLE.values():
            recording.take("images", "inspect", reference, "--namespace", MAIN)
        for reference in odd_images.BROKEN.values():
            recording.take("images", "inspect", reference, "--namespace", "broken", codes=(5,))
        recording.take("images", "inspect", "nope", "--namespace", MAIN, codes=(3,))
        (target := daemon.base / "mnt").mkdir()
        daemon.ctr("images", "mount", plain, str(target), namespace=MAIN)  # unpacks it
        daemon.ctr("images", "unmount", "--rm", str(target), namespace=MAIN)
        recording.take("images", "usage", plain, "--namespace", MAIN, codes=(0, 1))
        recording.take("images", "usage", "nope", "--namespace", MAIN, codes=(1, 3))


def _leave_ingest(daemon: PrivateContainerd, key: str, data: bytes) -> None:
    """What a client that is killed in the middle of writing leaves behind."""
    words = (daemon.programs / "ctr", "-a", daemon.address, "-n", MAIN, "content", "ingest", key)
    with subprocess.Popen(words, stdin=subprocess.PIPE) as writer:
        assert writer.stdin is not None
        writer.stdin.write(data)
        writer.stdin.flush()
        processes.until(
            lambda: "MB\t" in daemon.ctr("content", "active", namespace=MAIN).stdout, 10
        )
        writer.kill()


def _take_reads(recording: Recording, parent: str) -> None:
    keys = ("web", "schlüssel-漢字", "base", "look", parent)
    for words in (
        *(("snapshots", verb) for verb in ("ls", "usage")),
        ("snapshots", "tree", "-o", "raw"),
        *(("snapshots", "info", key) for key in keys),
        ("snapshots", "mounts", "web", "/mnt"),
        ("content", "ls"),
        ("content", "active"),
        ("leases", "ls"),
        ("containers", "info", "web"),
        ("tasks", "ps", "web"),
        ("tasks", "metrics", "web"),
    ):
        recording.take(*words, "--namespace", MAIN)
    for missing in (("containers", "info"), ("snapshots", "info"), ("tasks", "ps")):
        recording.take(*missing, "nope", "--namespace", MAIN, codes=(3,))
    recording.take("plugins", "ls")
    recording.take("version")
    for words in (("info",), ("deprecations", "ls"), ("sandboxes", "ls", "--namespace", MAIN)):
        recording.take(*words, codes=(0, 1))


STATES = {
    "healthy": healthy,
    "odd-labels": odd_labels,
    "no-daemon": no_daemon,
    "reads": reads,
    "images": images,
}


def main() -> int:
    """Record ctr anew."""
    parser = argparse.ArgumentParser(
        prog="scripts/record-fixtures",
        description="Records what ctr prints, with kuke-ctr --record on private containerds, into "
        f"FOLDER/{{{','.join(STATES)}}}. Needs root.",
    )
    parser.add_argument(
        "--suite",
        default=programs.NATIVE,
        help="take containerd from this suite of Debian: bookworm 1.6, trixie 1.7, sid 2.x",
    )
    parser.add_argument("--only", choices=list(STATES), help="one state instead of all")
    parser.add_argument(
        "--index",
        action="store_true",
        help=f"record nothing: write the {fixture_index.INDEX} of each folder of fixtures/ anew",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", nargs="?")
    given = parser.parse_args()
    if given.index == (given.folder is not None):
        parser.error("give either a FOLDER for the recordings or --index")
    if given.index:
        for folder in fixture_index.folders():
            fixture_index.write(folder)
        return 0
    names = [given.only] if given.only else list(STATES)
    taken = [str(given.folder / name) for name in names if (given.folder / name).exists()]
    if taken:
        parser.error(f"there already: {', '.join(taken)}")
    try:
        venv.ensure()
        for name in names:
            print(f"recording {given.folder / name}", file=sys.stderr)
            STATES[name](given.suite, given.folder / name)
    except (RuntimeError, programs.Unavailable, subprocess.SubprocessError) as failed:
        print(f"scripts/record-fixtures: {failed}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
