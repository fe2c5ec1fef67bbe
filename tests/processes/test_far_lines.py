"""Commands in hints about another host: pasted here they run there."""

import shlex
import subprocess  # noqa: TID251 (two real shells)

import pytest

from kuke_ctr.processes.far import Far
from kuke_ctr.processes.far_lines import hint_there, other_hint, there

WEB = Far("web2", "ops", 2222)


@pytest.mark.parametrize(
    ("line", "here"),
    [
        ("systemctl restart containerd", "ssh web2 systemctl restart containerd"),
        ("sudo kuke daemon start", "ssh web2 kuke daemon start"),
        ("ps -ef | grep shim", "ssh web2 'ps -ef | grep shim'"),
        ("kuke-ctr images ls --host web2", "kuke-ctr images ls --host web2"),
        ("ssh web2 true", "ssh web2 true"),
    ],
)
def test_a_line_reaches_that_host_and_ours_do_so_already(line: str, here: str) -> None:
    assert there(Far("web2"), line) == here


def test_two_shells_take_the_quotes_away() -> None:
    (*ssh, line) = shlex.split(there(WEB, "printf '%s-' 'a b' \"${X-y}\" 'c;d'"))
    assert ssh == ["ssh", "-p", "2222", "ops@web2"]
    assert subprocess.check_output(["sh", "-c", line]) == b"a b-y-c;d-"


def test_a_hint_keeps_what_is_no_command_of_a_host() -> None:
    hint = "`systemctl status x`; `kuke` and `images inspect`; run the same command with --sudo"
    assert hint_there(WEB, hint) == (
        "`ssh -p 2222 ops@web2 systemctl status x`; `kuke` and `images inspect`; "
        "connect as a user who may: --host ssh://root@web2:2222"
    )
    assert "--host ssh://root@[::1]" in hint_there(Far("::1"), "try --sudo")


def test_of_files_of_this_host_only_kukes_commands_are_of_that_one() -> None:
    hint = "`ls -l x`, `kuke stop cell web`"
    assert other_hint(Far("web2"), hint) == "`ls -l x`, `ssh web2 kuke stop cell web`"
