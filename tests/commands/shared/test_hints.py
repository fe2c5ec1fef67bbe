"""The commands in hints name the realm and the host as the user did."""

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.cli.words import ENTRIES
from kuke_ctr.commands.shared.hints import ALONE, NOWHERE, OF_HOST, in_scope, scoped
from kuke_ctr.errors import NotFound, UsageError
from kuke_ctr.shared_options import SharedOptions

REALM, HOST = ("--realm", "main"), ("--address", "/c.sock")


def test_the_tables_are_those_of_the_command_line() -> None:
    assert {name for name, entry in ENTRIES.items() if not entry.verbs} == {*ALONE}
    assert {*OF_HOST, *NOWHERE} <= {*ENTRIES}


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        ("`kuke-ctr exec web ls`", "`kuke-ctr exec --realm main --address /c.sock web ls`"),
        ("`watch kuke-ctr tasks ls`", "`watch kuke-ctr tasks ls --realm main --address /c.sock`"),
        (
            "see `kuke-ctr images rm REF`",
            "see `kuke-ctr images rm --realm main --address /c.sock REF`",
        ),
        ("`kuke-ctr info`", "`kuke-ctr info --address /c.sock`"),
        ("`kuke-ctr realms ls`", "`kuke-ctr realms ls --address /c.sock`"),
        ("`kuke-ctr ctr -- oci spec`", "`kuke-ctr ctr --realm main --address /c.sock -- oci spec`"),
        ("`kuke-ctr parse tasks`", "`kuke-ctr parse tasks`"),
        ("`kuke-ctr --help`", "`kuke-ctr --help`"),
        ("`kuke-ctr images ls -A`", "`kuke-ctr images ls --address /c.sock -A`"),
        ("`kuke-ctr logs c --namespace a --address /d`", None),
        ("`systemctl status containerd`", None),
    ],
)
def test_a_command_gets_what_it_has_not(hint: str, said: str | None) -> None:
    assert in_scope(hint, REALM, HOST) == (hint if said is None else said)


def test_an_error_is_the_same_but_for_its_hint() -> None:
    error = NotFound("gone", hint="`kuke-ctr tasks ls`")
    assert scoped(error, SharedOptions()) is error
    assert scoped(NotFound("gone"), SharedOptions(realm="main")).hint is None
    other = scoped(error, SharedOptions(namespace="a b", ctr="k3s ctr"))
    assert (type(other), other.message) == (NotFound, "gone")
    assert other.hint == "`kuke-ctr tasks ls --namespace 'a b' --ctr 'k3s ctr'`"
    manifest = scoped(UsageError("x", hint="`kuke-ctr logs c`"), SharedOptions(manifest="r.yaml"))
    assert manifest.hint == "`kuke-ctr logs --manifest r.yaml c`"


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("logs -r main --since 5m web", "`kuke-ctr logs --realm main --tail 100 web`"),
        ("images rm -n a", "`kuke-ctr images ls --namespace a`"),
        ("run -r main --rm -d img", "`kuke-ctr containers rm --realm main ID`"),
    ],
)
def test_a_hint_of_a_command_can_be_pasted(
    capsys: pytest.CaptureFixture[str], line: str, hint: str
) -> None:
    assert main(line.split()) in (2, 125)
    assert hint in capsys.readouterr().err
