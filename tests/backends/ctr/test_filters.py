"""Filters that compare nothing, and those that nothing matches."""

import shlex

import pytest

from kuke_ctr.backends.ctr.filters import (
    CONTAINERS,
    EVENTS,
    IMAGES,
    PLUGINS,
    Fields,
    check,
    equal,
    equal_label,
    hint_for,
    hint_for_unparsed,
)
from kuke_ctr.cli.main import main
from kuke_ctr.errors import UsageError
from tests.support.fake_ctr import FakeCtr

NS = ("-n", "kukeon-main")
HERE = ("--namespace", "kukeon-main")
SAID = 'filters: parse error: [a >|:|< b]: expected an operator ("=="|"!="|"~="): invalid argument'
HEADERS = {
    ("images", "ls"): "REF TYPE DIGEST SIZE PLATFORMS LABELS \n",
    ("containers", "ls"): "CONTAINER    IMAGE    RUNTIME    \n",
    ("content", "ls"): "DIGEST\tSIZE\tAGE\tLABELS\t\n",
    ("content", "active"): "REF\tSIZE\tAGE\t\n",
    ("leases", "ls"): "ID CREATED AT LABELS \n",
    ("plugins", "ls"): "TYPE ID PLATFORMS STATUS \n",
    ("images", "check"): "",
}
FIELDS = {"images": "name", "content": "digest"}

Capture = pytest.CaptureFixture[str]


