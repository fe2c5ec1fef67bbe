"""What to do about an image that a namespace lacks."""

from dataclasses import replace

import pytest

from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.recipes.missing_image import instead
from kuke_ctr.session import Session, SharedOptions
from tests.support.fake_ctr import FakeCtr


@pytest.mark.parametrize(
    ("here", "there", "said"),
    [
        (
            ["docker.io/library/busybox:latest"],
            [],
            "use the full name docker.io/library/busybox",
        ),
        (
            [],
            ["docker.io/library/busybox:latest"],
            "other has docker.io/library/busybox:latest; to copy it: ",
        ),
        ([], ["busybox"], "namespace other has it; to copy it: "),
        (
            ["x.io/a:1"],
            [],
            "NEAR; to fetch it: `kuke-ctr images pull docker.io/library/busybox:",
        ),
    ],
)
def test_an_image_with_a_short_name_is_looked_for_by_its_whole_one(
    fake_ctr: FakeCtr, here: list[str], there: list[str], said: str
) -> None:
    fake_ctr.answer("namespaces", "ls", "-q", stdout="main\nother\n")
    for namespace, names in (("main", here), ("other", there)):
        listed = "".join(f"{name}\n" for name in names)
        fake_ctr.answer("-n", namespace, "images", "ls", "-q", stdout=listed)
    scope = Scope(Session(SharedOptions()).ctr, "main")
    assert said in instead(scope, "busybox", here, "NEAR", needed=True)


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
    scope = Scope(Session(SharedOptions()).ctr, "main")
    here = ["docker.io/library/busybox:1.36"]
    assert instead(scope, image, here, "NEAR", needed=False).startswith(said)


def test_both_lines_that_copy_an_image_name_the_host_as_it_was_typed(fake_ctr: FakeCtr) -> None:
    fake_ctr.answer("namespaces", "ls", "-q", stdout="main\nother\n")
    for namespace, listed in (("main", ""), ("other", "x.io/a:1\n")):
        fake_ctr.answer("-n", namespace, "images", "ls", "-q", stdout=listed)
    ctr = replace(Session(SharedOptions()).ctr, typed=("--address", "/x.sock"))
    hint = instead(Scope(ctr, "main"), "x.io/a:1", [], "NEAR", needed=True)
    assert "export FILE x.io/a:1 --namespace other --address /x.sock`" in hint
    assert "import FILE --namespace main --address /x.sock`" in hint
