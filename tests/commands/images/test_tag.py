"""Changes of images over a fake ctr: what runs, and what must not run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from tests.support.fake_ctr import FakeCtr
from tests.support.images_host import HERE, Capture, changes, on


def test_a_tag_that_exists_is_left_alone_and_the_others_are_made(
    images_host: FakeCtr, capsys: Capture
) -> None:
    on(images_host, "tag", "example.com/a:1", "new:1")
    assert main(["images", "tag", "example.com/a:1", "example.com/b:1", "new:1", *HERE]) == 1
    out, err = capsys.readouterr()
    assert out == "new:1\n"
    assert "example.com/b:1 already exists in realm" in err
    assert changes(images_host) == [["images", "tag", "example.com/a:1", "new:1"]]


def test_a_forced_tag_and_a_flag_of_ctrs_come_before_the_names(images_host: FakeCtr) -> None:
    on(images_host, "tag", "--force", "--odd", "example.com/a:1", "example.com/b:1")
    words = ["images", "tag", "--force", "example.com/a:1", "example.com/b:1", *HERE]
    assert main([*words, "--", "--odd"]) == 0
    assert len(changes(images_host)) == 1


def test_a_new_ctr_on_an_old_containerd_tags_by_itself(images_host: FakeCtr) -> None:
    images_host.answer("--version", stdout="ctr github.com/containerd/containerd/v2 2.1.9\n")
    said = "Client:\n  Version:  2.1.9\n  Revision: x\n  Go version: go1.24\n\n"
    said += "Server:\n  Version:  1.6.20\n  Revision: y\n  UUID: z\n"
    images_host.answer("version", stdout=said)
    on(images_host, "tag", "--local", "example.com/a:1", "new:1")
    assert main(["images", "tag", "example.com/a:1", "new:1", *HERE]) == 0
    assert changes(images_host) == [["images", "tag", "--local", "example.com/a:1", "new:1"]]


def test_labels_are_checked_before_anything_runs(images_host: FakeCtr, capsys: Capture) -> None:
    for bad in ("bare", "=x", "k=a\nb", "k\n=a", "k=a\tb", "k=\x1b[1m", "k=\x85"):
        assert main(["images", "label", "example.com/a:1", bad, *HERE]) == 2
        assert f"{bad!r} " in capsys.readouterr().err
    assert images_host.calls == []
    on(images_host, "label", "--replace-all", "example.com/a:1", "a=b=c", "d=")
    words = ["images", "label", "--replace-all", "example.com/a:1", "a=b=c", "d=", *HERE]
    assert main(words) == 0
    assert capsys.readouterr().out == "example.com/a:1\n"


def test_convert_never_takes_a_name_that_exists(images_host: FakeCtr, capsys: Capture) -> None:
    assert main(["images", "convert", "example.com/a:1", "example.com/b:1", *HERE]) == 1
    assert changes(images_host) == []
    on(images_host, "convert", "--oci", "example.com/a:1", "new:1", stdout="sha256:0\n")
    assert main(["images", "convert", "--oci", "example.com/a:1", "new:1", *HERE]) == 1
    assert "ctr reported success, but the image new:1" in capsys.readouterr().err


def test_convert_and_the_reference_check_say_which_ctr_has_them(
    images_host: FakeCtr, capsys: Capture
) -> None:
    images_host.answer("--version", stdout="ctr github.com/containerd/containerd 1.4.13\n")
    assert main(["images", "convert", "example.com/a:1", "new:1", *HERE]) == 1
    assert "it needs ctr 1.5" in capsys.readouterr().err
    words = ["images", "tag", "--skip-reference-check", "example.com/a:1", "a b", *HERE]
    assert main(words) == 1
    assert "it needs ctr 2.0" in capsys.readouterr().err
    assert changes(images_host) == []


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_what_is_no_empty_folder_is_refused_before_anything_runs(
    images_host: FakeCtr,
    capsys: Capture,
    folder: Path,
    mounted: Callable[[int], None],
    dry: tuple[str, ...],
) -> None:
    def said(path: Path) -> str:
        assert main(["images", "mount", "example.com/a:1", str(path), *HERE, *dry]) == 2
        return capsys.readouterr().err

    mounted(1)
    assert "something is already mounted on" in said(folder)
    mounted(0)
    (file := folder / "file").touch()
    assert "is not empty; a mount would hide its files" in said(folder)
    assert "is not a directory" in said(file)
    assert "does not exist" in said(folder / "none")
    assert images_host.calls == []


def test_an_odd_new_name_is_given_and_told(images_host: FakeCtr, capsys: Capture) -> None:
    names = ("mine:1", "docker.io/x:1", "example.com/whole:1")
    for name in names:
        on(images_host, "tag", "example.com/a:1", name)
    assert main(["images", "tag", "example.com/a:1", *names, *HERE]) == 0
    out, err = capsys.readouterr()
    assert out.split() == [*names]
    assert "use the full name docker.io/library/mine:1" in err
    assert "use the full name docker.io/library/x:1" in err
    assert "whole" not in err


def test_a_source_with_a_short_name_that_is_here_is_taken(
    images_host: FakeCtr, capsys: Capture
) -> None:
    images_host.answer("-n", "kukeon-main", "images", "ls", "-q", stdout="mine:1\n")
    on(images_host, "tag", "mine:1", "example.com/new:1")
    assert main(["images", "tag", "mine:1", "example.com/new:1", *HERE]) == 0
    assert main(["images", "tag", "redis:3.2", "example.com/new:2", *HERE]) == 3
    assert "redis:3.2 is short for docker.io/library/redis:3.2" in capsys.readouterr().err
