"""Which settings hold: who gave them, and what is said of one that can't be right."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kuke_ctr.errors import UsageError
from kuke_ctr.kukeon.realm_files import facts_of
from kuke_ctr.kukeon.settings import DEFAULT_SOCKET, Flags, load

KUKE = "apiVersion: v1beta1\nkind: ClientConfiguration\nspec:\n  runPath: /opt/kukeon\n"
KUKE += "  containerdSocket: {}\n"


def kuke_yaml(home: Path, socket: str) -> dict[str, str]:
    """An environment whose home has a kuke.yaml with this socket."""
    (home / ".kuke").mkdir(parents=True)
    (home / ".kuke/kuke.yaml").write_text(KUKE.format(socket))
    return {"HOME": str(home)}


@pytest.mark.parametrize("socket", [DEFAULT_SOCKET, f"unix://{DEFAULT_SOCKET}"])
def test_the_default_socket_in_kuke_yaml_overrules_no_ctr_that_knows_its_own(
    tmp_path: Path, socket: str
) -> None:
    settings = load(Flags(ctr="k3s ctr"), kuke_yaml(tmp_path, socket))
    assert (settings.address, settings.socket) == (None, None)
    assert load(Flags(), kuke_yaml(tmp_path / "b", socket)).socket == DEFAULT_SOCKET


def test_another_socket_in_kuke_yaml_is_somebodys_choice(tmp_path: Path) -> None:
    assert load(Flags(), kuke_yaml(tmp_path, "/srv/c.sock")).address == "/srv/c.sock"


def test_the_daemons_settings_come_before_the_defaults_in_kuke_yaml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = tmp_path / "kukeond.yaml"
    daemon.write_text("spec: {runPath: /srv/kukeon, containerdSocket: unix:///srv/c.sock}\n")
    monkeypatch.setattr("kuke_ctr.kukeon.settings.DAEMON_SETTINGS", daemon)
    settings = load(Flags(), kuke_yaml(tmp_path / "a", DEFAULT_SOCKET))
    assert (str(settings.run_path), settings.address) == ("/srv/kukeon", "/srv/c.sock")
    other = load(Flags(), kuke_yaml(tmp_path / "b", "/other.sock"))
    assert other.address == "/other.sock"


@pytest.mark.parametrize("name", ["CONTAINERD_ADDRESS", "KUKEON_CONTAINERD_SOCKET"])
def test_an_address_of_the_environment_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(UsageError, match=f"^{name}: 'tcp://x' is not the path of a socket"):
        load(Flags(), {name: "tcp://x"})


def test_an_address_of_a_file_is_refused_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("address: c.sock\n")
    with pytest.raises(UsageError, match=f"^{path}: address: 'c.sock'"):
        load(Flags(), {"KUKE_CTR_CONFIG": str(path)})
    with pytest.raises(UsageError, match=r"^kuke.yaml: spec.containerdSocket: 'c.sock'"):
        load(Flags(), kuke_yaml(tmp_path, "c.sock"))


@pytest.mark.parametrize("name", ["KUKE_CTR_CONFIG", "KUKE_CONFIGURATION"])
def test_no_file_at_all_is_dev_null(tmp_path: Path, name: str) -> None:
    environ = {**kuke_yaml(tmp_path, "/srv/c.sock"), name: "/dev/null"}
    settings = load(Flags(), environ)
    assert settings.warnings == ()
    assert (settings.address is None) is (name == "KUKE_CONFIGURATION")


@pytest.mark.parametrize("name", ["KUKE_CTR_CONFIG", "KUKE_CONFIGURATION", "KUKEON_RUN_PATH"])
def test_a_path_of_the_environment_that_is_not_there_is_an_error(name: str) -> None:
    with pytest.raises(UsageError, match=f"^{name}: /no/such does not exist"):
        load(Flags(), {name: "/no/such"})


def test_a_run_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^--run-path: /no/such does not exist"):
        load(Flags(run_path="/no/such"), {})
    path = tmp_path / "own.yaml"
    path.write_text(f"run_path: {path}\n")
    with pytest.raises(UsageError, match=f"^{path}: run_path: {path} is not a directory"):
        load(Flags(), {"KUKE_CTR_CONFIG": str(path)})


def test_what_is_wrong_in_a_named_file_says_who_named_it(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("relam: main\n")
    with pytest.raises(UsageError, match=r"unknown key 'relam' \(KUKE_CTR_CONFIG\)$"):
        load(Flags(), {"KUKE_CTR_CONFIG": str(path)})


def test_the_default_suffix_in_kuke_yaml_is_nobodys_choice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = tmp_path / "kukeond.yaml"
    daemon.write_text("spec: {containerdNamespaceSuffix: my.org}\n")
    monkeypatch.setattr("kuke_ctr.kukeon.settings.DAEMON_SETTINGS", daemon)
    kuke = tmp_path / ".kuke/kuke.yaml"
    kuke.parent.mkdir()
    kuke.write_text("spec: {containerdNamespaceSuffix: kukeon.io}\n")
    environ = {"HOME": str(tmp_path)}
    assert load(Flags(), environ).suffix == "my.org"
    kuke.write_text("spec: {containerdNamespaceSuffix: own.org}\n")
    assert load(Flags(), environ).suffix == "own.org"


def test_each_fact_says_who_gave_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    daemon = tmp_path / "kukeond.yaml"
    daemon.write_text("spec: {runPath: /srv/kukeon, containerdSocket: /srv/c.sock}\n")
    monkeypatch.setattr("kuke_ctr.kukeon.settings.DAEMON_SETTINGS", daemon)
    settings = load(Flags(), {})
    assert settings.daemon_file == daemon
    assert facts_of(settings) == [
        ("run path", "/srv/kukeon", str(daemon)),
        ("socket", "/srv/c.sock", str(daemon)),
        ("suffix", "kukeon.io", "the default"),
    ]
    (tmp_path / ".kukeon-instance.json").write_text('{"containerdNamespaceSuffix": "my.org"}')
    given = load(Flags(run_path=str(tmp_path), address="/x.sock"), {})
    assert facts_of(given) == [
        ("run path", str(tmp_path), "--run-path"),
        ("socket", "/x.sock", "--address"),
        ("suffix", "my.org", f"{tmp_path}/.kukeon-instance.json"),
    ]
    daemon.unlink()
    (_, socket, _) = facts_of(load(Flags(ctr="k3s ctr"), {}))
    assert socket == ("socket", None, "the default of `k3s ctr`")


@pytest.fixture
def member(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A host whose kukeond.yaml only root may read, and we are somebody else.

    The run path and the socket are at their default places, in this folder.
    """
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    host = Path(tempfile.mkdtemp(prefix="kuke-member-", dir="/tmp"))
    host.chmod(0o755)
    daemon = host / "kukeond.yaml"
    daemon.write_text("spec: {runPath: /srv/kukeon}\n")
    daemon.chmod(0o600)
    (host / "run").mkdir()
    (host / "run/.kukeon-instance.json").write_text('{"containerdNamespaceSuffix": "my.org"}')
    (host / "c.sock").touch()
    for name, value in (
        ("DAEMON_SETTINGS", daemon),
        ("DEFAULT_RUN_PATH", str(host / "run")),
        ("DEFAULT_SOCKET", str(host / "c.sock")),
    ):
        monkeypatch.setattr(f"kuke_ctr.kukeon.settings.{name}", value)
    try:
        os.seteuid(65534)
        yield host
    finally:
        os.seteuid(0)
        shutil.rmtree(host)


