"""The man page is what troff can read, and has all that the help has."""

import os
import shutil
import subprocess  # noqa: TID251 (groff reads what we have written)

import pytest

from kuke_ctr.completion.table import Table
from kuke_ctr.pages import TOPICS, page
from kuke_ctr.pages.blocks import Kind, blocks
from kuke_ctr.pages.man import man_page
from scripts.lib import programs


def made() -> str:
    table = Table()
    return man_page("1.0", "Do it.", table.commands(), table.shared())


def test_every_command_and_page_is_in_it() -> None:
    text = made()
    for name, _ in Table().commands():
        assert f".B {name}\n".replace("-", "\\-") in text
    for topic in TOPICS:
        title = next(one.text for one in blocks(page(topic)) if one.kind is Kind.TITLE)
        assert f".SH {title.upper()}\n" in text


def test_no_line_of_text_is_a_request() -> None:
    table = [(".so /etc/passwd", "'x\\n.so y")]
    assert "\n.so" not in man_page("1", "Do it.", table, [])
    assert "\n'x" not in man_page("1", "Do it.", table, [])


def groff() -> tuple[str, dict[str, str]]:
    """PATH's groff and its environment, or Debian's in the cache of the checkout."""
    found = shutil.which("groff")
    if found is not None:
        return found, dict(os.environ)
    try:
        top = programs.whole("groff-base") / "usr"
    except programs.Unavailable as unavailable:
        pytest.skip(str(unavailable))
    share = next((top / "share/groff").glob("[0-9]*"))
    places = {"BIN": top / "bin", "FONT": share / "font", "TMAC": share / "tmac"}
    own = {f"GROFF_{name}_PATH": str(place) for name, place in places.items()}
    return str(top / "bin/groff"), {"PATH": str(top / "bin"), **own}


def test_groff_has_nothing_to_say() -> None:
    program, environment = groff()
    done = subprocess.run(
        [program, "-man", "-Tascii", "-ww"],
        input=made(),
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert done.stderr == ""
