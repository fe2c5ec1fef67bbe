"""kuke-ctr images find"""

from collections.abc import Sequence
from typing import Annotated

import typer

from kuke_ctr.commands.shared.lists import show, view_of
from kuke_ctr.commands.shared.option_table import CALLS, FORMS, RUN_PATH, list_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import NotFound
from kuke_ctr.kukeon.places import places
from kuke_ctr.names import nearest
from kuke_ctr.parse.image_patterns import (
    familiar,
    is_pattern,
    matching,
    of_any_repository,
    repository,
)
from kuke_ctr.recipes.find_images import find_images
from kuke_ctr.records import FoundImage
from kuke_ctr.session import Session

app = typer.Typer()

_SHOWN = 5


@app.command("find")
@takes(RUN_PATH, CALLS, list_options(*FORMS))
def find(
    session: Session,
    words: Annotated[
        list[str],
        typer.Argument(metavar="REF|PATTERN", help="A name, a pattern with * or ?, or a digest."),
    ],
) -> None:
    """Show in which realms and namespaces an image is.

    A name means what docker reads it as, or if nothing is called so the end of a longer name;
    without a tag, all tags. A pattern may have * and ?. A digest may be shortened. STATUS is that
    of `images check`. Exit code 3 if nothing is found.

    Examples:

        kuke-ctr images find busybox
        kuke-ctr images find '*team/app*' -o json

    Runs `ctr images ls -q` in every namespace; `ctr images ls` and `ctr images check` for what
    matches. Records: FoundImage.
    """
    view = view_of(session, FoundImage, with_realm=True)
    where, warnings = places(session.host)
    for warning in warnings:
        note(f"warning: {warning}")
    found = find_images(session.ctr, where, words)
    wider = [one for word in words for one in of_any_repository(word)]
    if not found.rows and any(matching(one, found.names) for one in wider):
        found = find_images(session.ctr, where, wider)
    errors = list(found.errors)
    if not found.rows and not errors:
        errors.append(_nowhere(session, words, found.names, len(where)))
    show(session, view, found.rows, errors)


def _nowhere(session: Session, words: Sequence[str], names: set[str], places: int) -> NotFound:
    """The error for what no namespace has: the nearest names, or how to search for a part."""
    line = session.ctr.line
    shown = ", ".join(words)
    message = f"no namespace has an image {shown} ({places} namespaces were searched)"
    if not names:
        return NotFound(message, hint=f"no namespace has any image; {line('namespaces', 'ls')}")
    word = repository(familiar(words[0])).rpartition("/")[2]
    part = f"*{word}*"
    if not is_pattern(words[0]) and any(word in name for name in names):
        return NotFound(message, hint=f"for names with this word: {line('images', 'find', part)}")
    near = nearest(familiar(words[0]), {familiar(name) for name in names})[:_SHOWN]
    everything = f"{line('images', 'find', '*')} lists all images"
    return NotFound(message, hint=f"the nearest names: {', '.join(near)}; {everything}")
