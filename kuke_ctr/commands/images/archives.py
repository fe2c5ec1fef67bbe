"""kuke-ctr images import, export"""

import os
import stat
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import versions
from kuke_ctr.backends.ctr.transfer import TransferStreams
from kuke_ctr.commands.images.kukeons_names import note_unfound
from kuke_ctr.commands.images.progress import ShowProgress, When, progress_of
from kuke_ctr.commands.images.references import near_refs
from kuke_ctr.commands.images.transfer_options import (
    AllPlatforms,
    Labels,
    Local,
    Platforms,
    exclude_platforms,
    require_platforms,
    run_transfer,
    show_images,
    words_of,
)
from kuke_ctr.commands.shared.confirm import CreateNamespace
from kuke_ctr.commands.shared.ctr_flags import WithExtra, flags
from kuke_ctr.commands.shared.json_document import print_bytes
from kuke_ctr.commands.shared.labels import checked_labels
from kuke_ctr.commands.shared.lists import show, view_of
from kuke_ctr.commands.shared.option_table import EXTRA, FORMS, IN_REALM, row_options
from kuke_ctr.commands.shared.options import Snapshotter, takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import NotFound, UsageError
from kuke_ctr.parse.units import in_units
from kuke_ctr.processes.calls import Result
from kuke_ctr.recipes import transfers
from kuke_ctr.recipes.archive_look import (
    ArchiveLook,
    hint_for_names,
    left_out,
    look_at,
    owner_who_may_change,
    unpacker,
)
from kuke_ctr.recipes.image_names import whole_refs
from kuke_ctr.recipes.piped import docker_save, unpacked
from kuke_ctr.recipes.transfer_progress import exported, imported, imported_from_pipe
from kuke_ctr.recipes.transfers import Landed
from kuke_ctr.records import Archive, Image
from kuke_ctr.render import Output, View
from kuke_ctr.session import OpenRealm, Session
from kuke_ctr.terminals.user_terminal import is_terminal

app = typer.Typer()


Source = Annotated[
    str | None,
    typer.Argument(metavar="FILE", help="An image archive (OCI or Docker); - is stdin."),
]
FromDocker = Annotated[
    list[str] | None,
    typer.Option(
        "--from-docker",
        metavar="IMAGE",
        help="Import this image from Docker on this host (`docker save IMAGE`); may be repeated.",
    ),
]
BaseName = Annotated[
    str | None,
    typer.Option(
        "--base-name",
        metavar="NAME",
        help="For archives that have only tags: name the images NAME:TAG.",
    ),
]
Digests = Annotated[
    bool, typer.Option("--digests", help="Also give each image a name with its digest.")
]
IndexName = Annotated[
    str | None,
    typer.Option("--index-name", metavar="NAME", help="Give the archive's index this name."),
]
Platform = Annotated[
    str | None, typer.Option("--platform", metavar="OS/ARCH", help="Import only this platform.")
]
Unpack = Annotated[
    bool, typer.Option("--unpack/--no-unpack", help="Unpack the images now, or later.")
]
DiscardLayers = Annotated[
    bool,
    typer.Option(
        "--discard-unpacked-layers", help="Let containerd remove layers after they are unpacked."
    ),
]


@app.command("import", cls=WithExtra)
@takes(IN_REALM, row_options(), EXTRA)
def import_(
    session: Session,
    file: Source = None,
    from_docker: FromDocker = None,
    base_name: BaseName = None,
    digests: Digests = False,
    index_name: IndexName = None,
    platform: Platform = None,
    all_platforms: AllPlatforms = False,
    unpack: Unpack = True,
    snapshotter: Snapshotter = None,
    label: Labels = None,
    discard_unpacked_layers: DiscardLayers = False,
    local: Local = False,
    create_namespace: CreateNamespace = False,
    progress: ShowProgress = When.AUTO,
) -> None:
    """Import the images of an archive.

    Prints the images that are new or changed; if there are none, those of the archive. Exit code 3
    if nothing was imported. An archive that is compressed (gzip, zstd, xz, bzip2) is unpacked on
    the way. The namespace is created if a flag, a manifest, a record or the settings named it.
    A note names the images that Kukeon would look for under another name. What follows `--` is
    passed to ctr.

    Examples:

        kuke-ctr images import -r main app.tar
        kuke-ctr images import -r main --from-docker app:1.0

    Runs `ctr images import FILE`. Records: Image.
    """
    view = view_of(session, Image)
    _check_source(file, from_docker)
    exclude_platforms([platform] if platform else None, all_platforms)
    realm = session.realm(changing=True, create=create_namespace, makes=True)
    typed = flags(
        base_name=base_name,
        digests=digests,
        index_name=index_name,
        platform=platform,
        all_platforms=all_platforms,
        no_unpack=not unpack,
        snapshotter=snapshotter,
        label=checked_labels(label or []),
        discard_unpacked_layers=discard_unpacked_layers,
    )
    words = words_of(session, "import", typed, local)
    wish = _Wish(file, from_docker or (), platform, unpack, words, progress)
    _bring(session, realm, view, wish)


