"""As much of Markdown as the pages of `kuke-ctr help` use."""

from kuke_ctr.pages.blocks import Block, Kind, blocks
from kuke_ctr.pages.plain import plain

TEXT = """\
# Title

**One** [link](x.md) and
`a*b*c`.

    code

    more *code*
1. first
   goes on
   - inside

| a | b |
|---|---|
| `x \\| y` | z |

```yaml
realm: main
```
"""


def test_blocks() -> None:
    assert blocks(TEXT) == [
        Block(Kind.TITLE, "Title"),
        Block(Kind.TEXT, "One link and `a*b*c`."),
        Block(Kind.CODE, "code"),
        Block(Kind.CODE, ""),
        Block(Kind.CODE, "more *code*"),
        Block(Kind.ITEM, "first goes on", "1."),
        Block(Kind.ITEM, "inside", "-", 3),
        Block(Kind.ROW, "", cells=("a", "b")),
        Block(Kind.ROW, "", cells=("`x | y`", "z")),
        Block(Kind.CODE, "realm: main"),
    ]


def test_plain() -> None:
    assert plain(blocks(TEXT), 40).split("\n") == [
        *("TITLE", "", "One link and `a*b*c`.", "", "    code", "", "    more *code*", ""),
        *("1. first goes on", "   - inside", "", "  a        b", "  `x | y`  z", ""),
        "    realm: main",
    ]
