"""What is not in this realm, and is in another one."""

import pytest

from kuke_ctr.cli.main import main
from tests.support.fake_ctr import FakeCtr
from tests.support.images_host import Capture
from tests.support.tabwriter import ctr_table

APP = "registry.example/app:1"


@pytest.fixture
def host(fake_ctr: FakeCtr) -> FakeCtr:
    """Realms main and team; only team has the container web and the image."""
    fake_ctr.answer("namespaces", "ls", "-q", stdout="kukeon-main\nkukeon-team\n")
    found = {"containers": ("id==web", "web\n"), "images": (f"name=={APP}", f"{APP}\n")}
    for noun, (name, listed) in found.items():
        fake_ctr.answer("-n", "kukeon-main", noun, "ls", "-q")
        fake_ctr.answer("-n", "kukeon-main", noun, "ls", "-q", name)
        fake_ctr.answer("-n", "kukeon-team", noun, "ls", "-q", stdout=listed)
        fake_ctr.answer("-n", "kukeon-team", noun, "ls", "-q", name, stdout=listed)
    gone = 'ctr: container "web" in namespace "kukeon-main": not found\n'
    fake_ctr.answer("-n", "kukeon-main", "containers", "info", "web", stderr=gone, exit_code=1)
    return fake_ctr


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (["containers", "info", "web"], 3, "containers info web --namespace kukeon-team"),
        (["logs", "web", "--tail", "3"], 3, "logs --namespace kukeon-team web --tail 3"),
        (["attach", "web"], 125, "attach --namespace kukeon-team web"),
    ],
)
def test_a_container_of_another_realm_is_told_with_the_command_for_it(
    host: FakeCtr, capsys: Capture, words: list[str], code: int, line: str
) -> None:
    assert main([*words, "-r", "main"]) == code
    err = capsys.readouterr().err
    assert "there is no container web in realm main (namespace kukeon-main)" in err
    assert f"hint: realm team (namespace kukeon-team) has it: `kuke-ctr {line}`" in err


def test_a_list_that_matches_nothing_says_where_something_does(
    host: FakeCtr, capsys: Capture
) -> None:
    header = ctr_table("REF\tTYPE\tDIGEST\tSIZE\tPLATFORMS\tLABELS\t", [])[0] + "\n"
    for filters in ((), (f"name=={APP}",)):
        host.answer("-n", "kukeon-main", "images", "ls", *filters, stdout=header)
    copy = f"`kuke-ctr images copy {APP} --to main`"
    assert main(["images", "ls", "-r", "main", f"name=={APP}"]) == 0
    has = f"realm team (namespace kukeon-team) has {APP}; to copy it: {copy}"
    assert f"matches name=={APP}; {has}" in capsys.readouterr().err
    assert main(["images", "ls", "-r", "main"]) == 0
    said = "has no images; realm team (namespace kukeon-team) has 1: `kuke-ctr images find '*'`"
    assert said in capsys.readouterr().err
    host.answer("-n", "kukeon-main", "images", "rm", APP, exit_code=0)
    assert main(["images", "rm", "-r", "main", APP]) == 3
    said = capsys.readouterr().err  # nobody wants a copy of what was to go
    assert said.endswith("hint: realm team (namespace kukeon-team) has it\n")