def scope(noun: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words before a call, and the options of the command line."""
    return ((), ()) if noun == "plugins" else (NS, HERE)


@pytest.fixture
def host(fake_ctr: FakeCtr) -> FakeCtr:
    """An empty namespace."""
    fake_ctr.answer("namespaces", "ls", "-q", stdout="kukeon-main\n")
    return fake_ctr


@pytest.mark.parametrize("form", ["table", "raw"])
@pytest.mark.parametrize(("noun", "verb"), HEADERS)
def test_a_plain_word_is_refused_with_the_comparison(
    host: FakeCtr, capsys: Capture, noun: str, verb: str, form: str
) -> None:
    _, options = scope(noun)
    assert main([noun, verb, "busybox", "-o", form, *options]) == 2
    field = "ref" if verb == "active" else FIELDS.get(noun, "id")
    assert (
        f"hint: a filter is a comparison: {field}==busybox for the whole value, {field}~=busybox"
        in (capsys.readouterr().err)
    )
    assert [call for call in host.calls if noun in call] == []


@pytest.mark.parametrize("form", ["table", "raw"])
@pytest.mark.parametrize(("noun", "verb"), HEADERS)
def test_where_ctr_cannot_read_a_plain_word_the_comparison_is_told(
    host: FakeCtr, capsys: Capture, noun: str, verb: str, form: str
) -> None:
    before, options = scope(noun)
    for words in ((verb, "a:b"), (verb, "-q", "a:b"), ("ls", "-q", "a:b")):
        host.answer(*before, noun, *words, stderr=f"ctr: {SAID}\n", exit_code=1)
    assert main([noun, verb, "a:b", "-o", form, *options]) == 1
    assert "==a:b for the whole value, " in capsys.readouterr().err


def test_a_filter_that_compares_gets_no_such_hint(host: FakeCtr, capsys: Capture) -> None:
    host.answer(*NS, "images", "ls", "name==a", stdout=HEADERS["images", "ls"])
    host.answer(*NS, "images", "ls", "-q", "name==a")
    assert main(["images", "ls", "name==a", *HERE]) == 0
    assert capsys.readouterr().err == "nothing in namespace kukeon-main matches name==a\n"


def test_what_a_plain_word_may_mean_can_be_pasted() -> None:
    assert hint_for(IMAGES, ["name==x", "labels.a", "--filters", "name~=x"]) is None
    assert hint_for(None, ["word"]) is None
    hint = hint_for(IMAGES, ["name==x", 'a"b'])
    assert hint is not None
    assert '\'name=="a\\"b"\' for the whole value, name~=REGEXP ' in hint
    assert equal("name", "a\nb") == r'name=="a\nb"'
    assert equal_label("a/b.c", "d e") == 'labels."a/b.c"=="d e"'


@pytest.mark.parametrize(
    ("fields", "word", "hint"),
    [
        (IMAGES, "nope==x", "fields: name, target.digest, target.mediatype, labels.KEY"),
        (IMAGES, "nope!=x", "fields: name"),
        (IMAGES, "name==a,nope==x", "fields: name"),
        (IMAGES, "Name==x", "did you mean name==x?"),
        (IMAGES, "label.a==x", "did you mean labels.a==x?"),
        (IMAGES, "labels==x", "did you mean labels.KEY==x?"),
        (IMAGES, "digest~=ab", "did you mean 'target.digest~=ab'?"),
        (CONTAINERS, "name==web", "did you mean id==web?"),
        (CONTAINERS, "runtime==x", "did you mean runtime.name==x?"),
        (EVENTS, "labels.a==x", "fields: topic, namespace, event.KEY"),
        (IMAGES, "name~=(", """this very text: 'name~="\\\\("'"""),
        (IMAGES, "name~=[", """this very text: 'name~="\\\\["'"""),
        (IMAGES, "name~=*busy*", "this very text: 'name~=busy'"),
        (IMAGES, 'name~="a{2"', None),
        (IMAGES, "name~=/(/", "this very text: "),
        (IMAGES, "nope ~= a", "fields: "),
        (IMAGES, "name ~= a , labels.x", None),
        (IMAGES, "name~=a,b", """the form that works: 'name~="a,b"'"""),
        (IMAGES, "name~=(?=a)", "this very text: "),
        (IMAGES, "name~=\\pL[[:alpha:]]\\z(?P<a>x)", None),
        (IMAGES, "name", None),
        (IMAGES, 'labels."a/b"==x,name~=^docker', None),
        (IMAGES, "labels.io.kubernetes.pod.name", None),
        (EVENTS, "event.id==x", None),
        (PLUGINS, "type~=snapshotter,id==native", None),
        (IMAGES, "labels.a/b==x", None),  # containerd says that it can't parse it
    ],
)
def test_a_filter_that_compares_nothing_is_refused(
    fields: Fields, word: str, hint: str | None
) -> None:
    if hint is None:
        check(fields, [word])
        return
    with pytest.raises(UsageError) as caught:
        check(fields, [word])
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("word", "repaired"),
    [
        ("labels.a/b==x", """'labels."a/b"==x'"""),
        ("labels.a-b~=x y", """'labels."a-b"~="x y"'"""),
        ("labels.containerd.io/gc.root", None),
        ("name=x", "name==x"),
        ("name==", """'name==""'"""),
        ("name==a b", """'name=="a b"'"""),
        ("!name==x", "'name!=x'"),
        ('labels."a/b==x', """'labels."a/b"==x'"""),
        ("labels.'a/b'==x", """'labels."a/b"==x'"""),
        ("name~=a{2,3}", """'name~="a{2,3}"'"""),
    ],
)
def test_the_form_that_works_is_the_hint(word: str, repaired: str | None) -> None:
    hint = hint_for_unparsed(IMAGES, [word]) or ""
    assert hint.startswith(
        "a filter is FIELD==VALUE" if repaired is None else f"the form that works: {repaired}"
    )
    if repaired is not None:
        check(IMAGES, shlex.split(repaired))


@pytest.mark.parametrize("form", ["table", "json", "name", "raw"])
def test_a_check_of_images_that_there_are_not_is_3(
    host: FakeCtr, capsys: Capture, form: str
) -> None:
    host.answer(*NS, "images", "check", "name==busybxo")
    host.answer(*NS, "images", "ls", "-q", "name==busybxo")
    assert main(["images", "check", "name==busybxo", "-o", form, *HERE]) == 3
    out, err = capsys.readouterr()
    assert out == ("[]\n" if form == "json" else "")
    assert "no image of namespace kukeon-main matches name==busybxo" in err
    assert "`kuke-ctr images ls --namespace kukeon-main`" in err


def test_a_check_without_filters_of_an_empty_namespace_is_fine(
    host: FakeCtr, capsys: Capture
) -> None:
    host.answer(*NS, "images", "check")
    host.answer(*NS, "images", "ls", "-q")
    assert main(["images", "check", *HERE]) == 0
    assert capsys.readouterr().err == "namespace kukeon-main has no images\n"


def test_the_form_of_the_hint_has_a_field_that_there_is() -> None:
    said = hint_for_unparsed(CONTAINERS, ["name=web"]) or ""
    assert said.startswith("did you mean id==web? fields: id, ")
    assert (hint_for_unparsed(CONTAINERS, ["status=exited"]) or "").startswith("fields: id, ")
