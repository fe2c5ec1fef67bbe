"""kuke-ctr images copy"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, NamedTuple

import typer

from kuke_ctr.backends.ctr import content, images
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.commands.images.copy_moves import check_move, may_move, remove_source
from kuke_ctr.commands.images.kukeons_names import is_unfound, note_copied
from kuke_ctr.commands.images.progress import ShowProgress, When, progress_of
from kuke_ctr.commands.images.references import note_odd_name
from kuke_ctr.commands.images.transfer_options import AllPlatforms, Platforms, exclude_platforms
from kuke_ctr.commands.shared.confirm import CreateNamespace, Yes
from kuke_ctr.commands.shared.lists import show, view_of
from kuke_ctr.commands.shared.option_table import CALLS, FORMS, RUN_PATH, row_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import (
    CtrFailed,
    FoundWrong,
    KukeCtrError,
    NotFound,
    Reason,
    Unreadable,
    UsageError,
)
from kuke_ctr.kukeon.places import Place, places
from kuke_ctr.parse.units import in_units
from kuke_ctr.recipes.copy_archive import Archived, copy_by_archive, platform_of
from kuke_ctr.recipes.copy_blobs import Sharing, share, verify
from kuke_ctr.recipes.copy_labels import copy_labels
from kuke_ctr.recipes.copy_name import Naming
from kuke_ctr.recipes.copy_send import can_send, missing, send
from kuke_ctr.recipes.copy_source import Source, find_source, place_of
from kuke_ctr.recipes.image_parts import NotUnderstood, Parts, read_parts
from kuke_ctr.recipes.leftover_pins import remove_leftovers
from kuke_ctr.recipes.platforms import host_platform, may_run_on
from kuke_ctr.recipes.transfer_progress import imported_from_pipe
from kuke_ctr.records import FoundImage, Image
from kuke_ctr.render import View
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()

From = Annotated[
    str | None,
    typer.Option("--from", metavar="REALM", help="The realm that has it; default: any place."),
]
FromNamespace = Annotated[
    str | None,
    typer.Option("--from-namespace", metavar="NS", help="The namespace that has it."),
]
To = Annotated[
    str | None, typer.Option("--to", metavar="REALM", help="The realm that is to have it.")
]
ToNamespace = Annotated[
    str | None,
    typer.Option("--to-namespace", metavar="NS", help="The namespace, instead of a realm's."),
]
FromHost = Annotated[
    str | None,
    typer.Option("--from-host", metavar="HOST", help="The host that has it, by ssh; see --host."),
]
ToHost = Annotated[
    str | None,
    typer.Option("--to-host", metavar="HOST", help="The host that is to have it, by ssh."),
]
As = Annotated[
    str | None, typer.Option("--as", metavar="NEWREF", help="Its name there, if another one.")
]
Move = Annotated[
    bool, typer.Option("--move", help="Then remove it from --from; asks if it is in use.")
]
Force = Annotated[
    bool, typer.Option("--force", help="Let an existing name mean this image from now on.")
]
Fallback = Annotated[
    bool,
    typer.Option(
        "--fallback/--no-fallback", help="Copy by an archive if content cannot be shared."
    ),
]


@app.command("copy")
@takes(RUN_PATH, CALLS, row_options(*FORMS))
def copy(
    session: Session,
    ref: Annotated[str, typer.Argument(metavar="REF", help="A name or a digest: busybox:1.36")],
    to: To = None,
    to_namespace: ToNamespace = None,
    from_: From = None,
    from_namespace: FromNamespace = None,
    from_host: FromHost = None,
    to_host: ToHost = None,
    as_: As = None,
    platform: Platforms = None,
    all_platforms: AllPlatforms = False,
    move: Move = False,
    force: Force = False,
    fallback: Fallback = True,
    create_namespace: CreateNamespace = False,
    yes: Yes = False,
    progress: ShowProgress = When.AUTO,
) -> None:
    """Copy an image to another realm, in a fraction of a second whatever its size.

    No byte is copied and no disk is used: containerd has each blob once for all namespaces. From
    and to other hosts only content that is not there is sent. Platforms with missing content are
    skipped; with --all-platforms that is an error. Ctrl-C leaves nothing half-made. --move needs
    --from or --from-namespace, because it removes the image there.

    Examples:

        kuke-ctr images copy busybox:1.36 --to main
        kuke-ctr images copy app:dev --from-namespace moby --to main --as registry.example/app:1.0

    Runs `ctr content ingest` for each blob and `ctr images import` of an archive with no blob; if
    that fails, `ctr images export - | ctr images import -`. Records: Image.
    """
    view = view_of(session, Image)
    exclude_platforms(platform, all_platforms)
    _exclude("--from", from_, "--from-namespace", from_namespace, needed=False)
    _exclude("--to", to, "--to-namespace", to_namespace, needed=True)
    check_move(session, ref, platform, move=move, named=bool(from_ or from_namespace))
    afar = _is_afar(from_host, to_host, move=move)
    target_session = session.on_host(to_host).about(to, to_namespace)
    session = session.on_host(from_host)
    there = target_session.realm()
    again = session.ctr.line("images", "copy", ref, *_target_words(to, to_namespace, to_host))
    where = _Where(session, there, from_, from_namespace, afar)
    source = where.find(ref, again, one_name=move)
    if source.image is None:
        _only_there(session, view, source.others, as_)
        return
    image, name = source.image, _name(there, source.image, as_)
    if move:
        may_move(session, image, yes=yes)
    realm = target_session.realm(changing=True, create=create_namespace, makes=True)
    which = (image, realm, name, tuple(platform or ()))
    _copy(_Job(session, *which, fallback, move, force, progress, afar), all_platforms=all_platforms)
    if move:
        remove_source(session, image, realm.scope, name)
    _show_copied(session, view, realm, name)


class _Where(NamedTuple):
    """Where the image is looked for, and which realm is to have it."""

    session: Session
    there: OpenRealm
    realm: str | None
    namespace: str | None
    afar: bool

    def find(self, ref: str, again: str, *, one_name: bool) -> Source:
        """The image that this means; of another host also where the realm has the same name."""
        return find_source(
            self.session.ctr,
            _places(self.session, self.realm, self.namespace),
            ref,
            "" if self.afar else self.there.namespace,
            chosen=bool(self.realm or self.namespace),
            again=again,
            one_name=one_name,
        )


def _is_afar(from_host: str | None, to_host: str | None, *, move: bool) -> bool:
    """Whether the image goes from one host to another."""
    if move and (from_host or to_host):
        hint = "copy it, then remove it with `kuke-ctr images rm --host`"
        raise UsageError("--move works on one host", hint=hint)
    return from_host != to_host


def _name(there: OpenRealm, image: FoundImage, chosen: str | None) -> str:
    """The name that it gets; a note where that is an odd one."""
    if chosen is not None and not is_unfound(there, chosen):
        note_odd_name(chosen)
    return chosen or image.ref


def _show_copied(session: Session, view: View, realm: OpenRealm, name: str) -> None:
    if session.options.dry_run:
        return
    landed = [one for one in images.find(realm.scope, [name]) if one is not None]
    show(session, view, landed)
    for one in landed:
        note_copied(realm, one)


@dataclass(frozen=True, slots=True)
class _Job:
    """An image that is copied, and where it goes, under which name."""

    session: Session
    image: FoundImage
    realm: OpenRealm
    name: str
    platforms: tuple[str, ...]
    fallback: bool
    move: bool
    force: bool
    progress: When
    afar: bool = False

    @property
    def source(self) -> Scope:
        return Scope(self.session.ctr, self.image.namespace)

    @property
    def target(self) -> Scope:
        return self.realm.scope


def _copy(job: _Job, *, all_platforms: bool) -> None:
    """Copy content and labels, and say so if the target has all of it."""
    known, image = images.find_each([(job.target, job.name), (job.source, job.image.ref)])
    same = known is not None and known.digest == job.image.digest
    if known is not None and not same and not job.force:
        raise KukeCtrError(
            f"{job.realm.described} has another image of the name {job.name} "
            f"({known.digest[:19]}); nothing was changed",
            hint="--force lets the name mean this image, --as NEWREF takes another name",
        )
    remove_leftovers(job.target)
    copied = _copy_content(job, known, all_platforms=all_platforms)
    if image is not None and image.digest == job.image.digest:
        copied |= _copy_labels(job, image)
    if not copied:
        note(f"{job.realm.described} has {job.name} already; nothing was copied")


def _copy_content(job: _Job, known: Image | None, *, all_platforms: bool) -> bool:
    try:
        parts = read_parts(job.source, job.image, job.target)
    except NotUnderstood as error:
        if not job.fallback:
            raise
        _by_archive(job, error, known)
        return True
    what = _sharing(job, parts, known, all_platforms=all_platforms)
    # a move makes sure that what is there is also kept there
    if known is not None and known.digest == job.image.digest and not job.move:
        digests = {blob.digest for blob in what.blobs}
        if content.present(job.target, sorted(digests)) == digests:
            return False
    if not job.platforms:
        _note_left_out(parts, what)
    try:
        _send(job, what) if job.afar else share(what)
    except (CtrFailed, NotFound, Unreadable) as error:
        if not job.fallback:
            raise
        _by_archive(job, error, known, what)
    return True


def _send(job: _Job, what: Sharing) -> None:
    """To another host: what it lacks, in an archive; says how much that is."""
    blobs = missing(what)
    if not can_send(job.source, what, blobs):
        raise CtrFailed(f"{job.image.ref} has too many blobs to be sent one by one", ran=False)
    lacks = sum(blob.size for blob in blobs)
    whole = sum(blob.size for blob in what.blobs)
    if blobs and lacks < whole:
        note(f"{in_units(whole - lacks)} of {in_units(whole)} are there already")
    called = f"copying {job.image.ref}"
    shown = progress_of(
        job.session, job.progress, called, lambda: imported_from_pipe(unpacks=False)
    )
    send(job.source, what, blobs, shown)


def _copy_labels(job: _Job, image: Image) -> bool:
    """The image's own labels go with it, a move stops where they can't; whether any were set."""
    try:
        return copy_labels(job.source, image, job.target, job.name, force=job.force)
    except KukeCtrError as error:
        message = f"the image was copied, but not its labels: {error.message}"
        if job.move:
            raise error.but(message=f"{message}; nothing was removed") from None
        note(f"warning: {message}")
        return False


def _sharing(job: _Job, parts: Parts, known: Image | None, *, all_platforms: bool) -> Sharing:
    """What is to be shared; NotFound, FoundWrong where content that is wanted is missing."""
    runs_on = job.image.platforms
    chosen = parts.chosen(job.platforms, runs_on)
    if all_platforms and not parts.whole:
        raise NotFound(
            f"{place_of(job.image)} does not have all of {job.image.ref}: {_left_out(parts)} is "
            "incomplete",
            hint="without --all-platforms the others are copied",
            reason=Reason.MISSING_CONTENT,
        )
    if not any(part.attests is None for part in chosen):
        number = sum(len(part.missing) for part in parts.parts)
        raise FoundWrong(
            f"{job.image.ref} is incomplete in {place_of(job.image)}: {number} blobs are missing",
            hint=f"to fetch it: {job.target.line('images', 'pull', job.image.ref)}",
        )
    platforms = [part.manifest.platform for part in chosen] if parts.indexes else runs_on
    host = host_platform(job.target.ctr)
    runs = any(one is not None and may_run_on(host, one) for one in platforms)
    return Sharing(job.target, job.name, parts, chosen, known=known, runs=runs)


def _left_out(parts: Parts) -> str:
    """The platforms whose content is not all here."""
    return ", ".join(part.called for part in parts.parts if part.missing and part.attests is None)


def _note_left_out(parts: Parts, what: Sharing) -> None:
    left = _left_out(parts)
    if left:
        has = ", ".join(part.called for part in what.chosen if part.attests is None)
        note(f"note: only {has} is copied; there is no content for {left}")


def _by_archive(
    job: _Job, error: KukeCtrError, known: Image | None, what: Sharing | None = None
) -> None:
    """Copy the bytes after all, and say why; of an image in parts one platform."""
    platform = None
    if what is not None and not what.whole:
        platform = platform_of(job.target.ctr, what.chosen)
        if (job.move or len(job.platforms) > 1) and len(what.chosen) > 1:
            raise error.but(
                message=f"{error.message}; an archive of a part of the image would have only "
                f"{platform}; nothing was copied",
                hint="a copy without --move, and of one --platform, can be made by an archive",
            )
        of_it = [part for part in what.chosen if part.manifest.platform == platform]
        what = replace(what, chosen=tuple(of_it))
    of = f" (only {platform})" if platform is not None else ""
    note(error.message)
    note(f"the image is copied by an archive instead{of}")
    called = f"copying {job.image.ref}"
    shown = progress_of(
        job.session, job.progress, called, lambda: imported_from_pipe(unpacks=False)
    )
    naming = Naming(job.target, job.name, job.image.digest, known)

    def check() -> None:
        if what is not None:
            verify(what)

    copy_by_archive(Archived(job.source, job.image.ref, naming, platform, shown), check)


def _places(session: Session, realm: str | None, namespace: str | None) -> Sequence[Place]:
    if realm is None and namespace is None:
        found, warnings = places(session.host)
        for warning in warnings:
            note(f"warning: {warning}")
        return found
    source = session.about(realm, namespace).realm()
    source.require_namespace()
    return [Place(source.namespace, realm)]


def _only_there(
    session: Session, view: View, there: Sequence[FoundImage], new_name: str | None
) -> None:
    """Only the target has it: nothing is to be done, unless it is to have another name."""
    first = there[0]
    scope = Scope(session.ctr, first.namespace)
    if new_name is not None:
        tag = scope.line("images", "tag", first.ref, new_name)
        raise UsageError(f"only {place_of(first)} has {first.ref}", hint=f"a new name there: {tag}")
    if first.complete is False:
        note(f"warning: {first.ref} is {first.status} there, and no other namespace has it")
    note(f"{place_of(first)} has {first.ref} already; nothing was copied")
    if not session.options.dry_run:
        (found,) = images.find(scope, [first.ref])
        show(session, view, [found] if found is not None else [])


def _exclude(
    name: str, realm: str | None, other: str, namespace: str | None, *, needed: bool
) -> None:
    if realm is not None and namespace is not None:
        raise UsageError(f"{name} and {other} cannot be combined", hint="leave one of them out")
    if needed and realm is None and namespace is None:
        raise UsageError(
            f"{name} is missing: which realm is to have the image?", hint=f"add {name} REALM"
        )


def _target_words(realm: str | None, namespace: str | None, host: str | None) -> tuple[str, ...]:
    there = () if host is None else ("--to-host", host)
    return (*(("--to", realm) if realm else ("--to-namespace", namespace or "")), *there)
