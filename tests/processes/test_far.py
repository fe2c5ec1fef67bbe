"""Hosts that ssh reaches: how they are read, and what ssh and a person's shell get."""

import subprocess  # noqa: TID251 (two real shells)
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuke_ctr.errors import UsageError
from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.far import QUIETLY, Far


@pytest.mark.parametrize(
    ("text", "far"),
    [
        ("web3", Far("web3")),
        ("root@web3", Far("web3", "root")),
        ("ssh://web3", Far("web3")),
        ("ssh://root@web3:22/", Far("web3", "root", 22)),
        ("ssh://root@web3:2222", Far("web3", "root", 2222)),
        ("ssh://[fe80::1%eth0]:22", Far("fe80::1%eth0", None, 22)),
        ("ssh://10.0.0.7", Far("10.0.0.7")),
        ("::1", Far("::1")),
        ("ops@corp@web3", Far("web3", "ops@corp")),
        ("web_3.example.com", Far("web_3.example.com")),
    ],
)
def test_a_host_is_a_name_or_an_address(text: str, far: Far) -> None:
    assert Far.parse(text) == far
    assert Far.parse(str(far)) == far


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("-oProxyCommand=x", "no name of a host"),
        ("ssh://-oProxyCommand=x", "no name of a host"),
        ("-l@web3", "no user's name"),
        ("ssh://-F@web3", "no user's name"),
        ("ssh://web3/path", "a path or a query"),
        ("ssh://web3?x=1", "a path or a query"),
        ("http://web3", "only ssh://"),
        ("ssh://u:secret@web3/", "contains a password"),
        ("ssh://u:sec/ret@web3/x", "contains a password"),
        ("http://u:secret@web3", "contains a password"),
        ("web1,web2", "names several"),
        ("web[1-2]", "names several"),
        ("ssh://u:secret@web3", "contains a password"),
        ("web3:2222", "has a port"),
        ("ssh://web3:0", "from 1 to 65535"),
        ("ssh://web3:99999", "from 1 to 65535"),
        ("ssh://web3:", "from 1 to 65535"),
        ("ssh://", "no name of a host"),
        ("web 3", "no name of a host"),
        ("web3\n", "no name of a host"),
        ("web3;id", "no name of a host"),
        ("a" * 254, "no name of a host"),
    ],
)
def test_what_ssh_would_take_for_something_else_is_refused(text: str, why: str) -> None:
    with pytest.raises(UsageError) as found:
        Far.parse(text, "KUKE_CTR_HOST")
    assert why in found.value.message
    assert found.value.message.startswith("KUKE_CTR_HOST: ")
    assert "secret" not in f"{found.value.message}{found.value.hint}"


@given(st.text(max_size=20))
def test_nothing_that_is_read_can_be_an_option(text: str) -> None:
    try:
        far = Far.parse(text)
    except UsageError:
        return
    assert not far.host.startswith("-")
    assert not (far.user or "").startswith("-")
    argv = far.argv("true", ())
    assert argv[-3:] == ("--", far.host, "true")


def test_ssh_gets_the_place_behind_the_options() -> None:
    argv = Far("web3", "root", 2222).argv("true")
    assert argv == ("ssh", *QUIETLY, "-p", "2222", "-l", "root", "--", "web3", "true")


def test_the_options_hold_whatever_the_config_says(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        "Host *\n ForwardAgent yes\n ForwardX11 yes\n StdinNull yes\n RequestTTY force\n"
        " LocalForward 8000 localhost:80\n"
    )
    argv = ("ssh", "-F", str(config), "-G", *Far("web3").argv("true")[1:])
    said = subprocess.check_output(argv, text=True).splitlines()
    assert {"forwardagent no", "forwardx11 no", "stdinnull no"} <= {*said}
    assert not [line for line in said if line.startswith("localforward")]


def test_the_line_of_a_call_can_be_pasted() -> None:
    call = Call(("ctr", "-n", "main", "images", "ls", "name==x y"), far=Far("web3", "root", 22))
    assert call.line == ("ssh -p 22 root@web3 ctr -n main images ls ''\"'\"'name==x y'\"'\"''")
    assert Call(("ctr", "images", "ls"), far=Far("web3")).line == "ssh web3 ctr images ls"


_words = st.lists(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1),
    min_size=1,
    max_size=4,
)


@given(_words)
def test_two_shells_give_the_words_back(words: list[str]) -> None:
    """The one here reads the line, the one there what ssh joins with spaces."""
    argv = ("printf", "%s\\0", *words)
    line = Call(argv, far=Far("web3")).line
    here = f'ssh() {{ shift; sh -c "$*"; }}\n{line}'
    done = subprocess.run(["bash", "-c", here], capture_output=True, check=True)
    assert done.stdout.decode() == "".join(f"{word}\0" for word in words)


def test_a_secret_is_in_no_line(tmp_path: Path) -> None:
    call = Call(("ctr", "images", "pull", "--user", "ann:s3cret", "x"), far=Far("web3"))
    assert "s3cret" not in call.line