@app.command("export", cls=WithExtra)
@takes(IN_REALM, row_options(*FORMS), EXTRA)
def export(
    session: Session,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The archive to write; - is stdout.")],
    images: Annotated[
        list[str], typer.Argument(metavar="IMAGE", help="The images, as `images ls` shows them.")
    ],
    platform: Platforms = None,
    all_platforms: AllPlatforms = False,
    local: Local = False,
    progress: ShowProgress = When.AUTO,
) -> None:
    """Write images into an archive.

    The file is created only when it is complete: a failed export leaves no file, and an older file
    unchanged. Exit code 3 if the realm does not have the image. What follows `--` is passed to ctr.

    Examples:

        kuke-ctr images export -r main app.tar docker.io/library/busybox:1.36
        kuke-ctr images export -r main - docker.io/library/busybox:1.36 > app.tar

    Runs `ctr images export - IMAGE...`. Records: Archive.
    """
    view = view_of(session, Archive)
    exclude_platforms(platform, all_platforms)
    if file == "-":
        _require_stdout(session)
    realm = session.realm()
    images = whole_refs(realm.scope, images)
    realm_words = words_of(
        session, "export", flags(platform=platform, all_platforms=all_platforms), local
    )

    def write(descriptor: int) -> Result:
        named = None if file == "-" else file
        shown = progress_of(session, progress, _exporting(images), lambda: exported(descriptor))
        streams = TransferStreams(
            stdout=descriptor, called=named or "stdout", writes=named, meanwhile=shown
        )
        with near_refs(realm, images):
            return run_transfer(realm, "export", realm_words, ("-", *images), streams)

    if file == "-" or session.options.dry_run:
        sys.stdout.flush()
        write(1)
        return
    from kuke_ctr.recipes.whole_file import whole_or_nothing

    with whole_or_nothing(Path(file)) as descriptor:
        write(descriptor)
        size = os.fstat(descriptor).st_size
    archive = Archive(
        path=file, size=in_units(size), size_bytes=size, images=tuple(dict.fromkeys(images))
    )
    show(session, view, [archive])


