"""kuke-ctr's own settings files: which one decides a value, and which root does not use."""

import os
from pathlib import Path

import pytest

from kuke_ctr.errors import Forbidden, UsageError
from kuke_ctr.kukeon.own_settings import own_settings
from kuke_ctr.kukeon.settings import Flags, load


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path, dict[str, str]]:
    """The user's file and that of the host, and the environment that leads to the first."""
    system = tmp_path / "etc/config.yaml"
    user = tmp_path / "home/.config/kuke-ctr/config.yaml"
    for path in (system, user):
        path.parent.mkdir(parents=True)
    monkeypatch.setattr("kuke_ctr.kukeon.own_settings.SYSTEM_SETTINGS", system)
    return user, system, {"HOME": str(tmp_path / "home")}


def test_each_value_comes_from_the_nearest_file_that_has_it(
    places: tuple[Path, Path, dict[str, str]],
) -> None:
    user, system, environ = places
    system.write_text(
        "realm: far\nctr: k3s ctr\nrealms: {a: {namespace: sys-a}, b: {namespace: sys-b}}"
    )
    user.write_text("realm: near\nrealms: {a: {namespace: my-a}}\n")
    own = own_settings(environ, [])
    assert (own.values.realm, own.values.ctr) == ("near", "k3s ctr")
    assert own.values.realms == {"a": "my-a", "b": "sys-b"}
    assert own.origin("realm") == f"{user}: realm"
    assert own.origin("ctr") == f"{system}: ctr"
    assert own.origin("realms.b") == f"{system}: realms.b"
    settings = load(Flags(), {**environ, "KUKE_CTR_REALM": "shell"})
    assert (settings.realm, settings.realm_source) == ("shell", "KUKE_CTR_REALM")
    assert (settings.ctr, settings.ctr_source) == (("k3s", "ctr"), f"{system}: ctr")


def test_a_named_file_is_the_only_one(
    places: tuple[Path, Path, dict[str, str]], tmp_path: Path
) -> None:
    user, _, environ = places
    user.write_text("realm: near\n")
    named = tmp_path / "named.yaml"
    named.write_text("ctr: my-ctr\n")
    own = own_settings({**environ, "KUKE_CTR_CONFIG": str(named)}, [])
    assert (own.values.realm, own.values.ctr) == ("", "my-ctr")
    assert own.files == ((str(named), True),)


def test_what_is_wrong_in_any_file_is_an_error(
    places: tuple[Path, Path, dict[str, str]],
) -> None:
    user, system, environ = places
    user.write_text("realm: near\n")
    system.write_text("run-path: /x\n")
    with pytest.raises(UsageError, match=f"^{system}: unknown key 'run-path'") as caught:
        own_settings(environ, [])
    assert caught.value.hint == "perhaps: run_path"


@pytest.mark.parametrize(
    ("mode", "owner", "folder", "said"),
    [
        (0o644, 0, 0o755, None),
        (0o600, 1234, 0o755, None),  # who called sudo
        (0o664, 1234, 0o755, None),  # the group of that user alone
        (0o646, 0, 0o755, "config.yaml may be written by others"),
        (0o664, 0, 0o755, "config.yaml may be written by others"),
        (0o644, 4321, 0o755, "config.yaml belongs to another user"),
        (0o644, 0, 0o777, "kuke-ctr may be written by others"),
        (0o644, 0, 0o1777, None),
    ],
)
def test_root_uses_no_file_that_others_may_write(
    places: tuple[Path, Path, dict[str, str]],
    mode: int,
    owner: int,
    folder: int,
    said: str | None,
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    user, _, environ = places
    user.write_text("realm: near\n")
    os.chown(user, owner, 4242 if mode & 0o020 and owner == 0 else owner)
    user.chmod(mode)
    user.parent.chmod(folder)
    if said is None:
        assert own_settings({**environ, "SUDO_UID": "1234"}, []).values.realm == "near"
        return
    with pytest.raises(Forbidden, match=f"{said}, so root does not use") as caught:
        own_settings({**environ, "SUDO_UID": "1234"}, [])
    assert "KUKE_CTR_CONFIG=/dev/null" in str(caught.value.hint)
