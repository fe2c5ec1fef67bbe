"""Names that Kukeon does not look for: what is said of them, and where nothing is."""

import shlex
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.commands.images.kukeons_names import note_unfound
from kuke_ctr.records import Image
from kuke_ctr.session import Session
from kuke_ctr.shared_options import SharedOptions
from tests.support.fake_ctr import FakeCtr
from tests.support.images_host import Capture, digest_of, images, on
from tests.support.kukeon_host import write_record

A = "example.com/a:1"
IN_MAIN = ("-r", "main")


def image(ref: str, digest: str) -> Image:
    return Image(
        ref=ref,
        media_type="application/x",
        digest=digest,
        size="1.0 MiB",
        size_bytes=1 << 20,
        size_approximate=True,
        platforms=(),
        labels={},
        labels_text="-",
    )


def notes(
    capsys: Capture, options: SharedOptions, *landed: Image, named: dict[str, str] | None = None
) -> list[str]:
    note_unfound(Session(options).realm(), landed, named or {})
    return capsys.readouterr().err.splitlines()


def pasted(note: str) -> list[str]:
    """The words of the line in a note, without the namespace that it names."""
    words = shlex.split(note.split("`")[1])
    at = words.index("--namespace")
    assert words.pop(at + 1) == "kukeon-main"
    del words[at]
    return words


def test_an_image_that_kukeon_cannot_find_gets_the_line_that_helps(
    images_host: FakeCtr, capsys: Capture
) -> None:
    del images_host
    (note,) = notes(capsys, SharedOptions(realm="main"), image("app:2", "x"), image(A, "x"))
    assert note.startswith(
        "note: Kukeon looks for app:2 under the name docker.io/library/app:2. To give the image "
    )
    assert pasted(note) == ["kuke-ctr", "images", "tag", "app:2", "docker.io/library/app:2"]


def test_one_that_has_the_other_name_too_is_found(images_host: FakeCtr, capsys: Capture) -> None:
    del images_host
    options, whole = SharedOptions(realm="main"), "docker.io/library/app:2"
    assert notes(capsys, options, image("app:2", "x"), named={whole: "x"}) == []
    (note,) = notes(capsys, options, image("app:2", "x"), named={whole: "another"})
    assert "docker.io/library/app:2, which is another image." in note
    assert "--force" in pasted(note)


def test_many_are_not_all_named(images_host: FakeCtr, capsys: Capture) -> None:
    del images_host
    many = [image(f"app:{i}", "x") for i in range(8)]
    said = notes(capsys, SharedOptions(realm="main"), *many)
    assert len(said) == 6
    assert "3 more" in said[-1]


@pytest.mark.parametrize(
    ("namespace", "count"), [("kukeon-main", 1), ("moby", 0), ("default", 0), ("elsewhere", 0)]
)
def test_only_a_namespace_of_a_realm_is_kukeons(
    namespace: str,
    count: int,
    images_host: FakeCtr,
    capsys: Capture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    del images_host
    monkeypatch.setenv("KUKEON_RUN_PATH", str(tmp_path))
    write_record(tmp_path / "data/main/metadata.json", "main", "kukeon-main")
    options = SharedOptions(namespace=namespace)
    assert len(notes(capsys, options, image("app:2", "x"))) == count


def test_a_new_tag_is_told_the_same(images_host: FakeCtr, capsys: Capture) -> None:
    on(images_host, "tag", A, "app:2")
    assert main(["images", "tag", A, "app:2", *IN_MAIN]) == 0
    (note,) = capsys.readouterr().err.splitlines()
    assert pasted(note)[-2:] == [A, "docker.io/library/app:2"]


def test_a_tag_beside_the_whole_name_is_told_nothing(images_host: FakeCtr, capsys: Capture) -> None:
    both = ("app:2", "docker.io/library/app:2")
    for name in both:
        on(images_host, "tag", A, name)
    assert main(["images", "tag", A, *both, *IN_MAIN]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("digest", "told"), [(digest_of(A), False), (digest_of("x/b"), True)])
def test_the_whole_name_may_be_that_of_another_image(
    digest: str, told: bool, images_host: FakeCtr, capsys: Capture
) -> None:
    whole = "docker.io/library/app:2"
    ns = ("-n", "kukeon-main", "images", "ls")
    images_host.answer(*ns, "-q", stdout=f"{A}\n{whole}\n")
    for ref, its in ((A, digest_of(A)), (whole, digest)):
        images_host.answer(*ns, f'name=="{ref}"', stdout=images((ref, its)))
        images_host.answer(*ns, f"name=={ref}", stdout=images((ref, its)))
    on(images_host, "tag", A, "app:2")
    assert main(["images", "tag", A, "app:2", *IN_MAIN]) == 0
    err = capsys.readouterr().err
    assert ("which is another image" in err) is told
    assert bool(err) is told


def test_a_converted_image_is_told_its_own_name(images_host: FakeCtr, capsys: Capture) -> None:
    assert main(["images", "convert", A, "new:1", *IN_MAIN, "--dry-run"]) == 0
    (note,) = [
        line for line in capsys.readouterr().err.splitlines() if line.startswith("note: Kukeon")
    ]
    assert pasted(note)[-2:] == ["new:1", "docker.io/library/new:1"]
    assert not [call for call in images_host.calls if "convert" in call]
