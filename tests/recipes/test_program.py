"""What a new container runs, by the image's ENTRYPOINT and what was typed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuke_ctr.errors import KukeCtrError, UsageError
from kuke_ctr.parse.manifest import CONFIGS
from kuke_ctr.parse.references import INDEXES, MANIFESTS
from kuke_ctr.recipes.platforms import host_platform
from kuke_ctr.recipes.program import program_of
from kuke_ctr.session import Session
from kuke_ctr.shared_options import SharedOptions
from tests.support.fake_ctr import FakeCtr
from tests.support.far_host import FarHost
from tests.support.runtime_host import N

REF = "docker.io/library/app:1"
HEADER = "REF TYPE DIGEST SIZE PLATFORMS LABELS "


def digest(letter: str) -> str:
    return f"sha256:{letter * 64}"


def image(fake: FakeCtr, media_type: str, **blobs: object) -> None:
    """An image whose top document is blob `a`; the blobs are JSON, by the letter of the digest."""
    columns = (REF, media_type, digest("a"), "1.0 MiB", "linux/amd64", "-")
    widths = [max(len(text), len(name)) for text, name in zip(columns, HEADER.split(), strict=True)]
    rows = (HEADER.split(), columns)
    table = "".join(
        " ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " \n"
        for row in rows
    )
    fake.answer(*N, "images", "ls", f"name=={REF}", stdout=table)
    for letter, document in blobs.items():
        fake.answer(*N, "content", "get", digest(letter), stdout=json.dumps(document))


def config(entrypoint: object = None, cmd: object = None) -> dict[str, object]:
    return {"os": "linux", "config": {"Entrypoint": entrypoint, "Cmd": cmd}}


def manifest(letter: str) -> dict[str, object]:
    return {"config": {"mediaType": CONFIGS[0], "digest": digest(letter), "size": 9}, "layers": []}


def found(
    command: list[str], entrypoint: str | None = None, platform: str | None = None
) -> list[str]:
    scope = Session(SharedOptions(namespace="kukeon-main")).realm().scope
    return program_of(scope, REF, command, entrypoint, platform)


def test_what_is_typed_are_the_arguments_of_the_entrypoint(fake_ctr: FakeCtr) -> None:
    image(fake_ctr, MANIFESTS[0], a=manifest("c"), c=config(["serve", "-v"], ["all"]))
    assert found(["x", "y"]) == ["serve", "-v", "x", "y"]


@pytest.mark.parametrize("entrypoint", [None, [], "serve", [1]])
def test_an_image_without_one_runs_what_is_typed(fake_ctr: FakeCtr, entrypoint: object) -> None:
    image(fake_ctr, MANIFESTS[0], a=manifest("c"), c=config(entrypoint))
    assert found(["x"]) == ["x"]


def test_nothing_typed_is_left_to_ctr_without_a_look(fake_ctr: FakeCtr) -> None:
    assert found([]) == []
    assert fake_ctr.calls == []


@pytest.mark.parametrize(
    ("entrypoint", "command", "program"),
    [("sh", ["-c", "x"], ["sh", "-c", "x"]), ("sh", [], ["sh"]), ("", ["x", "y"], ["x", "y"])],
)
def test_another_entrypoint_needs_no_look(
    fake_ctr: FakeCtr, entrypoint: str, command: list[str], program: list[str]
) -> None:
    assert found(command, entrypoint) == program
    assert fake_ctr.calls == []


def test_no_entrypoint_and_no_command_is_nothing(fake_ctr: FakeCtr) -> None:
    with pytest.raises(UsageError, match="there is nothing to run"):
        found([], "")


@pytest.mark.parametrize(
    ("platform", "program"), [(None, "here"), ("linux/s390x", "there"), ("linux/mips", None)]
)
def test_the_platform_decides_which_of_an_index_it_is(
    fake_ctr: FakeCtr, platform: str | None, program: str | None
) -> None:
    system, architecture = host_platform(Session(SharedOptions()).ctr).split("/")
    attests = {"vnd.docker.reference.type": "attestation-manifest"}
    places: list[dict[str, object]] = [
        {"digest": digest("b"), "annotations": attests},
        {"digest": digest("d"), "platform": {"os": system, "architecture": architecture}},
        {"digest": digest("e"), "platform": {"os": "linux", "architecture": "s390x"}},
    ]
    index = {"manifests": [{"mediaType": MANIFESTS[0], "size": 9, **one} for one in places]}
    image(
        fake_ctr,
        INDEXES[0],
        a=index,
        b=manifest("f"),
        f=config(["attestation"]),
        d=manifest("1"),
        e=manifest("2"),
        **{"1": config(["here"]), "2": config(["there"])},
    )
    assert found(["x"], platform=platform) == ([program, "x"] if program else ["x"])


@pytest.mark.parametrize(("machine", "architecture"), [("aarch64", "arm64"), ("s390x", "s390x")])
def test_the_platform_of_another_host_is_asked_of_it(
    fake_ctr: FakeCtr, far_host: FarHost, machine: str, architecture: str
) -> None:
    far_host.program("uname", f"echo {machine}")
    at = {"os": "linux", "architecture": architecture}
    index = [{"mediaType": MANIFESTS[0], "size": 9, "digest": digest("d"), "platform": at}]
    image(fake_ctr, INDEXES[0], a={"manifests": index}, d=manifest("1"), **{"1": config(["serve"])})
    scope = Session(SharedOptions(namespace="kukeon-main", host="web3")).realm().scope
    assert program_of(scope, REF, ["x"]) == ["serve", "x"]


def test_a_program_is_not_guessed_where_the_platform_is_not_known(far_host: FarHost) -> None:
    far_host.program("uname", "exit 1")
    scope = Session(SharedOptions(namespace="kukeon-main", host="web3")).realm().scope
    with pytest.raises(KukeCtrError, match="on web3 does not name its architecture"):
        program_of(scope, REF, ["x"])


@pytest.mark.parametrize("missing", ["a", "c"])
def test_what_is_not_here_is_left_to_ctr(fake_ctr: FakeCtr, missing: str) -> None:
    image(fake_ctr, MANIFESTS[0], a=manifest("c"), c=config(["serve"]))
    said = "ctr: content not found\n"
    fake_ctr.answer(*N, "content", "get", digest(missing), stderr=said, exit_code=1)
    assert found(["x"]) == ["x"]


def test_an_index_of_itself_ends(fake_ctr: FakeCtr) -> None:
    image(fake_ctr, INDEXES[0], a={"manifests": [{"mediaType": INDEXES[0], "digest": digest("a")}]})
    assert found(["x"]) == ["x"]
    assert len(fake_ctr.calls) < 10


@given(st.text())
def test_an_entrypoint_is_one_word(word: str) -> None:
    scope = None
    assert program_of(scope, REF, ["x"], f"p{word}") == [f"p{word}", "x"]  # type: ignore[arg-type]