def test_a_file_that_may_not_be_read_is_no_warning_where_it_decides_nothing(member: Path) -> None:
    settings = load(Flags(), {})
    assert settings.warnings == ()
    why = f"the default; permission denied reading {member}/kukeond.yaml"
    assert facts_of(settings) == [
        ("run path", f"{member}/run", why),
        ("socket", f"{member}/c.sock", why),
        ("suffix", "my.org", f"{member}/run/.kukeon-instance.json"),
    ]


@pytest.mark.parametrize(
    ("gone", "given", "said"),
    [
        ("c.sock", {}, "containerd's socket"),
        ("c.sock", {"CONTAINERD_ADDRESS": "/x.sock"}, ""),
        ("run/.kukeon-instance.json", {}, "Kukeon's run path"),
        ("run/.kukeon-instance.json", {"KUKEON_RUN_PATH": "/tmp"}, ""),
    ],
)
def test_it_is_a_warning_where_it_could_name_another(
    member: Path, gone: str, given: dict[str, str], said: str
) -> None:
    os.seteuid(0)
    (member / gone).unlink()
    os.seteuid(65534)
    warnings = load(Flags(), given).warnings
    assert len(warnings) == bool(said)
    assert all(f"kukeond.yaml, which may name {said} (" in one for one in warnings)


def test_the_suffix_has_its_warning_where_one_is_needed(member: Path) -> None:
    os.seteuid(0)
    (member / "run/.kukeon-instance.json").write_text("{}")
    os.seteuid(65534)
    settings = load(Flags(), {})
    assert settings.warnings == ()
    suffix = facts_of(settings)[-1]
    assert suffix.source == (
        f"the default; permission denied reading {member}/kukeond.yaml; the suffix of namespaces "
        "may be another than kukeon.io"
    )
