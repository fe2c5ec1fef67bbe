"""kuke-ctr help"""

import os
import sys
from typing import Annotated

import typer

from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import print_lines
from kuke_ctr.completion.table import Table
from kuke_ctr.errors import UsageError
from kuke_ctr.names import near
from kuke_ctr.pages import TOPICS, page
from kuke_ctr.pages.blocks import Block, Kind, blocks
from kuke_ctr.pages.plain import plain
from kuke_ctr.session import Session

app = typer.Typer()

_WIDEST = 100
_IN_A_PIPE = 80


@app.command("help")
@takes()
def help_command(
    session: Session,
    topic: Annotated[
        str | None,
        typer.Argument(metavar="TOPIC", help=f"{', '.join(TOPICS)}, or the words of a command."),
    ] = None,
    man: Annotated[bool, typer.Option("--man", help="Print the man page kuke-ctr(1).")] = False,
) -> None:
    """Explain realms, output, attach or debugging, or show the help of a command.

    Without a word it lists what it explains. `help images ls` is the same as `images ls --help`.

    Examples:

        kuke-ctr help realms
        kuke-ctr help --man > kuke-ctr.1

    Runs nothing.
    """
    del session
    if man:
        sys.stdout.write(_man())
    elif topic is None:
        print_lines(_list())
    elif topic in TOPICS:
        print_lines([plain(blocks(page(topic)), _width(), bold=_is_bold())])
    else:  # what is a command has become its --help before
        meant = near(topic, (*TOPICS, *(name for name, _ in Table().nouns())))
        hint = f"did you mean `kuke-ctr help {meant[0]}`?" if meant else "`kuke-ctr help` lists all"
        raise UsageError(f"there is no help about {topic!r}", hint=hint)


def _width() -> int:
    if not sys.stdout.isatty():
        return _IN_A_PIPE
    return max(40, min(_WIDEST, os.get_terminal_size(sys.stdout.fileno()).columns or _IN_A_PIPE))


def _is_bold() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _list() -> list[str]:
    """Each page with the question that it answers, and how to see more."""
    lines = []
    for topic in TOPICS:
        _, question, *_ = blocks(page(topic))
        lines.append((f"kuke-ctr help {topic}", question.text))
    lines += [
        ("kuke-ctr help images ls", "The help of a command, as `kuke-ctr images ls --help`."),
        ("kuke-ctr --help", "The commands."),
    ]
    return [plain([Block(Kind.ROW, "", cells=line) for line in lines], _width())]


def _man() -> str:
    from importlib.metadata import metadata

    from kuke_ctr.pages.man import man_page

    about = metadata("kuke-ctr")
    table = Table()
    return man_page(about["Version"], about["Summary"], table.commands(), table.shared())
