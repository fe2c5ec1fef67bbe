"""The pages of `kuke-ctr help`: passages of docs/, which `scripts/commands-doc` copies to here."""

from pathlib import Path

TOPICS = ("realms", "output", "attach", "debugging")
"""The pages, in the order in which one reads them."""


def page(topic: str) -> str:
    """The text of a page, in Markdown."""
    return Path(__file__).with_name(f"{topic}.md").read_text(encoding="utf-8")
