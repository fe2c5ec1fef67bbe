"""kuke-ctr schema"""

from typing import Annotated

import typer

from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import print_lines
from kuke_ctr.parse.nouns import DESCRIBED, full_noun, record_of
from kuke_ctr.render import to_json
from kuke_ctr.session import Session

app = typer.Typer()


@app.command()
@takes()
def schema(
    session: Session,
    noun: Annotated[str, typer.Argument(metavar="NOUN", help=", ".join(DESCRIBED))],
) -> None:
    """Print the JSON Schema of the records of a noun.

    Examples:

        kuke-ctr schema images
        kuke-ctr schema tasks

    Runs nothing.
    """
    del session
    print_lines(
        [to_json(record_of(full_noun(noun)).model_json_schema(mode="serialization"), indent=2)]
    )
