"""Which backend serves what."""

import pytest

from kuke_ctr.backends.choice import Backend, may_serve


@pytest.mark.parametrize(
    ("backend", "operation", "nerdctls"),
    [
        (Backend.NERDCTL, "images ls", True),
        (Backend.NERDCTL, "snapshots ls", False),
        (Backend.NERDCTL, "attach", False),
        (Backend.AUTO, "images ls", False),
        (Backend.AUTO, "logs", True),
        (Backend.CTR, "logs", False),
    ],
)
def test_auto_is_ctr_for_all_that_ctr_can_do(
    backend: Backend, operation: str, nerdctls: bool
) -> None:
    assert may_serve(backend, operation) is nerdctls
