"""Two realms, main and team, on a ctr with a memory: what a copy makes of them, whatever fails."""

import os
import shlex
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from scripts.lib.images import MANIFEST, Archive, Json, files
from tests.support.copy_host import MAIN, TEAM, below
from tests.support.paths import TOP
from tests.support.store_ctr import Store


class StoreHost:
    """`put` gives a namespace an image; `hook` is what happens before or after a call."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.archive = Archive()
        (folder / "blobs").mkdir(parents=True)
        (folder / "hooks").mkdir()
        (folder / "leases").write_text("[]")
        self.spaces = {name: Store(folder, name) for name in (MAIN, TEAM)}

    def image(self, *platforms: str) -> Json:
        """An image of these platforms: an index, or a plain manifest for one."""
        made = [
            self.archive.manifest([files({"f": one.encode()})], runs_on=one) for one in platforms
        ]
        return made[0] if len(made) == 1 else self.archive.index(made)

    def put(
        self, namespace: str, top: Json, ref: str, *, labels: str = "", lacks: str = ""
    ) -> None:
        """Let a namespace have an image, but for what is below the digest that it `lacks`."""
        digest = str(top["digest"])
        gone = below(self.archive, self._descriptor(lacks)) if lacks else set[str]()
        for one in below(self.archive, top):
            (self.folder / "blobs" / one).write_bytes(self.archive.blobs[one])
            if one not in gone:
                self.spaces[namespace].take(one)
        image = {"digest": digest, "type": str(top["mediaType"]), "labels": labels}
        self.spaces[namespace].give(ref, image)

    def _descriptor(self, digest: str) -> Json:
        is_document = self.archive.blobs[digest][:1] == b"{"
        return {"digest": digest, "mediaType": MANIFEST if is_document else "a layer"}

    def hook(self, name: str, shell: str, *, once: bool = True) -> None:
        """What happens `before-images-import` and the like; the folder is the current one."""
        gone = 'rm "$0"\n' if once else ""
        (self.folder / "hooks" / name).write_text(f"{gone}{shell}\n")

    def path_of(self, namespace: str, ref: str) -> Path:
        """The file that says what a name means."""
        return self.spaces[namespace].images / quote(ref, safe="")

    def named(self, namespace: str) -> dict[str, str]:
        """The digests by name."""
        found = self.spaces[namespace].all()
        return {name: image["digest"] for name, image in found.items()}

    def labels(self, namespace: str, ref: str) -> str:
        """The labels of an image, as ctr prints them."""
        return self.spaces[namespace].all()[ref]["labels"]

    def blobs(self, namespace: str) -> set[str]:
        """What a namespace has."""
        return {path.name for path in self.spaces[namespace].blobs.iterdir()}

    @property
    def calls(self) -> list[str]:
        """The argvs so far."""
        return (self.folder / "log").read_text().splitlines()


@pytest.fixture
def store_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StoreHost:
    """The realms, with nothing in them; its ctr is the one on PATH, called by two words."""
    host = StoreHost(tmp_path / "store")
    program = tmp_path / "programs" / "ctr"
    program.parent.mkdir()
    script = TOP / "tests" / "support" / "store_ctr.py"
    words = [sys.executable, "-I", "-S", str(script), str(host.folder)]
    program.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("KUKE_CTR_BIN", "env ctr")
    return host
