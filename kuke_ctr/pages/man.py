"""The man page kuke-ctr(1), from the table of commands and the pages of `kuke-ctr help`."""

from collections.abc import Iterable, Iterator, Sequence

from kuke_ctr.pages import TOPICS, page
from kuke_ctr.pages.blocks import Block, Kind, blocks

Named = tuple[str, str]
"""A command or an option, and what it is for."""

_VARIABLES = {
    "KUKE_CTR_REALM": "the realm where no option names one",
    "KUKE_CTR_BIN": "the ctr to run",
    "KUKE_CTR_CONFIG": "the only settings file to read; /dev/null for none",
    "CONTAINERD_ADDRESS": "containerd's socket",
    "KUKEON_RUN_PATH": "Kukeon's run path",
    "NO_COLOR": "no colours",
}
_FILES = {
    "~/.config/kuke-ctr/config.yaml": "your settings",
    "/etc/kuke-ctr/config.yaml": "the settings of the host",
}


def man_page(
    version: str, summary: str, commands: Iterable[Named], options: Iterable[Named]
) -> str:
    """The page, in the language of man(7)."""
    lines = [
        f'.TH KUKE\\-CTR 1 "" "kuke\\-ctr {_escaped(version)}"',
        *(".nh", ".ad l", ".SH NAME", f"kuke\\-ctr \\- {_escaped(summary.rstrip('.'))}"),
        *(".SH SYNOPSIS", ".B kuke\\-ctr", "COMMAND [OPTION]... [ARGUMENT]..."),
        *_section("COMMANDS", commands, "kuke-ctr COMMAND --help shows the options of a command."),
        *_section("OPTIONS", options, "Most commands have these, before or after their name."),
    ]
    for topic in TOPICS:
        lines += _page(blocks(page(topic)))
    lines += _section("ENVIRONMENT", _VARIABLES.items())
    lines += _section("FILES", _FILES.items())
    return "\n".join(lines) + "\n"


def _section(title: str, named: Iterable[Named], lead: str = "") -> Iterator[str]:
    yield f".SH {title}"
    if lead:
        yield _escaped(lead)
    for name, text in named:
        yield from (".TP", f".B {_escaped(name)}", _escaped(text))


def _page(found: Sequence[Block]) -> Iterator[str]:
    in_code = False
    for block in found:
        if (block.kind is Kind.CODE) is not in_code:
            in_code = not in_code
            yield from (".PP", ".in +4n", ".nf") if in_code else (".fi", ".in")
        yield from _lines(block)
    if in_code:
        yield from (".fi", ".in")


def _lines(block: Block) -> Iterator[str]:
    text = _escaped(block.text)
    if block.kind is Kind.TITLE:
        yield f".SH {text.upper()}"
    elif block.kind is Kind.HEADING:
        yield f".SS {text}"
    elif block.kind is Kind.TEXT:
        yield from (".PP", text)
    elif block.kind is Kind.ITEM:
        yield from (f'.IP "{_escaped(block.mark)}" 4', text)
    elif block.kind is Kind.ROW:
        *firsts, last = block.cells
        yield from (".TP", f".B {_escaped('   '.join(firsts))}", _escaped(last) or "\\&")
    else:
        yield text


def _escaped(text: str) -> str:
    """Text that troff shows as it is."""
    shown = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{shown}" if shown[:1] in (".", "'") else shown
