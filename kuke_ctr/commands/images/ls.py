"""kuke-ctr images"""

from typing import Annotated

import typer

from kuke_ctr.backends.ctr import images
from kuke_ctr.backends.ctr.client import lines_of
from kuke_ctr.commands.shared.lists import list_realms_table
from kuke_ctr.commands.shared.option_table import EVERY_REALM, IN_REALM, list_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.records import Image
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()


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

    Runs `ctr images ls`, and `ctr images ls -q` to compare. Records: Image.
    """
    if filters:
        from kuke_ctr.recipes.image_names import as_filters  # late: most lists have no filter

        filters = as_filters(filters)
    listed = list_realms_table(session, images.LS, Image, filters or (), when_empty=_when_empty)
    if listed:
        from kuke_ctr.recipes import residuals  # late: the list comes first

        for one in residuals.of_listed(session.host, [realm.resolution for realm in listed]):
            note(one.note(session.ctr))


def _when_empty(realm: OpenRealm) -> str:
    here = f"{realm.described} has no images"
    if realm.namespace == "default":
        return here
    lands = "an image that is imported without -n goes to the namespace `default`"
    try:
        said = realm.ctr.run("images", "ls", "-q", namespace="default")
    except KukeCtrError:
        return f"{here}; {lands}"
    count = sum(1 for _ in lines_of(said.stdout))
    if count == 0:
        return f"{here}; {lands}, which has none either"
    return f"{here}; {lands}, which has {count}: kuke-ctr images ls --namespace default"
