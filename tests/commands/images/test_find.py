"""Where an image is, over a fake ctr with several namespaces."""

import json

import pytest

from kuke_ctr.cli.main import main
from tests.support.fake_ctr import FakeCtr
from tests.support.images_host import Capture, images
from tests.support.tabwriter import ctr_table

BUSYBOX = "docker.io/library/busybox:1.36"
APP = "registry.example/team/app:1.0"
A, B = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"

NAMESPACES = {"kukeon-main": [APP], "default": [BUSYBOX], "moby": [BUSYBOX, APP]}


def checks(*rows: tuple[str, str, str]) -> str:
    """What `images check` prints: reference, digest, status."""
    kind = "application/vnd.oci.image.manifest.v1+json"
    cells = [f"{ref}\t{kind}\t{dig}\t{status}\t1.0 MiB/1.0 MiB\ttrue" for ref, dig, status in rows]
    lines = ctr_table("REF\tTYPE\tDIGEST\tSTATUS\tSIZE\tUNPACKED\t", cells)
    return "".join(f"{line}\n" for line in lines)


@pytest.fixture
def host(fake_ctr: FakeCtr) -> FakeCtr:
    fake_ctr.answer("namespaces", "ls", "-q", stdout="".join(f"{one}\n" for one in NAMESPACES))
    for namespace, refs in NAMESPACES.items():
        listed = "".join(f"{ref}\n" for ref in refs)
        fake_ctr.answer("-n", namespace, "images", "ls", "-q", stdout=listed)
    return fake_ctr


def has(host: FakeCtr, namespace: str, ref: str, digest: str, status: str) -> None:
    """What the calls about one image answer."""
    words = ("-n", namespace, "images")
    name = f"name=={ref}"
    host.answer(*words, "ls", name, stdout=images((ref, digest)))
    host.answer(*words, "ls", "-q", name, stdout=f"{ref}\n")
    host.answer(*words, "check", name, stdout=checks((ref, digest, status)))


def test_a_short_name_is_found_in_every_namespace(host: FakeCtr, capsys: Capture) -> None:
    has(host, "default", BUSYBOX, A, "complete (3/3)")
    has(host, "moby", BUSYBOX, B, "incomplete (1/3)")
    assert main(["images", "find", "busybox", "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(one["namespace"], one["digest"], one["complete"]) for one in found] == [
        ("default", A, True),
        ("moby", B, False),
    ]
    assert found[1]["blobs"] == "1/3" and "realm" not in found[0]
    # a namespace that has nothing of the kind is asked for its names only
    assert [call for call in host.calls if "kukeon-main" in call] == [
        ["-n", "kukeon-main", "images", "ls", "-q"]
    ]


def test_a_realm_stands_with_its_name_and_before_the_others(host: FakeCtr, capsys: Capture) -> None:
    has(host, "kukeon-main", APP, A, "complete (3/3)")
    has(host, "moby", APP, A, "complete (3/3)")
    assert main(["images", "find", "*team/app*"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["REALM", "NAMESPACE", "REF", "DIGEST", "SIZE", "STATUS"]
    assert [row.split()[:2] for row in rows] == [["main", "kukeon-main"], ["-", "moby"]]


def test_the_beginning_of_a_digest_is_found(host: FakeCtr, capsys: Capture) -> None:
    for namespace in NAMESPACES:
        listed = f"{BUSYBOX}\n" if namespace == "default" else ""
        words = ("-n", namespace, "images", "ls", "-q", 'target.digest~="^sha256:aaaa"')
        host.answer(*words, stdout=listed)
    has(host, "default", BUSYBOX, A, "complete (3/3)")
    assert main(["images", "find", "aaaa", "-q"]) == 0
    assert capsys.readouterr().out == f"{BUSYBOX}\n"


@pytest.mark.parametrize("word", ["app", "app:1.0"])
def test_the_end_of_a_longer_name_is_found_if_nothing_else_is(
    host: FakeCtr, capsys: Capture, word: str
) -> None:
    has(host, "kukeon-main", APP, A, "complete (3/3)")
    has(host, "moby", APP, A, "complete (3/3)")
    assert main(["images", "find", word, "-q"]) == 0
    assert capsys.readouterr().out == f"{APP}\n{APP}\n"


def test_what_is_nowhere_is_exit_code_3_and_says_what_is_near(
    host: FakeCtr, capsys: Capture
) -> None:
    assert main(["images", "find", "busybax"]) == 3
    err = capsys.readouterr().err
    assert "no namespace has an image busybax (3 namespaces were searched)" in err
    assert "the nearest names: busybox:1.36, " in err
    assert main(["images", "find", "ap"]) == 3  # a name is whole
    assert "`kuke-ctr images find '*ap*'`" in capsys.readouterr().err
    assert main(["images", "find", "x", "-o", "json"]) == 3
    assert json.loads(capsys.readouterr().out) == []


def test_a_namespace_that_cannot_be_read_hides_none_of_the_others(
    host: FakeCtr, capsys: Capture
) -> None:
    words = ("-n", "default", "images", "ls", "-q")
    host.answer(*words, stderr="ctr: something broke\n", exit_code=1)
    has(host, "moby", BUSYBOX, B, "complete (3/3)")
    assert main(["images", "find", "busybox", "-q"]) == 1
    out, err = capsys.readouterr()
    assert out == f"{BUSYBOX}\n"
    assert "something broke" in err