def _exporting(images: Sequence[str]) -> str:
    return f"exporting {images[0] if len(images) == 1 else f'{len(images)} images'}"


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is to be imported: a file, or images of Docker's; `words` are the flags for ctr.

    `unpack`: ctr unpacks it too. `progress` says whether its progress is shown.
    """

    file: str | None
    from_docker: Sequence[str]
    platform: str | None
    unpack: bool
    words: Sequence[str]
    progress: When

    @property
    def called(self) -> str:
        """For the progress: `importing app.tar`."""
        if self.file is None:
            return f"importing {', '.join(self.from_docker)} from docker"
        return f"importing {'stdin' if self.file == '-' else Path(self.file).name}"


def _bring(session: Session, realm: OpenRealm, view: View, wish: _Wish) -> None:
    """Import, and tell what came of it."""
    look = look_at(wish.file) if wish.file not in (None, "-") else ArchiveLook()
    before = transfers.Before() if session.options.dry_run else transfers.before(realm.scope)
    with (
        transfers.told_what_is_left(realm.scope, local="--local" in wish.words),
        transfers.told_which_names_stay(realm.scope, before),
    ):
        if wish.file is not None:
            result = _import(session, realm, wish, wish.file, look)
        else:
            result = _import_from_docker(session, realm, wish)
    if result.planned:
        return
    if view.output is Output.RAW:
        print_bytes(result)
    found = transfers.landed(realm.scope, before, result.stdout, look.names.names)
    if found.images:
        _show_landed(session, view, found, wish.platform)
        _tell_of_nameless(look, wish.words)
        note_unfound(realm, found.images, found.named)
    else:
        _nothing_landed(realm, wish.unpack, wish.words, look)


def _show_landed(session: Session, view: View, found: Landed, platform: str | None) -> None:
    if not found.new:
        note(_not_new(found))
    show_images(session, view, found.images)
    require_platforms(found.images, [platform] if platform else [])


def _import(
    session: Session, realm: OpenRealm, wish: _Wish, file: str, look: ArchiveLook
) -> Result:
    """Import a file, or stdin; a program unpacks what this ctr cannot read."""
    compression = unpacker(realm.scope, look, wish.words)
    name = f"./{file}" if file.startswith("-") and file != "-" else file
    if compression is not None and file != "-":
        program = (*compression.words, name)
        opened = unpacked(session.ctr.processes, program, file)
        return _import_from(session, realm, wish, program, opened)
    streams = TransferStreams(
        stdin=0 if file == "-" else None,
        meanwhile=progress_of(
            session, wish.progress, wish.called, lambda: imported(file, unpacks=wish.unpack)
        ),
    )
    if realm.ctr.far is not None and file != "-":  # the file is here, and ctr is not
        with Path(file).open("rb") as opened_here:
            sent = replace(streams, stdin=opened_here.fileno(), reads=name)
            return run_transfer(realm, "import", wish.words, ("-",), sent)
    return run_transfer(realm, "import", wish.words, (name,), streams)


def _import_from_docker(session: Session, realm: OpenRealm, wish: _Wish) -> Result:
    program = ("docker", "save", *wish.from_docker)
    opened = docker_save(session.ctr.processes, program)
    return _import_from(session, realm, wish, program, opened)


def _import_from(
    session: Session,
    realm: OpenRealm,
    wish: _Wish,
    program: tuple[str, ...],
    opened: AbstractContextManager[int],
) -> Result:
    """Import what a program prints; a dry run does not start it."""
    with ExitStack() as stack:
        streams = TransferStreams(
            stdin=None if session.options.dry_run else stack.enter_context(opened),
            source=program,
            meanwhile=progress_of(
                session, wish.progress, wish.called, lambda: imported_from_pipe(unpacks=wish.unpack)
            ),
        )
        return run_transfer(realm, "import", wish.words, ("-",), streams)


def _not_new(found: Landed) -> str:
    if not found.blobs:
        return "nothing is new; the realm already had these images"
    blobs = "1 blob was" if found.blobs == 1 else f"{found.blobs} blobs were"
    return f"the realm already had these images; {blobs} missing, and came back"


def _tell_of_nameless(look: ArchiveLook, words: Sequence[str]) -> None:
    """ctr imports what has a name, and says nothing of the rest."""
    text = left_out(look.names)
    if text is not None and not {"--digests", "--index-name"} & {*words}:
        note(f"note: {text}")


def _check_source(file: str | None, from_docker: Sequence[str] | None) -> None:
    if (file is None) == (not from_docker):
        raise UsageError(
            "import needs one source: a file, - for stdin, or --from-docker IMAGE",
            hint="for example: kuke-ctr images import app.tar",
        )
    for name in from_docker or ():
        if name.startswith("-"):
            raise UsageError(f"{name} is not the name of an image", hint="--from-docker IMAGE")
    if file == "-":
        if is_terminal(0):
            raise UsageError(
                "stdin is a terminal, not an archive", hint="use `< FILE`, or name the file"
            )
        return
    if file is None:
        return
    try:
        found = os.stat(file)  # noqa: PTH116 (a name as it was typed)
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(
            f"the file {file} does not exist", hint="import needs an image archive"
        ) from None
    except OSError:
        return  # ctr may be allowed to, or can say it better
    if stat.S_ISDIR(found.st_mode):
        raise UsageError(
            f"{file} is a directory",
            hint="for an image directory: `tar -C FOLDER -c . | kuke-ctr images import -`",
        )
    owner = owner_who_may_change(found)
    if owner is not None:
        note(f"note: {file} belongs to {owner}, who can change it while it is imported")


def _require_stdout(session: Session) -> None:
    """Raise UsageError where stdout can't be the archive, or is to be something else too."""
    if is_terminal(1):
        raise UsageError(
            "refusing to write an archive to a terminal",
            hint="name a file, or redirect stdout with > FILE",
        )
    if session.options.output is not None or session.options.quiet:
        raise UsageError("with FILE -, stdout is the archive", hint="leave -o and -q out")


def _nothing_landed(
    realm: OpenRealm, unpack: bool, words: Sequence[str], look: ArchiveLook
) -> None:
    """Tell that an import which ctr calls done has brought nothing."""
    if not unpack and ("--local" in words or versions.client(realm.ctr) < (2,)):
        note(  # this ctr names what it unpacks, and nothing else
            "warning: nothing is new: the realm already had everything, or nothing in the "
            "archive matches"
        )
        return
    raise NotFound(
        f"ctr reported success, but no image of the archive is in {realm.described}",
        hint=hint_for_names(look.names, words),
    )
