"""Commands that hints name."""

import pytest

from kuke_ctr.backends.ctr.lines import line_in


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("tasks", "rm", "web"), "`kuke-ctr tasks rm web --namespace team-a`"),
        (("images", "pull", "a b"), "`kuke-ctr images pull 'a b' --namespace team-a`"),
        (("exec", "-t", "web", "sh"), "`kuke-ctr exec --namespace team-a -t web sh`"),
    ],
)
def test_a_command_in_a_hint_is_for_the_same_namespace(words: tuple[str, ...], line: str) -> None:
    assert line_in("team-a", *words) == line


def test_a_hint_about_no_namespace_names_none() -> None:
    assert line_in(None, "tasks", "ls") == "`kuke-ctr tasks ls`"
