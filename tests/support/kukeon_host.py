"""A Kukeon host of several ages: records in three layouts, namespaces of Kukeon and of others."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess, run  # noqa: TID251 (the tests start what the package is)

from scripts.lib.containerd import PrivateContainerd
from scripts.lib.images import Archive, busybox
from tests.support.runner import KukeCtr

BUSYBOX = "docker.io/library/busybox:1.36"
MANY = "registry.example/many/platforms:1"
PLATFORMS = ["linux/arm64/v8", "linux/arm/v7", "linux/s390x", "linux/ppc64le", "linux/riscv64"]
LABEL = "two words, one comma: \u6f22\u5b57 [/]"

NAMESPACES = {
    "main": "kukeon-main",  # by its record, in the newest layout
    "kuke-system": "kukeon-system",
    "old": "old",  # Kukeon 0.1: the bare name, by its record in the old layout
    "documented": "team-d",  # by its realm.yaml
    "broken": "kukeon-broken",  # no record: by the layout
}
LAYOUTS = ("newer.kukeon.io", "kukeon-both", "both.kukeon.io", "kukeon.io", "s.my.org")
FOREIGN = ("mytenant", "moby", "k8s.io", "default", "kukeon-main_history")

RECORDS = {
    "data/main/metadata.json": "kukeon-main",
    "data/kuke-system/metadata.json": "kukeon-system",
    "old/metadata.json": "old",
    "documented/realm.yaml": "team-d",
}

_AS_NOBODY = """
import importlib, json, os, pkgutil, sys
import kuke_ctr
for module in pkgutil.walk_packages(kuke_ctr.__path__, "kuke_ctr."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
import ctypes, difflib, json, pexpect, sh, socket, tempfile, traceback, yaml
from kuke_ctr.cli.main import main
os.setgroups(json.loads(sys.argv.pop(1))); os.setgid(65534); os.setuid(65534)
sys.exit(main(sys.argv[1:]))
"""
"""The interpreter may be one that nobody can't start: everything is imported before."""


@dataclass(frozen=True)
class KukeonHost:
    """The daemon, its run path (which every user may read), and what its ctr was called with."""

    daemon: PrivateContainerd
    folder: Path

    @property
    def run_path(self) -> Path:
        return self.folder / "run"

    @property
    def bin(self) -> Path:
        """The folder of a ctr that writes down each call and becomes the real one."""
        return self.folder / "bin"

    @property
    def calls(self) -> list[str]:
        """The calls since the last `forget`."""
        log = self.folder / "calls"
        return log.read_text().splitlines() if log.exists() else []

    def forget(self) -> None:
        (self.folder / "calls").unlink(missing_ok=True)

    def on(self, kuke_ctr: KukeCtr) -> KukeCtr:
        """kuke-ctr on this host."""
        path = f"{self.bin}{os.pathsep}{kuke_ctr.environment['PATH']}"
        return kuke_ctr.set(
            CONTAINERD_ADDRESS=self.daemon.address, KUKEON_RUN_PATH=str(self.run_path), PATH=path
        )

    def as_nobody(self, environment: Mapping[str, str], *argv: str) -> CompletedProcess[str]:
        """The command line as the user nobody."""
        return as_nobody(environment, *argv)


def as_nobody(
    environment: Mapping[str, str], *argv: str, groups: Sequence[int] = ()
) -> CompletedProcess[str]:
    """The command line as the user nobody, who is also in these groups."""
    return run(
        [sys.executable, "-c", _AS_NOBODY, json.dumps(groups), *argv],
        capture_output=True,
        text=True,
        check=False,
        env={**environment, "PYTHONPATH": os.pathsep.join(sys.path), "HOME": "/nonexistent"},
        timeout=60,
    )


def write_record(path: Path, realm: str, namespace: object, **more: object) -> None:
    """A record as Kukeon writes it, or as somebody has spoiled it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"kind": "Realm", "metadata": {"name": realm}, "spec": {"namespace": namespace}}
    path.write_text(json.dumps({**document, **more}))


@contextmanager
def make_kukeon_host(daemon: PrivateContainerd, scratch: Path) -> Iterator[KukeonHost]:
    """Fill a daemon with namespaces, images and the records of some of its realms."""
    folder = Path(tempfile.mkdtemp(prefix="kuke-host-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        for where, namespace in RECORDS.items():
            write_record(folder / "run" / where, where.split("/")[-2], namespace)
        _spy(folder, daemon.programs / "ctr")
        for namespace in (*NAMESPACES.values(), *LAYOUTS, *FOREIGN):
            daemon.ctr("namespaces", "create", namespace)
        _images(daemon, scratch)
        yield KukeonHost(daemon, folder)
    finally:
        shutil.rmtree(folder)


def _spy(folder: Path, program: Path) -> None:
    spy = folder / "bin" / "ctr"
    spy.parent.mkdir()
    spy.write_text(f'#!/bin/sh\necho "$*" >> {folder}/calls\nexec {program} "$@"\n')
    spy.chmod(0o755)


def _images(daemon: PrivateContainerd, scratch: Path) -> None:
    archive = Archive()
    program = daemon.programs / "busybox"
    archive.name(busybox(archive, program), BUSYBOX)
    archive.name(busybox(archive, program, others=PLATFORMS, attested=True), MANY)
    whole = archive.write(scratch / "images.tar")
    for namespace in ("kukeon-main", "team-d", "default"):
        daemon.import_image(whole, "--all-platforms", "--no-unpack", namespace=namespace)
    daemon.ctr("images", "label", BUSYBOX, f"odd={LABEL}", namespace="kukeon-main")
    daemon.import_image(whole, "--no-unpack", namespace="kukeon-broken")
    digest = _config_of(daemon)
    daemon.ctr("content", "rm", digest, namespace="kukeon-broken")


def _config_of(daemon: PrivateContainerd) -> str:
    rows = daemon.ctr("images", "ls", namespace="kukeon-broken").stdout.splitlines()
    row = next(row.split() for row in rows if row.startswith(BUSYBOX))
    manifest = daemon.ctr("content", "get", row[2], namespace="kukeon-broken").stdout
    return str(json.loads(manifest)["config"]["digest"])
