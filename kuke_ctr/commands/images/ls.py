"""kuke-ctr images"""

from collections.abc import Sequence
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import images
from kuke_ctr.commands.images.references import matched_elsewhere
from kuke_ctr.commands.shared.lists import list_realms_table
from kuke_ctr.commands.shared.option_table import EVERY_REALM, IN_REALM, list_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.recipes import residuals
from kuke_ctr.records import Image
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()

_SHOWN = 3


@app.command("ls")
@takes(IN_REALM, EVERY_REALM, list_options())
def ls(
    session: Session,
    filters: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILTER", help="Filter of ctr, for example name~=busybox"),
    ] = None,
) -> None:
    """List the images of a realm.

    Examples:

        kuke-ctr images ls -r main
        kuke-ctr images ls -A 'name~=busybox' -o json

    Runs `ctr images ls`, and `ctr images ls -q` to compare; a long list in parts. Records: Image.
    """
    if filters:
        from kuke_ctr.recipes.image_names import as_filters  # late: most lists have no filter

        filters = as_filters(filters)
    listed = list_realms_table(
        session,
        images.LS,
        Image,
        filters or (),
        when_empty=_when_empty,
        elsewhere=matched_elsewhere,
        beside=lambda realms: residuals.questions(session.host, _resolutions(realms)),
    )
    if listed:
        for one in residuals.of_listed(session.host, _resolutions(listed)):
            note(one.note(session.ctr))


def _resolutions(realms: Sequence[OpenRealm]) -> list[Resolution]:
    return [realm.resolution for realm in realms]


def _when_empty(realm: OpenRealm) -> str:
    from kuke_ctr.recipes.missing_image import to_words  # late: most realms have images
    from kuke_ctr.recipes.whereabouts import elsewhere

    here = f"{realm.described} has no images"
    found = elsewhere(realm.host, realm.namespace, "images", "ls", "-q")
    if not found:
        return here
    # what was imported without -n is in `default`: most often it is that
    ordered = sorted(found, key=lambda place: place.namespace != "default")
    there = [f"{place} has {len(found[place])}" for place in ordered]
    more = f" and {len(there) - _SHOWN} more have some" if len(there) > _SHOWN else ""
    line = realm.ctr.line
    return (
        f"{here}; {', '.join(there[:_SHOWN])}{more}: {line('images', 'find', '*')} shows them, "
        f"{line('images', 'copy', 'REF', *to_words(realm.resolution))} copies one"
    )
