"""TAB in a real zsh and a real fish: of this machine, or Debian's from the checkout's cache."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect  # noqa: TID251 (a shell completes at a terminal)
import pytest

from scripts.lib import programs
from tests.support.fake_ctr import FakeCtr
from tests.support.paths import TOP

LIMIT = 20
SHELLS = TOP / "kuke_ctr/completion/shells"
LIMITS = ("--connect-timeout", "250ms", "--timeout", "250ms")

ZSH = """\
PS1='$ '; fpath=($fpath {functions}(/N))
autoload -Uz compinit && compinit -u -D
source {script}
put() {{ print -rn -- "$BUFFER" >line; print -n '<read>' }}; zle -N put; bindkey -e '^Xp' put
"""
FISH = """\
function fish_prompt; echo -n '$ '; end; function fish_greeting; end
source {script}
bind \\cxp 'commandline >line; printf "<read>"'
"""


def zsh(_: Path) -> tuple[list[str], str]:
    """The words that start it, and the first lines for it."""
    script = SHELLS / "kuke-ctr.zsh"
    found = shutil.which("zsh")
    if found is not None:
        return [found, "-f", "-i"], ZSH.format(functions="/nowhere", script=script)
    top, common = programs.whole("zsh"), programs.whole("zsh-common")
    functions = f"{common}/usr/share/zsh/functions/**/*"
    modules = next(top.glob("usr/lib/*/zsh/*"))
    lines = ZSH.format(functions=functions, script=script)
    return [str(top / "bin/zsh"), "-f", "-i"], f"module_path=({modules})\n{lines}"


def fish(folder: Path) -> tuple[list[str], str]:
    """The same; Debian's finds its files where its own program lies."""
    lines = FISH.format(script=SHELLS / "kuke-ctr.fish")
    found = shutil.which("fish")
    if found is not None:
        return [found, "--no-config", "-i"], lines
    top, common = programs.whole("fish"), programs.whole("fish-common")
    library = next(programs.whole("libpcre2-32-0").glob("usr/lib/*/libpcre2-32.so.0"))
    for name in ("bin", "share", "etc"):
        (folder / name).mkdir(parents=True)
    shutil.copy(top / "usr/bin/fish", folder / "bin")
    (folder / "share/fish").symlink_to(common / "usr/share/fish")
    (folder / "etc/fish").symlink_to(common / "etc/fish")
    own = f"LD_LIBRARY_PATH={library.parent}"
    return ["env", own, str(folder / "bin/fish"), "--no-config", "-i"], lines


@pytest.fixture(params=[zsh, fish])
def complete(
    request: pytest.FixtureRequest, tmp_path: Path, fake_ctr: FakeCtr
) -> Iterator[Callable[[str], str]]:
    """What stands in the shell's line after these keys and TAB; its folder is `here`."""
    try:
        words, lines = request.param(tmp_path / "shell")
    except programs.Unavailable as unavailable:
        pytest.skip(str(unavailable))
    here = tmp_path / "here"
    here.mkdir()
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(here),
        "TERM": "dumb",
        "LC_ALL": "C.UTF-8",
    }
    shell = pexpect.spawn(
        *(words[0], words[1:]),
        cwd=str(here),
        env=environment,
        encoding="utf-8",
        timeout=LIMIT,
        dimensions=(24, 400),
    )
    (tmp_path / "first").write_text(f"{lines}\necho re''ady\n")
    shell.sendline(f"source {tmp_path}/first")
    shell.expect("ready\r\n")

    def line(keys: str) -> str:
        shell.send(f"{keys}\t\x18p")
        shell.expect("<read>")
        shell.send("\x15")  # the line goes: nothing of it was ever run
        return (here / "line").read_text().removesuffix("\n")

    yield line
    shell.close(force=True)


def test_a_shell_completes_words_values_names_and_files(
    complete: Callable[[str], str], fake_ctr: FakeCtr, tmp_path: Path
) -> None:
    name = "registry:5000/app $(touch done)"
    fake_ctr.answer(*LIMITS, "-n", "n", "images", "ls", "-q", stdout=f"{name}\n")
    fake_ctr.answer(*LIMITS, "-n", "n", "containers", "ls", "-q", stdout="web\n")
    (tmp_path / "here/some.tar").touch()
    assert complete("kuke-ctr ta") == "kuke-ctr tasks "
    assert complete("kuke-ctr images ls --namesp") == "kuke-ctr images ls --namespace "
    assert complete("kuke-ctr images ls -o wi") == "kuke-ctr images ls -o wide "
    assert complete("kuke-ctr images import so") == "kuke-ctr images import some.tar "
    assert complete("kuke-ctr cp -n n we") == "kuke-ctr cp -n n web:"
    assert complete("kuke-ctr cp -n n so") == "kuke-ctr cp -n n some.tar "
    quoted = complete("kuke-ctr images rm -n n reg").removeprefix("kuke-ctr images rm -n n ")
    assert quoted.strip().replace("\\", "").strip("'") == name
    assert quoted.count("\\") > 3 or quoted.startswith("'")
    assert not (tmp_path / "here/done").exists()
