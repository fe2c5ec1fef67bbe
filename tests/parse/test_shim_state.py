"""What a shim says of its task: `ctr shim --id ID state` of ctr 1.6, 1.7 and 2.1."""

import pytest

from kuke_ctr.parse.shim_state import exit_code_in

OLD = '{\n    "id": "a",\n    "status": 3,\n    "exit_status": 7,\n    "exited_at": "2026"\n}'
NEW = '{"id": "a", "status": 3, "exit_status": 137, "exited_at": {"seconds": 1795763717}}'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (OLD, 7),
        (NEW, 137),
        ('{"status": 3}', 0),  # fields that are 0 are left out
        ('{"status": 3, "exit_status": 255}', 255),
        ('{"status": 2, "exited_at": "0001-01-01T00:00:00Z"}', None),
        ('{"status": 4}', None),
        ('{"exit_status": 7}', None),
        ('{"status": 3, "exit_status": "7"}', None),
        ('{"status": 3, "exit_status": true}', None),
        ('{"status": 3, "exit_status": -1}', None),
        ('{"status": 3, "exit_status": 256}', None),
        ("[]", None),
        ("", None),
        ("ctr: not found", None),
    ],
)
def test_only_what_has_stopped_has_an_exit_code(text: str, code: int | None) -> None:
    assert exit_code_in(text) == code
