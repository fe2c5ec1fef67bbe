"""The command that was typed, again in another namespace."""

import pytest

from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.commands.shared.typed_line import TypedLine, again
from kuke_ctr.session import Session
from kuke_ctr.shared_options import SharedOptions


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("attach --realm main web", "attach --namespace ns web"),
        ("attach web --realm=main --no-stdin", "attach --namespace ns web --no-stdin"),
        ("tasks attach web -r main", "tasks attach --namespace ns web"),
        ("exec -it web ls -r x", "exec --namespace ns -it web ls -r x"),
        ("exec --namespace other web -- sh -c true", "exec --namespace ns web -- sh -c true"),
        ("logs web -f", "logs --namespace ns web -f"),
        # what may be a secret, or say the realm among other letters, is left out
        ("exec -e A=secret web env", "exec --namespace ns web"),
        ("exec -itr main web sh", "exec --namespace ns web"),
        ("logs -n 5 web", "logs web --namespace ns"),
        # other containers may have the same names there
        ("tasks ps a web", "tasks ps web --namespace ns"),
        # what harms is not to be pasted against another tenant
        ("tasks kill a web -s KILL", "containers info web --namespace ns"),
        ("containers rm a web --yes", "containers info web --namespace ns"),
        ("tasks pause web", "containers info web --namespace ns"),
        ("", "containers info web --namespace ns"),
    ],
)
def test_it_is_about_the_same_container_there(
    monkeypatch: pytest.MonkeyPatch, typed: str, line: str
) -> None:
    monkeypatch.setattr(TypedLine, "words", tuple(typed.split()))
    scope = Scope(Session(SharedOptions()).ctr, "ns")
    assert again(scope, "web") == f"`kuke-ctr {line}`"
