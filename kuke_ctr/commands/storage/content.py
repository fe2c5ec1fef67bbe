"""kuke-ctr content"""

import signal
import sys
from contextlib import AbstractContextManager
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import content
from kuke_ctr.commands.shared.lists import list_realms_table
from kuke_ctr.commands.shared.missing import near_names
from kuke_ctr.commands.shared.option_table import EVERY_REALM, IN_REALM, format_option, list_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.records import ActiveIngest, Blob
from kuke_ctr.render import Output
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()


@app.command("ls")
@takes(IN_REALM, EVERY_REALM, list_options())
def ls(
    session: Session,
    filters: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILTER", help="Filter of ctr, for example digest~=e60a"),
    ] = None,
) -> None:
    """List the content of a realm: manifests, configurations and layers.

    Examples:

        kuke-ctr content ls -r main
        kuke-ctr content ls -r main --sort-by -size

    Runs `ctr content ls`, and `ctr content ls -q` to compare. Records: Blob.
    """
    list_realms_table(
        session,
        content.LS,
        Blob,
        filters or (),
        when_empty=lambda realm: f"{realm.described} has no content",
    )


@app.command("active")
@takes(IN_REALM, EVERY_REALM, list_options())
def active(
    session: Session,
    chosen: Annotated[
        str | None, typer.Argument(metavar="FILTER", help="Filter of ctr, for example ref~=layer")
    ] = None,
) -> None:
    """List unfinished downloads and imports of a realm.

    Examples:

        kuke-ctr content active -r main
        kuke-ctr content active -A

    Runs `ctr content active`, whose help calls the filter a regexp. Records: ActiveIngest.
    """
    list_realms_table(
        session,
        content.ACTIVE,
        ActiveIngest,
        [chosen] if chosen is not None else (),
        when_empty=lambda realm: f"{realm.described} has no unfinished downloads or imports",
    )


@app.command("get")
@takes(IN_REALM, format_option(Output.RAW))
def get(
    session: Session,
    digest: Annotated[
        str, typer.Argument(metavar="DIGEST", help="A digest, or the beginning of one.")
    ],
) -> None:
    """Write the bytes of a blob to stdout.

    There is no time limit unless you give --timeout.

    Examples:

        kuke-ctr content get -r main sha256:e60a441b201a > blob
        kuke-ctr content get -r main e60a441b201a | head

    Runs `ctr content get DIGEST`; for a shortened digest `ctr content ls -q` first.
    """
    realm = session.realm()
    whole = content.whole_digest(realm.scope, digest)

    sys.stdout.flush()
    with near_content(realm, whole):
        limit = session.options.timeout or None
        said = content.get(realm.scope, whole, sys.stdout.fileno(), limit)
        if said.exit_code == -signal.SIGPIPE or b"broken pipe" in said.stderr:
            raise BrokenPipeError  # our reader is gone, and ctr's was the same
        realm.ctr.checked(said)


def near_content(realm: OpenRealm, digest: str) -> AbstractContextManager[None]:
    """A NotFound inside becomes one that names the digest, the realm and the nearest digests."""
    return near_names(realm, "content", [digest], lambda: content.digests(realm.scope), "content")
