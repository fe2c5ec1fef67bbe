"""kuketty.log: what its end says of the setup of a container."""

import pytest

from kuke_ctr.parse.kuketty_log import Progress, State, progress_of

AT = "2026-11-26T17:09:12Z"


@pytest.mark.parametrize(
    ("line", "state", "text"),
    [
        (
            'INFO "running create stage" index=0',
            State.SETTING_UP,
            f"create stage 0 has been running since {AT}",
        ),
        (
            'INFO "create stage completed" index=12',
            State.SETTING_UP,
            f"create stage 12 ended at {AT}",
        ),
        (
            'WARN "create stage failed" index=1 error="exit status 3: sh: \\"x\\""',
            State.FAILED,
            f'create stage 1 failed at {AT}: exit status 3: sh: \\"x\\"',
        ),
        (
            'INFO "repo resolved" repo=app target=/src state=cloned',
            State.SETTING_UP,
            f"repository app was fetched at {AT}",
        ),
        (
            'WARN "repo resolution failed" repo=app target=/s required=false error=timeout',
            State.SETTING_UP,
            f"repository app could not be fetched at {AT}: timeout",
        ),
        (
            'WARN "repo resolution failed" repo=app target=/s required=true error=timeout',
            State.FAILED,
            f"repository app could not be fetched at {AT}: timeout",
        ),
        ('INFO "PTY started" id=84963414', State.OVER, ""),
        ("INFO ready", State.OVER, ""),
        (
            'INFO "running create stage"',
            State.SETTING_UP,
            f"create stage ? has been running since {AT}",
        ),
    ],
)
def test_the_last_line_counts(line: str, state: State, text: str) -> None:
    before = f'{AT} INFO "PTY started" id=1\n{AT} INFO "running create stage" index=7\n'
    assert progress_of(f"{before}{AT} {line}\n") == Progress(state, text)
    assert progress_of(f"{before}{AT} {line}\r\nhalf a li") == Progress(state, text)


@pytest.mark.parametrize("text", ["", "\n\n", "no such line\n", "\0\x1b[31m\n", "a " * 10_000])
def test_what_is_no_line_says_nothing(text: str) -> None:
    assert progress_of(text) is None


def test_what_a_hostile_line_says_is_short() -> None:
    found = progress_of(f'{AT} WARN "create stage failed" index={"9" * 9000} error="{"x" * 9000}"')
    assert found is not None
    assert len(found.text) < 500
