"""kuke-ctr images inspect"""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import images
from kuke_ctr.commands.images.references import no_image
from kuke_ctr.commands.shared.hints import scoped
from kuke_ctr.commands.shared.option_table import IN_REALM, document_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import print_lines, show_error
from kuke_ctr.errors import FoundWrong, KukeCtrError
from kuke_ctr.recipes.image_names import whole_refs
from kuke_ctr.records import ImageDetails
from kuke_ctr.render import Output, document, to_json, to_yaml
from kuke_ctr.session import Session

app = typer.Typer()

_NAMED = 5


@app.command("inspect")
@takes(
    IN_REALM, document_options(Output.TABLE, Output.WIDE, Output.JSON, Output.JSONL, Output.YAML)
)
def inspect(
    session: Session,
    refs: Annotated[
        list[str],
        typer.Argument(metavar="REF", help="The images, as `images ls` shows them.", min=1),
    ],
) -> None:
    """Show what an image is made of: index, manifests, configuration, and layers with exact sizes.

    Prints a tree (-o wide adds full digests, history and annotations), or with -o json or yaml one
    document, an array for several REFs; jsonl has one document a line. Exit code 5 if something is
    missing or wrong.

    Examples:

        kuke-ctr images inspect -r main docker.io/library/busybox:1.36
        kuke-ctr images inspect -r main docker.io/library/busybox:1.36 -o json

    Runs `ctr images ls name==REF`, `ctr content ls digest==DIGEST...` and `ctr content get DIGEST`,
    with every version of ctr. Records: ImageDetails.
    """
    from kuke_ctr.recipes import image_inspect

    form = session.options.output or Output.TABLE
    realm = session.realm()
    wanted = list(dict.fromkeys(whole_refs(realm.scope, refs)))
    found = images.find(realm.scope, wanted)
    there = [image for image in found if image is not None]
    details = image_inspect.inspect(realm.scope, there)
    if details:
        _print_details(details, form, several=len(wanted) > 1)
    errors: list[KukeCtrError] = []
    gone = [ref for ref, image in zip(wanted, found, strict=True) if image is None]
    if gone:
        errors.append(no_image(realm, gone, images.names(realm.scope)))
    errors += [broken(one) for one in details if not one.complete]
    sys.stdout.flush()
    for error in errors:
        show_error(scoped(error, session.options))
    if errors:
        raise typer.Exit(max(error.exit_code for error in errors))


def _print_details(details: Sequence[ImageDetails], form: Output, *, several: bool) -> None:
    if form in (Output.TABLE, Output.WIDE):
        from kuke_ctr.commands.images.inspect_tree import tree_lines

        for one in details:
            print_lines(tree_lines(one, wide=form is Output.WIDE))
        return
    documents = [document(one) for one in details]
    if form is Output.JSONL:
        print_lines(to_json(one) for one in documents)
        return
    whole = documents if several else documents[0]
    print_lines([to_yaml(whole) if form is Output.YAML else to_json(whole, indent=2)])


def broken(image: ImageDetails) -> FoundWrong:
    """The error for an image that is not complete."""
    said = [f"{digest} is missing" for digest in image.missing] + list(image.problems)
    more = [f"{len(said) - _NAMED} more"] if len(said) > _NAMED else []
    return FoundWrong(
        f"{image.ref} is incomplete: {'; '.join([*said[:_NAMED], *more])}",
        hint="pull or import it again",
    )
