"""Long lists in shards, on real containerds: each version has to read the filters as we do."""

from pathlib import Path

import pytest

from kuke_ctr import open_realm
from kuke_ctr.backends.ctr import shards, tables
from scripts.lib.containerd import PrivateContainerd
from scripts.lib.images import Archive, files

NAMES = [f"example.com/team/app-{number:02}:1" for number in range(40)]
ODD = ["x", "é:1", "example.com/a b", 'example.com/"quoted"', "example.com/back\\slash", "$", "^]-"]


def test_each_image_is_in_one_shard_and_the_list_is_the_whole_one(
    any_containerd: PrivateContainerd,
    namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    archive = Archive()
    archive.name(archive.manifest([files({"file": b"hello\n"})]), *NAMES)
    any_containerd.import_image(archive.write(tmp_path / "i.tar"), namespace=namespace)
    flags = () if any_containerd.version.startswith("1.") else ("--local", "--skip-reference-check")
    any_containerd.ctr("images", "tag", *flags, NAMES[0], *ODD, namespace=namespace)
    monkeypatch.setenv("PATH", any_containerd.environment["PATH"])
    realm = open_realm(namespace=namespace, address=any_containerd.address)
    whole = realm.images()
    assert sorted(image.ref for image in whole) == sorted([*NAMES, *ODD])

    parts = [
        any_containerd.ctr("images", "ls", "-q", part, namespace=namespace).stdout.splitlines()
        for part in shards.cut([image.ref for image in whole], 3)
    ]
    assert len(parts) == 3
    assert all(parts)
    assert sorted(name for part in parts for name in part) == sorted([*NAMES, *ODD])

    monkeypatch.setattr(tables, "LONG", 20)
    monkeypatch.setattr(shards, "worthwhile", lambda: 3)
    assert realm.images() == whole
    some = realm.images("name~=app-[0-2]", 'name~="^[$]"')
    assert [image.ref for image in some] == ["$", *NAMES[:30]]
