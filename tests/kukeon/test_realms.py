"""A test for each rule of resolution, and for each file that can't be right."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuke_ctr.errors import Forbidden, UsageError
from kuke_ctr.kukeon.missing import hint_for_missing
from kuke_ctr.kukeon.realm_list import list_realms
from kuke_ctr.kukeon.realms import resolve
from kuke_ctr.kukeon.settings import Settings
from kuke_ctr.names import check_name
from kuke_ctr.records import RealmSource


def make(run_path: Path, *, suffix: str = "kukeon.io", **realms: str) -> Settings:
    return Settings(run_path, "default", None, None, ("ctr",), suffix, "a test", realms)


def record(run_path: Path, where: str, namespace: object, *, name: str | None = None) -> None:
    path = run_path / where
    path.parent.mkdir(parents=True, exist_ok=True)
    spec = {} if namespace is None else {"namespace": namespace}
    path.write_text(json.dumps({"kind": "Realm", "metadata": {"name": name}, "spec": spec}))


def never() -> frozenset[str]:
    raise AssertionError("containerd need not be asked")


def found(settings: Settings, name: str, *existing: str) -> tuple[str, RealmSource]:
    resolution = resolve(name, settings, existing=lambda: frozenset(existing))
    return resolution.namespace, resolution.source


def test_a_namespace_flag_is_taken_as_given(tmp_path: Path) -> None:
    record(tmp_path, "data/main/metadata.json", "other")
    resolution = resolve("main", make(tmp_path), existing=never, namespace="k8s.io")
    assert (resolution.namespace, resolution.source) == ("k8s.io", RealmSource.FLAG)


@pytest.mark.parametrize(
    "layout", ["data/main/metadata.json", "main/realm.yaml", "main/metadata.json"]
)
def test_a_record_is_found_in_every_layout(tmp_path: Path, layout: str) -> None:
    record(tmp_path, layout, "team-a")
    resolution = resolve("main", make(tmp_path, main="other"), existing=never)
    assert (resolution.namespace, resolution.source) == ("team-a", RealmSource.RECORD)


def test_the_newest_layout_wins(tmp_path: Path) -> None:
    record(tmp_path, "main/metadata.json", "old")
    record(tmp_path, "main/realm.yaml", "documented")
    record(tmp_path, "data/main/metadata.json", "new")
    assert found(make(tmp_path), "main") == ("new", RealmSource.RECORD)


@pytest.mark.parametrize("asked", ["kukeon-system", "kuke-system"])
@pytest.mark.parametrize("stored", ["kukeon-system", "kuke-system"])
def test_either_name_finds_the_system_realm(tmp_path: Path, asked: str, stored: str) -> None:
    record(tmp_path, f"data/{stored}/metadata.json", "sys")
    assert found(make(tmp_path), asked) == ("sys", RealmSource.RECORD)


def test_a_record_without_a_namespace_leaves_it_to_the_next_rule(tmp_path: Path) -> None:
    record(tmp_path, "data/main/metadata.json", None)
    assert found(make(tmp_path, main="mine"), "main") == ("mine", RealmSource.SETTINGS)


@pytest.mark.parametrize(
    ("name", "existing", "namespace"),
    [
        ("main", ("kukeon-main", "main.kukeon.io"), "kukeon-main"),
        ("main", ("main.kukeon.io",), "main.kukeon.io"),
        ("default", ("kukeon.io",), "kukeon.io"),
        ("default", ("default.kukeon.io", "kukeon.io"), "default.kukeon.io"),
        ("kuke-system", ("kuke-system.kukeon.io",), "kuke-system.kukeon.io"),
        ("kukeon-system", ("kukeon-system", "kuke-system.kukeon.io"), "kukeon-system"),
        ("main", (), "kukeon-main"),
        ("moby", ("moby",), "kukeon-moby"),
    ],
)
def test_the_first_layout_that_containerd_has_is_taken(
    tmp_path: Path, name: str, existing: tuple[str, ...], namespace: str
) -> None:
    resolution = resolve(name, make(tmp_path), existing=lambda: frozenset(existing))
    assert (resolution.namespace, resolution.source) == (namespace, RealmSource.LAYOUT)
    assert resolution.exists is (namespace in existing)
    assert resolution.guessed is (namespace not in existing)


def test_two_layouts_at_once_are_a_warning_that_names_the_other(tmp_path: Path) -> None:
    both = frozenset({"kukeon-main", "main.kukeon.io"})
    (warning,) = resolve("main", make(tmp_path), existing=lambda: both).warnings
    assert "main.kukeon.io" in warning


def test_the_suffix_of_the_run_path_wins(tmp_path: Path) -> None:
    (tmp_path / ".kukeon-instance.json").write_text('{"containerdNamespaceSuffix": "my.org"}')
    settings = make(tmp_path, suffix="other.org")
    assert found(settings, "main", "main.my.org")[0] == "main.my.org"
    assert found(settings, "kuke-system", "kuke-system.my.org")[0] == "kuke-system.my.org"


def test_a_bare_namespace_is_a_hint_and_never_taken(tmp_path: Path) -> None:
    names = frozenset({"mytenant", "moby"})
    resolution = resolve("mytenant", make(tmp_path), existing=lambda: names)
    assert resolution.namespace == "kukeon-mytenant"
    hint = hint_for_missing(resolution, make(tmp_path), names, "`kuke-ctr realms ls`")
    assert hint.startswith("if you mean the namespace `mytenant`: --namespace mytenant; ")


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("mian", "did you mean --realm main? existing realms: main, team (LS)"),
        ("Main", "did you mean --realm main? existing realms: main, team (LS)"),
        ("kukeon-main", "did you mean --realm main? existing realms: main, team (LS)"),
        (
            "moby",
            "if you mean the namespace `moby`: --namespace moby; existing realms: main, team (LS)",
        ),
        ("xyz", "existing realms: main, team (LS)"),
    ],
)
def test_where_a_realm_is_not_there_realms_are_suggested(
    tmp_path: Path, typed: str, hint: str
) -> None:
    names = frozenset({"kukeon-main", "team.kukeon.io", "moby"})
    resolution = resolve(typed, make(tmp_path), existing=lambda: names)
    assert hint_for_missing(resolution, make(tmp_path), names, "LS") == hint


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("kukeon-mian", "did you mean --namespace kukeon-main? existing namespaces: kukeon-main"),
        ("main", "did you mean --realm main? existing namespaces: kukeon-main"),
    ],
)
def test_where_a_namespace_is_not_there_the_nearest_is_suggested(
    tmp_path: Path, typed: str, hint: str
) -> None:
    names = frozenset({"kukeon-main", "moby"})
    resolution = resolve(None, make(tmp_path), existing=lambda: names, namespace=typed)
    assert hint_for_missing(resolution, make(tmp_path), names, "LS").startswith(hint)


def test_without_containerd_the_namespace_is_a_guess_nobody_checked(tmp_path: Path) -> None:
    resolution = resolve("main", make(tmp_path), existing=lambda: None)
    assert (resolution.exists, resolution.guessed) == (None, True)


def test_the_explanation_lists_every_rule(tmp_path: Path) -> None:
    resolution = resolve("main", make(tmp_path), existing=lambda: frozenset({"kukeon-main"}))
    assert [(rule.rule, rule.won) for rule in resolution.rules] == [
        ("--namespace", False),
        ("manifest", False),
        ("record", False),
        ("settings", False),
        ("layout", True),
    ]
    record(tmp_path, "data/main/metadata.json", "x")
    rules = resolve("main", make(tmp_path), existing=never).rules
    assert [rule.found for rule in rules[3:]] == ["not needed", "not needed"]
    assert [rule.won for rule in rules] == [False, False, True, False, False]


@pytest.mark.parametrize("namespace", [12, ["a"], True, {"a": 1}])
def test_a_record_whose_namespace_is_no_text_is_no_reason_to_guess(
    tmp_path: Path, namespace: object
) -> None:
    record(tmp_path, "data/main/metadata.json", namespace)
    with pytest.raises(UsageError, match=r"metadata\.json: spec\.namespace must be text"):
        resolve("main", make(tmp_path), existing=never)


def test_the_record_of_another_realm_is_told_and_stops_a_change(tmp_path: Path) -> None:
    record(tmp_path, "data/copy/metadata.json", "kukeon-main", name="main")
    resolution = resolve("copy", make(tmp_path), existing=never)
    assert resolution.namespace == "kukeon-main"
    assert "is the record of realm main, not of copy" in resolution.warnings[0]
    with pytest.raises(UsageError, match="not of copy"):
        resolve("copy", make(tmp_path), existing=never, changing=True)


def test_a_record_under_the_other_name_of_the_system_realm_is_its_own(tmp_path: Path) -> None:
    record(tmp_path, "data/kuke-system/metadata.json", "sys", name="kuke-system")
    assert resolve("kukeon-system", make(tmp_path), existing=never, changing=True).warnings == ()


def test_the_list_goes_on_without_what_cannot_be_right(tmp_path: Path) -> None:
    record(tmp_path, "data/main/metadata.json", 12)
    record(tmp_path, "data/team/metadata.json", "team-a")
    (tmp_path / ".kukeon-instance.json").write_text("[")
    existing = frozenset({"kukeon-main", "team-a", "kukeon-kuke-system", "x.kukeon.io"})
    found = list_realms(make(tmp_path), existing, show_all=False)
    assert {realm.name: realm.source.value for realm in found.realms} == {
        "main": "containerd",
        "team": "record",
        "x": "containerd",
    }
    assert len(found.warnings) == 2


def test_two_layouts_of_a_realm_are_a_warning_in_the_list_too(tmp_path: Path) -> None:
    both = frozenset({"kukeon-main", "main.kukeon.io"})
    found = list_realms(make(tmp_path), both, show_all=False)
    assert [realm.namespace for realm in found.realms] == ["kukeon-main"]
    assert "main.kukeon.io" in found.warnings[0]


MANIFEST = """
kind: Space
metadata: {name: main}
---
kind: Realm
metadata: {name: main}
spec: {namespace: team-m}
---
kind: Realm
metadata: {name: bare}
"""


def test_a_manifest_gives_the_namespace_of_its_realm(tmp_path: Path) -> None:
    path = tmp_path / "realms.yaml"
    path.write_text(MANIFEST)
    resolution = resolve("main", make(tmp_path), existing=never, manifest=path)
    assert (resolution.namespace, resolution.source) == ("team-m", RealmSource.MANIFEST)


def test_a_manifest_without_a_namespace_leaves_it_to_the_layouts(tmp_path: Path) -> None:
    path = tmp_path / "realms.yaml"
    path.write_text(MANIFEST)
    record(tmp_path, "bare/metadata.json", "not-this")
    resolution = resolve("bare", make(tmp_path), existing=frozenset, manifest=path)
    assert (resolution.namespace, resolution.source) == ("kukeon-bare", RealmSource.LAYOUT)


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(100_000_000)


@pytest.mark.parametrize(
    ("make_file", "said"),
    [
        (lambda path: path.write_text("a: [b"), "neither YAML nor JSON"),
        (lambda path: path.write_text("kind: Realm\nmetadata: {name: x}"), "no realm main"),
        (lambda path: path.write_text(MANIFEST + "---" + MANIFEST), "2 realms with the name main"),
        (lambda path: path.mkdir(), "is a directory"),
        (_sparse, "100 MB"),
        (os.mkfifo, "not a regular file"),
        (lambda path: None, "does not exist"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "not a text file"),
    ],
)
def test_a_manifest_that_cannot_be_right_is_one_sentence(
    tmp_path: Path, make_file: object, said: str
) -> None:
    path = tmp_path / "manifest.yaml"
    assert callable(make_file)
    make_file(path)
    with pytest.raises(UsageError, match=said):
        resolve("main", make(tmp_path), existing=never, manifest=path)


def test_a_broken_record_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "data/main/metadata.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"spec": ')
    with pytest.raises(UsageError, match=r"metadata\.json is neither"):
        resolve("main", make(tmp_path), existing=never)


def test_an_unreadable_record_is_a_warning_and_stops_a_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: object, *_: object) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("kuke_ctr.kukeon.files.read_regular", refuse)
    settings = make(tmp_path)
    resolution = resolve("main", settings, existing=lambda: frozenset({"kukeon-main"}))
    assert resolution.namespace == "kukeon-main"
    assert any("permission denied" in warning for warning in resolution.warnings)
    with pytest.raises(Forbidden):
        resolve("main", settings, existing=never, changing=True)


@pytest.mark.parametrize(
    "name", ["../etc", "", "a" * 77, "a/b", "a\n", "-a", "a-", "a..b", "ä", "a b", "."]
)
def test_a_name_that_does_not_fit_is_refused_before_anything(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        resolve(name, make(tmp_path), existing=never)


def test_a_namespace_in_a_record_is_checked_like_a_typed_one(tmp_path: Path) -> None:
    record(tmp_path, "data/main/metadata.json", "../../x")
    with pytest.raises(UsageError, match="not a valid namespace name"):
        resolve("main", make(tmp_path), existing=never)


@given(st.text(max_size=80))
def test_every_name_is_refused_or_stays_one_path_component(name: str) -> None:
    try:
        checked = check_name(name, "realm")
    except UsageError:
        return
    assert Path("/run") / checked == Path(f"/run/{name}")
    assert Path(checked).name == checked


def test_the_list_has_each_realm_once_and_foreign_namespaces_on_demand(tmp_path: Path) -> None:
    record(tmp_path, "data/main/metadata.json", "kukeon-main")
    record(tmp_path, "data/team/metadata.json", "team-a")
    (tmp_path / "data/x.lock").write_text("")
    existing = frozenset(
        {"kukeon-main", "moby", "default", "a.kukeon.io", "kukeon-main_history", "kukeon.io"}
    )
    settings = make(tmp_path, mine="team-b")
    shown = {
        realm.name: (realm.namespace, realm.source.value, realm.exists)
        for realm in list_realms(settings, existing, show_all=False).realms
    }
    assert shown == {
        "a": ("a.kukeon.io", "containerd", True),
        "default": ("kukeon.io", "containerd", True),
        "main": ("kukeon-main", "record", True),
        "mine": ("team-b", "settings", False),
        "team": ("team-a", "record", False),
    }
    everything = {realm.name for realm in list_realms(settings, existing, show_all=True).realms}
    assert everything - set(shown) == {"moby", "kukeon-main_history"}
    assert len(list_realms(settings, existing, show_all=True).realms) == 8
