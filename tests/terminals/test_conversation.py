"""ctr at a prompt for a password, and ctr that draws its progress."""

from pathlib import Path

import pytest

from kuke_ctr.errors import TimeLimit
from kuke_ctr.processes.calls import Call
from kuke_ctr.terminals.pexpect_door import answer_password, watch

ASKS = """
printf 'Password: '; stty -echo icanon isig icrnl; read -r secret; printf '\\n'
[ "$secret" = {secret} ] && echo signed in; tty; exit {code}
"""


@pytest.mark.parametrize("secret", ["pw", "two  words", "x" * 4000, "$(id) 'q' Ü"])
def test_the_answer_reaches_the_prompt_byte_for_byte(tmp_path: Path, secret: str) -> None:
    expected = tmp_path / "expected"
    expected.write_text(secret)
    script = ASKS.format(secret=f'"$(cat {expected})"', code=3)
    result = answer_password(Call(("sh", "-c", script), timeout=20), secret)
    assert result.exit_code == 3
    assert b"signed in" in result.stdout
    assert b"/dev/pts/" in result.stdout
    assert secret.encode() not in result.stdout + result.stderr


def test_a_ctr_that_does_not_ask_or_never_ends() -> None:
    result = answer_password(Call(("sh", "-c", "echo no >&2; exit 1"), timeout=20), "pw")
    assert (result.exit_code, result.stdout, result.stderr) == (1, b"", b"no\n")
    with pytest.raises(TimeLimit):
        answer_password(Call(("sh", "-c", "sleep 60"), timeout=0.2), "pw")


def test_what_is_watched_is_shown_and_its_end_is_kept(tmp_path: Path) -> None:
    with (tmp_path / "shown").open("wb") as shown:
        call = Call(("sh", "-c", "echo begin; yes | head -c 3000000; echo end; tty"), timeout=30)
        result = watch(call, show=shown.fileno())
    everything = (tmp_path / "shown").read_bytes()
    assert everything.startswith(b"begin\n")
    assert len(everything) > 3_000_000
    assert len(result.stdout) <= 1 << 20
    assert everything.endswith(result.stdout)
    assert b"/dev/pts/" in result.stdout[-20:]
