"""ctr at a prompt for a password, and ctr that draws its progress."""

from pathlib import Path

import pytest

from kuke_ctr.errors import TimeLimit
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.runner import Processes
from kuke_ctr.terminals.pexpect_door import answer_password, watch
from tests.support.fake_ssh import FakeSsh

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


@pytest.mark.parametrize("asks", [True, False], ids=["password", "progress"])
def test_what_ctr_says_on_a_terminal_of_another_host_is_its_stderr(
    fake_ssh: FakeSsh, tmp_path: Path, asks: bool
) -> None:
    fake_ssh.write(cases="exec 2>&1")  # as -tt has it
    ask = "printf 'Password: '; read -r s; " if asks else ""
    says = f"{ask}printf 'layer 1\\r\\nctr: app:9: not found\\r\\n' >&2; exit 1"
    call = Call(("sh", "-c", says), far=Far("web3"))

    def run(call: Call) -> Result:
        with (tmp_path / "shown").open("wb") as shown:
            show = shown.fileno()
            return answer_password(call, "pw", show=show) if asks else watch(call, show=show)

    result = Processes().run_by(call, run)
    assert (result.exit_code, result.stderr) == (1, b"ctr: app:9: not found")
