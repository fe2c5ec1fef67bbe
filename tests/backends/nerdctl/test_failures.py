"""nerdctl's words -> our errors."""

import pytest

from kuke_ctr.backends.nerdctl.failures import failure_of, message_of, warnings_in
from kuke_ctr.errors import CtrFailed, Forbidden, KukeCtrError, NotFound, TimeLimit
from kuke_ctr.processes.calls import Result


def failed(stderr: str) -> KukeCtrError:
    return failure_of(Result(("nerdctl", "ps"), 1, b"", stderr.encode(), 0.0))


@pytest.mark.parametrize(
    ("said", "kind", "message"),
    [
        (r"1 errors:\nno such container: c1", NotFound, "nerdctl: no such container: c1"),
        (r"nope: not found", NotFound, "nerdctl: nope: not found"),
        (
            r"rootless containerd not running? (hint: use `x`): no such file",
            Forbidden,
            "rootless containerd not running",
        ),
        (r"context deadline exceeded", TimeLimit, "context deadline"),
        (r"cannot access containerd socket \"/x\": no such file", CtrFailed, 'socket "/x"'),
        (r"2 errors:\nno such image: a\nno such image: b", NotFound, "no such image: a; no such"),
        ("1 errors: [no such object nope]", NotFound, "nerdctl: no such object nope"),
        (r"1 errors:\ninvalid reference format: x@y", CtrFailed, "invalid reference format"),
        ("unknown flag: --x", CtrFailed, "unknown flag: --x"),
    ],
)
def test_a_failure_has_the_class_that_ctrs_would_have(
    said: str, kind: type[KukeCtrError], message: str
) -> None:
    error = failed(f'time="2026-11-23T21:11:39Z" level=fatal msg="{said}"\n')
    assert type(error) is kind
    assert message in error.message


def test_warnings_before_the_failure_are_not_the_failure() -> None:
    text = 'time="t" level=warning msg="a"\ntime="t" level=fatal msg="b" error="c"\n'
    assert message_of(text.encode()) == "b: c"
    assert list(warnings_in(b'time="t" level=info msg="a"\nWARNING: b\n')) == ["WARNING: b"]


def test_a_silent_failure_says_so() -> None:
    assert "exit code 1" in failed("").message
