"""An image by its digest."""

import pytest

from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import UsageError
from kuke_ctr.parse.image_patterns import repository
from kuke_ctr.recipes.image_names import SeveralNames, as_filters, whole_ref, whole_refs
from kuke_ctr.session import Session
from kuke_ctr.shared_options import SharedOptions
from tests.support.fake_ctr import FakeCtr
from tests.support.storage_host import MAIN, images

A, B = f"sha256:abcd{'1' * 60}", f"sha256:abcd{'2' * 60}"
TAG, BARE, WITH_DIGEST = "r.example/a:1", A, f"r.example/a@{A}"


def host(fake: FakeCtr, *rows: tuple[str, str], text: str = "") -> Scope:
    """A namespace with these images, which the filters for `text` match."""
    names = "".join(f"{ref}\n" for ref, _ in rows)
    fake.answer(*MAIN, "images", "ls", "-q", stdout=names)
    name, _, digest = text.rpartition("@")
    front = digest if ":" in digest else f"sha256:{digest}"
    filters = [f'target.digest~="^{front}"', *([] if name else [f'name~="^{front}"'])]
    fake.answer(*MAIN, "images", "ls", *filters, stdout=images(*rows))
    fake.answer(*MAIN, "images", "ls", "-q", *filters, stdout=names)
    return Scope(Session(SharedOptions(), note).ctr, "kukeon-main")


@pytest.mark.parametrize("text", ["abcd", "abcd11111111", A, A[:19], f"r.example/a@{A}"])
def test_a_digest_and_its_front_mean_the_image(fake_ctr: FakeCtr, text: str) -> None:
    assert whole_ref(host(fake_ctr, (TAG, A), text=text), text) == TAG


def test_a_name_that_exists_means_itself(fake_ctr: FakeCtr) -> None:
    for name in ("abcd", WITH_DIGEST, A):
        scope = host(fake_ctr, (TAG, A), (name, B))
        assert whole_ref(scope, name, one_name=True) == name


def test_other_texts_cost_no_call(fake_ctr: FakeCtr) -> None:
    texts = [TAG, "busybox", "docker.io/library/busybox:1.36", "abc", "r.example:5000/cafe"]
    assert whole_refs(host(fake_ctr, (TAG, A)), texts) == texts
    assert fake_ctr.calls == []


def test_what_means_nothing_comes_back(fake_ctr: FakeCtr) -> None:
    scope = host(fake_ctr, text="ffff")
    assert whole_ref(scope, "ffff") == "ffff"
    # the digest is there, under the name of another repository
    other = f"r.example/other@{A}"
    assert whole_ref(host(fake_ctr, (TAG, A), text=other), other) == other


def test_of_several_names_a_tag_is_taken_where_any_will_do(fake_ctr: FakeCtr) -> None:
    scope = host(fake_ctr, (BARE, A), (WITH_DIGEST, A), (TAG, A), text="abcd1")
    assert whole_ref(scope, "abcd1") == TAG
    with pytest.raises(SeveralNames) as raised:
        whole_ref(scope, "abcd1", one_name=True)
    assert set(raised.value.names) == {BARE, WITH_DIGEST, TAG}
    assert raised.value.exit_code == 2


def test_several_images_are_named(fake_ctr: FakeCtr) -> None:
    scope = host(fake_ctr, (TAG, A), ("r.example/b:1", B), text="abcd")
    with pytest.raises(UsageError) as raised:
        whole_ref(scope, "abcd")
    assert raised.value.hint is not None
    for word in (A[:19], TAG, B[:19], "r.example/b:1"):
        assert word in raised.value.hint


@pytest.mark.parametrize(
    ("word", "filters"),
    [
        ("abcd1111", ["name==abcd1111", 'target.digest~="^sha256:abcd1111"']),
        (WITH_DIGEST, [f"name=={WITH_DIGEST}", f'target.digest~="^{A}"']),
        (TAG, [TAG]),
        ("name~=busybox", ["name~=busybox"]),
        ("labels.a/b", ["labels.a/b"]),
        ("busybox", ["busybox"]),
    ],
)
def test_a_digest_may_stand_for_a_filter(word: str, filters: list[str]) -> None:
    assert as_filters([word]) == filters


@pytest.mark.parametrize("ref", ["r:5000/a/b:1", f"r:5000/a/b@{A}", f"r:5000/a/b:1@{A}"])
def test_a_repository_has_neither_tag_nor_digest(ref: str) -> None:
    assert repository(ref) == "r:5000/a/b"
