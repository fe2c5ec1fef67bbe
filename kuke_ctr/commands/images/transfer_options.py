"""What pull, push, import and export share: their options, and the call with its streams."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import transfer, versions
from kuke_ctr.backends.ctr.transfer import TransferStreams, Verb
from kuke_ctr.commands.shared.ctr_flags import extra_flags
from kuke_ctr.commands.shared.lists import show
from kuke_ctr.errors import NotFound, UsageError
from kuke_ctr.processes.calls import Result
from kuke_ctr.recipes import transfers
from kuke_ctr.records import Image
from kuke_ctr.render import Output, View
from kuke_ctr.session import OpenRealm, Session
from kuke_ctr.terminals.user_terminal import is_terminal

Platforms = Annotated[
    list[str] | None,
    typer.Option("--platform", metavar="OS/ARCH", help="Only this platform; may be repeated."),
]
AllPlatforms = Annotated[bool, typer.Option("--all-platforms", help="All platforms.")]
Labels = Annotated[
    list[str] | None,
    typer.Option("--label", metavar="KEY=VALUE", help="Label for the image; may be repeated."),
]
Local = Annotated[
    bool,
    typer.Option(
        "--local", help="Transfer with ctr instead of containerd's transfer service (ctr 1.7)."
    ),
]


def run_transfer(
    realm: OpenRealm,
    verb: Verb,
    words: Sequence[str],
    names: Sequence[str],
    streams: TransferStreams,
) -> Result:
    return transfer.run(realm.scope, verb, words, names, streams=streams)


def words_of(session: Session, verb: Verb, typed: Sequence[str], local: bool) -> tuple[str, ...]:
    """The flags for ctr, --local among them where it is needed; CtrFailed for one that it lacks."""
    given = (*typed, *extra_flags(session))
    ctr = session.ctr
    versions.require_flags(ctr, ("images", verb), given)
    return (*versions.transfers_locally(ctr, ("images", verb), given, wanted=local), *given)


@contextmanager
def streams_of(
    session: Session,
    view: View,
    *,
    secret: str | None = None,
    stdin: int | None = None,
    collect: bool = False,
) -> Iterator[TransferStreams]:
    """ctr's own output: to stdout for -o raw, drawn on stderr where that is a terminal.

    ctr draws over its last lines only where its stdin is a terminal too: not while it reads an
    archive there.
    """
    streams = TransferStreams(stdin=stdin, secret=secret)
    raw = view.output is Output.RAW
    if raw and not collect:
        sys.stdout.flush()
        yield replace(streams, stdout=1)
    elif not raw and stdin is None and not session.options.quiet and is_terminal(2):
        yield replace(streams, terminal=2)
    elif collect:
        yield streams
    else:
        nowhere = transfer.nowhere()
        try:
            yield replace(streams, stdout=nowhere)
        finally:
            os.close(nowhere)


def show_images(session: Session, view: View, images: Sequence[Image]) -> None:
    if view.output is not Output.RAW:
        show(session, view, images)


def exclude_platforms(platform: Sequence[str] | None, all_platforms: bool) -> None:
    if platform and all_platforms:
        raise UsageError(
            "--platform and --all-platforms cannot be combined", hint="leave one of them out"
        )


def require_platforms(images: Sequence[Image], wanted: Sequence[str]) -> None:
    """Raise NotFound for images of which there is nothing for a platform; ctr 2.x says done."""
    for image in images:
        missing = transfers.lacking(image, wanted)
        if missing:
            raise NotFound(
                f"{image.ref} has nothing for {', '.join(missing)}; only its name is in the "
                "realm now",
                hint=f"it has {', '.join(image.platforms)}; choose one with --platform",
            )
