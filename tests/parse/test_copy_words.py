"""The words of `cp`, as docker reads them."""

import pytest

from kuke_ctr.errors import UsageError
from kuke_ctr.parse.copy_words import Side, place_of_copy, side_of, sides_of


@pytest.mark.parametrize(
    ("word", "side"),
    [
        ("web:/etc/hosts", Side("/etc/hosts", "web")),
        ("default/web/app:etc", Side("etc", "default/web/app")),
        ("web:a:b", Side("a:b", "web")),
        ("./web:x", Side("./web:x")),
        ("../web:x", Side("../web:x")),
        ("/srv/a:b", Side("/srv/a:b")),
        (":/x", Side(":/x")),
        ("file", Side("file")),
        ("-", Side("-")),
    ],
)
def test_a_colon_behind_a_name_makes_it_a_container(word: str, side: Side) -> None:
    assert side_of(word) == side


def test_what_is_no_copy_between_a_container_and_this_host_is_refused() -> None:
    with pytest.raises(UsageError, match="neither side"):
        sides_of("a", "b")
    with pytest.raises(UsageError, match="both sides"):
        sides_of("web:/a", "db:/b")
    with pytest.raises(UsageError, match="no path"):
        sides_of("web:", "b")


@pytest.mark.parametrize(
    ("source", "of_folder", "target", "there", "name"),
    [
        ("/a/f", False, "new", None, ("new",)),
        ("/a/f", False, "old", "file", ("old",)),
        ("/a/f", False, "dir", "folder", ("f",)),
        ("/a/f", False, "dir/", "folder", ("f",)),
        ("/a/d", True, "new", None, ("new",)),
        ("/a/d", True, "new/", None, ("new",)),
        ("/a/d/", True, "dir", "folder", ("d",)),
        ("/a/d/.", True, "dir", "folder", ()),
        ("/", True, "dir", "folder", ()),
        (".", True, "dir", "folder", ()),
    ],
)
def test_a_copy_comes_to_lie_where_docker_puts_it(
    source: str, of_folder: bool, target: str, there: str | None, name: tuple[str, ...]
) -> None:
    place = place_of_copy(
        Side(source, "web"),
        of_folder=of_folder,
        target=Side(target),
        exists=there is not None,
        is_folder=there == "folder",
    )
    assert place == name


@pytest.mark.parametrize(
    ("of_folder", "target", "exists", "said"),
    [
        (True, "old", True, "web:/a is a directory, and old is not"),
        (False, "new/", False, "new/ does not exist"),
        (False, "old/", True, "old/ is not a directory"),
    ],
)
def test_what_does_not_fit_is_refused(
    of_folder: bool, target: str, exists: bool, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        place_of_copy(
            Side("/a", "web"),
            of_folder=of_folder,
            target=Side(target),
            exists=exists,
            is_folder=False,
        )
