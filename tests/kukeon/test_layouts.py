"""Which namespace a realm without one would get, and what shows it."""

import json
from pathlib import Path

import pytest

from kuke_ctr.kukeon.layouts import likeliest
from kuke_ctr.kukeon.realms import resolve
from kuke_ctr.kukeon.settings import Settings

NEWER = "fresh.kukeon.io"
OLDER = "kukeon-fresh"


def make(run_path: Path, daemon_file: Path | None = None) -> Settings:
    return Settings(
        run_path,
        "default",
        None,
        None,
        ("ctr",),
        "kukeon.io",
        "a test",
        daemon_file=daemon_file,
    )


def record(path: Path, kind: str = "Realm") -> None:
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"kind": kind, "metadata": {"name": "x"}}))


def guess(settings: Settings, *existing: str) -> str:
    return likeliest("fresh", "kukeon.io", settings, existing)[0]


def test_the_guess_is_the_first_layout_where_nothing_shows_a_newer_kukeon(tmp_path: Path) -> None:
    assert likeliest("fresh", "kukeon.io", make(tmp_path), None) == (
        OLDER,
        "nothing shows a newer Kukeon",
    )
    record(tmp_path / "main/metadata.json")
    assert guess(make(tmp_path), "kukeon-main", "main", "moby", "kukeon.io") == OLDER


def test_the_files_of_newer_kukeon_show_it(tmp_path: Path) -> None:
    daemon = tmp_path / "kukeond.yaml"
    daemon.write_text("not even read")
    assert guess(make(tmp_path, daemon)) == NEWER
    (tmp_path / ".kukeon-instance.json").write_text("{}")
    assert likeliest("fresh", "my.org", make(tmp_path), None) == (
        "fresh.my.org",
        f"{tmp_path}/.kukeon-instance.json shows a newer Kukeon",
    )


@pytest.mark.parametrize("name", ["kuke-system", "kukeon-system"])
def test_the_system_realm_is_kuke_system_there(tmp_path: Path, name: str) -> None:
    (tmp_path / ".kukeon-instance.json").write_text("{}")
    assert likeliest(name, "my.org", make(tmp_path), None)[0] == "kuke-system.my.org"


def test_a_record_in_the_new_layout_shows_it(tmp_path: Path) -> None:
    record(tmp_path / "data/main/metadata.json")
    assert guess(make(tmp_path)) == NEWER


def test_a_space_of_an_old_realm_called_data_does_not(tmp_path: Path) -> None:
    record(tmp_path / "data/default/metadata.json", "Space")
    assert guess(make(tmp_path)) == OLDER


def test_another_realms_namespace_of_that_form_shows_it(tmp_path: Path) -> None:
    assert guess(make(tmp_path), "main.kukeon.io") == NEWER


@pytest.mark.parametrize(
    "namespace", ["kuke-system.kukeon.io", "main.kukeon.io_history", "main.other.io"]
)
def test_what_kukeon_0_1_made_too_or_another_program_does_not(
    tmp_path: Path, namespace: str
) -> None:
    assert guess(make(tmp_path), namespace) == OLDER


def test_the_explanation_says_what_shows_it(tmp_path: Path) -> None:
    resolution = resolve("fresh", make(tmp_path), existing=lambda: frozenset({"a.kukeon.io"}))
    assert (resolution.namespace, resolution.guessed) == (NEWER, True)
    assert resolution.rules[-1].found == (
        "containerd has none of kukeon-fresh, fresh.kukeon.io (suffix kukeon.io: a test); "
        "namespace a.kukeon.io shows a newer Kukeon"
    )
