"""What to do about an image that a namespace lacks."""

from pathlib import Path

import pytest

from kuke_ctr.recipes.missing_image import instead
from kuke_ctr.session import OpenRealm, Session
from kuke_ctr.shared_options import SharedOptions
from tests.support.fake_ctr import FakeCtr

LATEST = "docker.io/library/busybox:latest"


def realm(
    fake: FakeCtr, image: str, there: dict[str, list[str]], **options: str | None
) -> OpenRealm:
    """The realm main, and what the other namespaces answer when they are asked for the image."""
    whole = LATEST if image == "busybox" else image
    filters = [f"name=={name}" for name in dict.fromkeys((image, whole))]
    names = ["kukeon-main", *there]
    fake.answer("namespaces", "ls", "-q", stdout="".join(f"{name}\n" for name in names))
    for namespace, refs in there.items():
        listed = "".join(f"{ref}\n" for ref in refs)
        fake.answer("-n", namespace, "images", "ls", "-q", *filters, stdout=listed)
    return Session(SharedOptions(**{"realm": "main", **options})).realm()  # type: ignore[arg-type]


def hint(found: OpenRealm, image: str, here: list[str] | None = None, *, needed: bool) -> str:
    return instead(found.host, found.resolution, image, here or [], "NEAR", needed=needed)


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (
            {"default": [LATEST]},
            f"namespace default has {LATEST}; to copy it: "
            f"`kuke-ctr images copy {LATEST} --to main`",
        ),
        (
            {"kukeon-team": ["busybox"]},
            "realm team (namespace kukeon-team) has it; to copy it: "
            "`kuke-ctr images copy busybox --to main`",
        ),
        (
            {"kukeon-team": [LATEST], "default": [LATEST]},
            "realm team (namespace kukeon-team) and namespace default have ",
        ),
        ({"default": []}, "NEAR; to fetch it: `kuke-ctr images pull docker.io/library/busybox:"),
    ],
)
def test_the_hint_says_where_the_image_is_and_copies_it(
    fake_ctr: FakeCtr, there: dict[str, list[str]], said: str
) -> None:
    assert hint(realm(fake_ctr, "busybox", there), "busybox", needed=True).startswith(said)


@pytest.mark.parametrize("tag", ["", ":latest"])
def test_a_name_without_a_tag_is_answered_with_the_tags_of_the_realm(
    fake_ctr: FakeCtr, tag: str
) -> None:
    here = ["only/def:1", "docker.io/only/def:2", "only/define:3"]
    said = hint(realm(fake_ctr, f"only/def{tag}", {}), f"only/def{tag}", here, needed=True)
    tags = "only/def without a tag means docker.io/only/def:latest; the realm has: "
    tags += "only/def:1, docker.io/only/def:2"
    pull = "to fetch it: `kuke-ctr images pull docker.io/only/def:latest --namespace kukeon-main`"
    assert said == f"{'NEAR' if tag else tags}; {pull}"


def test_of_an_image_that_is_to_go_it_only_says_where_it_is(fake_ctr: FakeCtr) -> None:
    found = realm(fake_ctr, "busybox", {"default": ["busybox"]})
    said = instead(found.host, found.resolution, "busybox", [], "NEAR", needed=False, removing=True)
    assert said == "namespace default has it"


def test_a_full_name_that_is_here_is_the_answer_and_costs_no_look(fake_ctr: FakeCtr) -> None:
    found = realm(fake_ctr, "busybox", {"default": [LATEST]})
    assert "use the full name" in hint(found, "busybox", [LATEST], needed=True)
    assert not any("default" in call for call in fake_ctr.calls)


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("redis:3.2", "redis:3.2 is short for docker.io/library/redis:3.2; NEAR"),
        ("docker.io/redis", "docker.io/redis is short for docker.io/library/redis:latest; NEAR"),
        ("busybox:1.36", "use the full name docker.io/library/busybox:1.36"),
        ("registry.example/app:1", "NEAR"),
        ("2fee5164b8f6", "NEAR"),
        ("sha256:2fee5164b8f6", "NEAR"),
    ],
)
def test_what_is_only_looked_at_is_not_fetched(fake_ctr: FakeCtr, image: str, said: str) -> None:
    found = realm(fake_ctr, image, {})
    assert hint(found, image, ["docker.io/library/busybox:1.36"], needed=False).startswith(said)


def test_the_line_names_host_and_namespace_as_they_were_typed(
    fake_ctr: FakeCtr, tmp_path: Path
) -> None:
    typed = {"realm": None, "namespace": "kukeon-main", "run_path": str(tmp_path)}
    found = realm(fake_ctr, "x.io/a:1", {"default": ["x.io/a:1"]}, **typed)
    line = f"`kuke-ctr images copy x.io/a:1 --to-namespace kukeon-main --run-path {tmp_path}`"
    assert line in hint(found, "x.io/a:1", needed=False)


def test_a_namespace_that_does_not_answer_hides_no_error(fake_ctr: FakeCtr) -> None:
    found = realm(fake_ctr, "x.io/a:1", {"default": []})
    words = ("-n", "default", "images", "ls", "-q", "name==x.io/a:1")
    fake_ctr.answer(*words, stderr="ctr: broken\n", exit_code=1)
    assert hint(found, "x.io/a:1", needed=False) == "NEAR"
