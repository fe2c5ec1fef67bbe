"""kuke-ctr containers"""

from typing import Annotated

import typer

from kuke_ctr.backends.ctr import containers
from kuke_ctr.commands.shared.container_argument import one_container
from kuke_ctr.commands.shared.json_document import print_document
from kuke_ctr.commands.shared.lists import list_realms_table
from kuke_ctr.commands.shared.missing import near_containers
from kuke_ctr.commands.shared.option_table import (
    EVERY_REALM,
    IN_REALM,
    document_options,
    list_options,
)
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.short_ids import by_id
from kuke_ctr.processes.calls import Result
from kuke_ctr.records import Container
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()


@app.command("ls")
@takes(IN_REALM, EVERY_REALM, list_options())
def ls(
    session: Session,
    filters: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILTER", help="Filter of ctr, for example id~=web"),
    ] = None,
) -> None:
    """List the containers of a realm.

    -o wide, json, jsonl, yaml and csv have more than the table: state, Kukeon's cell, creation
    time, labels. Creation time and labels cost a call for each container; --columns leaves out
    what you do not need.

    Examples:

        kuke-ctr containers ls -r main
        kuke-ctr containers ls -A -o wide

    Runs `ctr containers ls`; for more columns `ctr tasks ls` and `ctr containers info` of each.
    Records: Container.
    """
    list_realms_table(
        session,
        containers.LS,
        Container,
        filters or (),
        when_empty=lambda realm: f"{realm.described} has no containers",
        more=OpenRealm.with_details,
    )


@app.command("info")
@takes(IN_REALM, document_options())
def info(
    session: Session,
    name: Annotated[str, one_container()],
    spec: Annotated[bool, typer.Option("--spec", help="Print only the OCI spec.")] = False,
    show_secrets: Annotated[
        bool, typer.Option("--show-secrets", help="Show values that came from a Kukeon Secret.")
    ] = False,
) -> None:
    """Show all that containerd knows about a container, as one document.

    In the environment of a Kukeon container `***` stands for the value of a Secret; the record of
    its cell says which they are. Without a record all values are masked that may be one. -o raw is
    what ctr prints, with all values.

    Examples:

        kuke-ctr containers info -r main web
        kuke-ctr containers info -r main web --spec -o yaml

    Runs `ctr containers info CONTAINER`.
    """
    realm = session.realm()

    def ask(one: str) -> Result:
        with near_containers(realm, one):
            return containers.info(realm.scope, one, spec=spec)

    said = by_id(realm, name, ask)
    hides = None
    if not (show_secrets or said.planned):
        from kuke_ctr.commands.containers.secrets import hiding

        text = said.stdout.decode(errors="surrogateescape")
        hides = hiding(session, realm, said.argv[-1], text)
    print_document(session, said, hides=hides)
