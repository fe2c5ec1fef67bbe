"""The blocks of a page: as much of Markdown as the pages use."""

import re
from enum import Enum, auto
from typing import NamedTuple


class Kind(Enum):
    """What a block is."""

    TITLE = auto()
    HEADING = auto()
    TEXT = auto()
    ITEM = auto()
    CODE = auto()
    ROW = auto()


class Block(NamedTuple):
    """A block. Of an ITEM `mark` is what stands before it (`-`, `1.`), `indent` its depth.

    Of a ROW the cells are in `cells`, and `text` is empty.
    """

    kind: Kind
    text: str
    mark: str = ""
    indent: int = 0
    cells: tuple[str, ...] = ()


_ITEM = re.compile(r"( *)(-|\d+\.) +(.*)")
_RULE = re.compile(r"\|[-| ]+\|")
_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")
_EMPHASIS = re.compile(r"(?<![\w*`])(\*\*|\*)(?=\S)(.+?)(?<=\S)\1(?![\w*])")


def blocks(text: str) -> list[Block]:
    """The blocks of a page, in their order; emphasis and the targets of links are left out."""
    found: list[Block] = []
    blank = fenced = False
    open_block: Block | None = None
    for line in text.split("\n"):
        if line.startswith("```"):
            fenced = not fenced
            continue
        if open_block is not None and _goes_on(line):
            open_block = open_block._replace(text=f"{open_block.text} {line.strip()}")
            continue
        if open_block is not None:
            found.append(_finished(open_block))
            open_block = None
        block = Block(Kind.CODE, line) if fenced else _begun(line)
        if block is not None and block.kind in (Kind.TEXT, Kind.ITEM):
            open_block = block
        elif block is not None:
            if blank and block.kind is Kind.CODE and found[-1].kind is Kind.CODE:
                found.append(Block(Kind.CODE, ""))
            found.append(block)
        blank = not line.strip()
    return [*found, *([_finished(open_block)] if open_block is not None else [])]


def _goes_on(line: str) -> bool:
    """Whether a line belongs to the text or the item before it."""
    return bool(line.strip()) and _ITEM.fullmatch(line) is None and line[0] not in "#|"


def _begun(line: str) -> Block | None:
    """The block that a line begins, or is; None for a blank one and the rule of a table."""
    item = _ITEM.fullmatch(line)
    if item is not None:
        return Block(Kind.ITEM, item[3], item[2], len(item[1]))
    if not line.strip() or _RULE.fullmatch(line) is not None:
        return None
    if line.startswith("|"):
        return Block(Kind.ROW, "", cells=_cells(line))
    for front, kind in (("# ", Kind.TITLE), ("## ", Kind.HEADING), ("    ", Kind.CODE)):
        if line.startswith(front):
            return Block(kind, line.removeprefix(front))
    return Block(Kind.TEXT, line.strip(), indent=len(line) - len(line.lstrip()))


def _finished(block: Block) -> Block:
    return block._replace(text=_plain(block.text))


def _cells(line: str) -> tuple[str, ...]:
    parts = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    return tuple(_plain(part.strip().replace("\\|", "|")) for part in parts)


def _plain(text: str) -> str:
    return _EMPHASIS.sub(r"\2", _LINK.sub(r"\1", text))
