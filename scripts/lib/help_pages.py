"""The pages of `kuke-ctr help`, copied from docs/: the beginning of a page, and some sections."""

import re
from pathlib import Path

from kuke_ctr.pages import TOPICS

_TOP = Path(__file__).resolve().parents[2]
FOLDER = _TOP / "kuke_ctr" / "pages"

_SECTIONS = {
    "realms": ("The rules",),
    "output": ("Forms", "Exit codes"),
    "attach": ("How to leave", "With and without a terminal"),
    "debugging": ("What would run", "ctr itself", "A recording for a bug report", "Another ctr"),
}
"""Topic -> the sections of docs/TOPIC.md that its page has besides the beginning."""


def document(topic: str) -> str:
    """The whole text of a page."""
    text = (_TOP / "docs" / f"{topic}.md").read_text()
    beginning, *sections = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    chosen = [one for one in sections if one[3:].split("\n")[0] in _SECTIONS[topic]]
    return f"{''.join([beginning, *chosen]).strip()}\n"


def documents() -> dict[Path, str]:
    """Every page, by the file that it is in."""
    return {FOLDER / f"{topic}.md": document(topic) for topic in TOPICS}
