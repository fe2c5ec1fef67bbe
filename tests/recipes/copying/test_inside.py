"""A path in the files of a container never leads out of them, whatever its links say."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kuke_ctr.recipes.copying.inside import find

NAMES = ("a", "b", "c")
_PART = st.sampled_from((*NAMES, "..", ".", ""))
_PATH = st.builds("/".join, st.lists(_PART, min_size=1, max_size=6))
_TEXT = st.builds(lambda front, path: f"{front}{path}" or ".", st.sampled_from(("", "/")), _PATH)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "secret").write_text("the host's")
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "root/etc/hosts").write_text("the container's")
    descriptor = os.open(tmp_path / "root", os.O_PATH)
    yield descriptor
    os.close(descriptor)


def read(root: int, path: str, *, follow: bool = True) -> str:
    """What is in the file of that path."""
    with find(root, path, follow=follow) as place:
        descriptor = os.open(place.name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=place.folder)
        with os.fdopen(descriptor) as file:
            return file.read()


@pytest.mark.parametrize(
    "text",
    [
        "/etc/hosts",
        "../../../../etc/hosts",
        "/../etc/./hosts",
        "etc//hosts",
        "/proc/1/root/etc/hosts",
    ],
)
def test_a_link_is_resolved_within_the_root(root: int, tmp_path: Path, text: str) -> None:
    (tmp_path / "root/link").symlink_to(text)
    if "proc" in text:  # what the kernel would follow anywhere is text here
        (tmp_path / "root/proc/1").mkdir(parents=True)
        (tmp_path / "root/proc/1/root").symlink_to("/")
    assert read(root, "/link") == "the container's"


def test_the_real_magic_links_are_only_text(root: int) -> None:
    """`/proc/self/root` of this very host, found below `/proc` as the root."""
    proc = os.open("/proc", os.O_PATH)
    try:
        with pytest.raises(FileNotFoundError):
            find(proc, f"{os.getpid()}/root/etc/passwd")
    finally:
        os.close(proc)


@pytest.mark.parametrize("path", ["../secret", "/../secret", "etc/../../secret", "up/secret"])
def test_nothing_above_the_root_is_found(root: int, tmp_path: Path, path: str) -> None:
    (tmp_path / "root/up").symlink_to("..")
    with find(root, path) as place:
        assert place.found is None


def test_a_link_is_followed_at_the_end_only_if_wanted(root: int, tmp_path: Path) -> None:
    (tmp_path / "root/link").symlink_to("/etc/hosts")
    with find(root, "link", follow=False) as place:
        assert place.path == "link"
    with find(root, "link") as place:
        assert place.path == "etc/hosts"
    (tmp_path / "root/folder").symlink_to("etc")
    with find(root, "folder/", follow=False) as place:
        assert (place.path, place.is_folder) == ("etc", True)


def test_links_in_a_circle_and_files_on_the_way_are_errors(root: int, tmp_path: Path) -> None:
    (tmp_path / "root/x").symlink_to("y")
    (tmp_path / "root/y").symlink_to("x")
    with pytest.raises(OSError, match="symbolic links"):
        find(root, "x/z")
    with pytest.raises(NotADirectoryError):
        find(root, "etc/hosts/z")
    with pytest.raises(FileNotFoundError):
        find(root, "nope/z")


@given(
    links=st.dictionaries(st.tuples(_PATH, st.sampled_from(NAMES)), _TEXT, max_size=5), path=_TEXT
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_links_say_the_place_is_below_the_root(
    tmp_path_factory: pytest.TempPathFactory, links: dict[tuple[str, str], str], path: str
) -> None:
    top = tmp_path_factory.mktemp("tree") / "root"
    (top / "a/b").mkdir(parents=True)
    for (folder, name), text in links.items():
        parts = [part for part in folder.split("/") if part in NAMES]
        where = top.joinpath(*parts)
        if where.is_dir() and where.resolve().is_relative_to(top) and not (where / name).exists():
            (where / name).unlink(missing_ok=True)
            (where / name).symlink_to(text)
    descriptor = os.open(top, os.O_PATH)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 (a folder of links)
    try:
        with find(descriptor, path) as place:
            real = Path(os.readlink(f"/proc/self/fd/{place.folder}"))  # noqa: PTH115
            assert real.is_relative_to(top)
            assert not (real / place.name).is_symlink()
    except OSError:
        pass
    finally:
        assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 (a folder of links)
        os.close(descriptor)
