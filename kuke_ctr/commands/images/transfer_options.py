"""What pull, push, import and export share: their options, and the call with its streams."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import transfer, versions
from kuke_ctr.backends.ctr.transfer import TransferStreams, Verb
from kuke_ctr.commands.images.progress import When, is_wanted, progress_of
from kuke_ctr.commands.shared.ctr_flags import extra_flags
from kuke_ctr.commands.shared.lists import show
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import NotFound, UsageError
from kuke_ctr.processes.calls import Result
from kuke_ctr.processes.descriptors import nameless_file
from kuke_ctr.recipes import transfers
from kuke_ctr.recipes.transfer_progress import Follows
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
    """The result of a transfer by ctr, or by nerdctl where that serves it, and can."""
    nerdctl = realm.host.nerdctl_for(f"images {verb}")
    if nerdctl is not None:
        from kuke_ctr.backends.nerdctl import transfer as of_nerdctl  # late: mostly ctr serves

        try:
            theirs = of_nerdctl.words_of(nerdctl, verb, words, names)
        except UsageError as error:
            note(f"note: {error.message}; ctr does it")
        else:
            return of_nerdctl.run(nerdctl, realm.namespace, theirs, streams)
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
    progress: When,
    what: str,
    follows: Callable[[int], Follows],
    secret: str | None,
) -> Iterator[TransferStreams]:
    """Where ctr's own progress goes: to stdout for -o raw, else to who draws our line of it.

    `what` is `pulling app:1`, `follows` gets the file that ctr draws into. Where ctr needs a
    terminal, for a password, that shows ctr's own progress.
    """
    streams = TransferStreams(secret=secret)
    if view.output is Output.RAW:
        sys.stdout.flush()
        yield replace(streams, stdout=1)
        return
    if secret is not None and is_terminal(2) and is_wanted(session, progress):
        yield replace(streams, terminal=2)
        return
    shown = is_wanted(session, progress) and secret is None
    output = nameless_file() if shown else transfer.nowhere()
    try:
        drawn = progress_of(session, progress, what, lambda: follows(output)) if shown else None
        yield replace(streams, stdout=output, meanwhile=drawn)
    finally:
        os.close(output)


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
