"""Archives that are compressed, have no names, or are not what they say, on each version."""

import os
import subprocess  # noqa: TID251 (packs the archives)
from pathlib import Path

import pytest

from scripts.lib.containerd import unique
from scripts.lib.images import LAYER, Archive, files
from tests.support.running import Place

PACKERS = {
    "gz": ("gzip", "-kc"),
    "zst": ("zstd", "-qc"),
    "xz": ("xz", "-kc"),
    "bz2": ("bzip2", "-kc"),
}


def plain(folder: Path, *names: str, nameless: int = 0) -> Path:
    archive = Archive()
    for name in names:
        archive.name(archive.manifest([files({"a": name.encode()})]), name)
    for number in range(nameless):
        archive.entries.append(archive.manifest([files({"n": str(number).encode()})]))
    return archive.write(folder / "plain.tar")


@pytest.mark.parametrize("kind", PACKERS)
def test_a_compressed_archive_is_unpacked_on_the_way(
    any_place: Place, tmp_path: Path, kind: str
) -> None:
    name = f"docker.io/library/{unique('packed')}:1"
    tar = plain(tmp_path, name)
    packed = tmp_path / f"a b.tar.{kind}"
    packed.write_bytes(
        subprocess.run([*PACKERS[kind], tar], capture_output=True, check=True).stdout
    )
    planned = any_place("images", "import", "--dry-run", str(packed))
    assert name not in any_place.ctr("images", "ls", "-q")
    done = any_place("images", "import", "-q", "-x", str(packed))
    assert (done.returncode, done.stdout) == (0, f"{name}\n"), done.stderr
    if " | " in planned.stdout:  # as it stands, in a shell
        any_place.ctr("images", "rm", name)
        line = planned.stdout.splitlines()[-1]
        assert f"+ {line}\n" in done.stderr
        path = f"{any_place.daemon.programs}:{os.environ['PATH']}"
        subprocess.run(["sh", "-c", line], check=True, env={**os.environ, "PATH": path})
        assert name in any_place.ctr("images", "ls", "-q")


def test_a_damaged_one_says_what_is_damaged(any_place: Place, tmp_path: Path) -> None:
    tar = plain(tmp_path, "docker.io/library/cut:1")
    packed = tmp_path / "cut.tar.xz"
    data = subprocess.run(["xz", "-kc", tar], capture_output=True, check=True).stdout
    packed.write_bytes(data[: len(data) // 2])
    done = any_place("images", "import", str(packed))
    assert done.returncode == 1
    assert "cannot be unpacked" in done.stderr
    assert "was it copied completely?" in done.stderr


def test_images_without_names_are_told_and_the_hint_brings_them(
    any_place: Place, tmp_path: Path
) -> None:
    done = any_place("images", "import", str(plain(tmp_path, nameless=1)))
    assert done.returncode == 3
    assert "--index-name NAME:TAG" in done.stderr
    name = f"docker.io/library/{unique('named')}:1"
    done = any_place("images", "import", "--index-name", name, str(tmp_path / "plain.tar"))
    assert done.returncode == 0, done.stderr

    done = any_place("images", "import", str(plain(tmp_path, name, nameless=1)))
    assert done.returncode == 0
    assert "1 image has no name in the archive" in done.stderr
    flags = ("--digests", "--base-name", "docker.io/library/rest")
    done = any_place("images", "import", *flags, str(tmp_path / "plain.tar"))
    assert done.returncode == 0, done.stderr
    assert "docker.io/library/rest@sha256:" in any_place.ctr("images", "ls", "-q")


def test_a_layer_that_is_packed_otherwise_is_told_and_its_name_can_go(
    any_place: Place, tmp_path: Path
) -> None:
    name = f"docker.io/library/{unique('lying')}:1"
    archive = Archive()
    manifest = archive.manifest([files({"a": b"b"})])
    for digest, data in list(archive.blobs.items()):
        if LAYER.encode() in data:  # the manifest
            del archive.blobs[digest]
            lying = data.replace(LAYER.encode(), LAYER.removesuffix("+gzip").encode())
            manifest = {**manifest, **archive.blob(lying, str(manifest["mediaType"]))}
    archive.name(manifest, name)
    done = any_place("images", "import", str(archive.write(tmp_path / "lying.tar")))
    assert done.returncode == 1
    assert "packed in another way than its media type" in done.stderr
    stays = name in any_place.ctr("images", "ls", "-q")
    assert (
        f"`kuke-ctr images rm {name} --namespace {any_place.namespace}`" in done.stderr
    ) is stays


def test_what_content_prune_gave_up_comes_back_with_the_archive(
    any_place: Place, tmp_path: Path
) -> None:
    name = f"docker.io/library/{unique('back')}:1"
    tar = str(plain(tmp_path, name))
    assert any_place("images", "import", tar).returncode == 0
    assert any_place("content", "prune", "--yes").returncode == 0
    done = any_place("images", "export", str(tmp_path / "out.tar"), name)
    assert done.returncode == 3
    assert f"`kuke-ctr images pull {name} --namespace {any_place.namespace}`" in done.stderr
    done = any_place("images", "import", tar)
    assert done.returncode == 0, done.stderr
    assert "missing, and came back" in done.stderr
    assert any_place("images", "export", str(tmp_path / "out.tar"), name).returncode == 0
