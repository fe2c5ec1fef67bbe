"""An image in another namespace by an archive: `ctr images export | ctr images import`.

This moves all bytes, and needs no content that is shared. The two ctr stand on one pipe.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from kuke_ctr.backends.ctr import images, leases, transfer, versions
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.tables import fetch
from kuke_ctr.backends.ctr.transfer import TransferStreams
from kuke_ctr.errors import CtrFailed, Interrupted, KukeCtrError, NotFound, TimeLimit
from kuke_ctr.parse.references import GC_EXPIRE
from kuke_ctr.processes.meanwhile import Meanwhile
from kuke_ctr.processes.patience import patient
from kuke_ctr.recipes.image_parts import Part
from kuke_ctr.recipes.piped import piped
from kuke_ctr.recipes.platforms import host_platform

_PUTTING_IN_ORDER = 10.0
"""Seconds for each call after Ctrl-C."""


@dataclass(frozen=True, slots=True)
class Archived:
    """What is to be copied: an image by its name here, where, and under which name.

    `platform` is the only one that the archive is to have (None: all of them). `there` are the
    names that the target has already. `meanwhile` looks after the import.
    """

    source: Scope
    ref: str
    target: Scope
    name: str
    platform: str | None
    there: frozenset[str]
    meanwhile: Meanwhile | None = None


def copy_by_archive(what: Archived) -> None:
    """Export and import; an interrupted one leaves nothing but what a lease of another may keep.

    ctr gives the image the name that it has in the archive; a new name is a tag after it, so that
    must be free. Raises CtrFailed where it is not, and what either ctr says.
    """
    renamed = what.name != what.ref
    if renamed and what.ref in what.there:
        raise CtrFailed(
            f"namespace {what.target.namespace} has an image {what.ref} already, whose name an "
            f"archive would take before it gets the name {what.name}",
            hint="give that image another name first, or leave --as out",
            ran=False,
        )
    began = datetime.now(UTC).replace(microsecond=0)
    try:
        _pipe(what)
    except (Interrupted, TimeLimit):
        with patient():
            _put_in_order(what, began)
        raise
    if renamed:
        with patient():
            target = what.target
            words = (*versions.local(target.ctr), *images.positional(what.ref, what.name))
            target.change("images", "tag", *words)
            images.remove(target, what.ref)


def platform_of(chosen: Sequence[Part]) -> str | None:
    """The one platform of an archive that is not to have all: this host's, or the first."""
    has = [part.manifest.platform for part in chosen if part.attests is None]
    here = host_platform()
    mine = [one for one in has if one is not None and (one == here or one.startswith(f"{here}/"))]
    return next(iter([*mine, *has]), None)


def _pipe(what: Archived) -> None:
    ctr = what.source.ctr
    flags = ["--all-platforms"] if what.platform is None else ["--platform", what.platform]
    out = versions.transfers_locally(ctr, ("images", "export"), flags, wanted=False)
    words = ("images", "export", *out, *flags, "-", what.ref)
    program = ctr.argv(*words, namespace=what.source.namespace)
    local = versions.transfers_locally(ctr, ("images", "import"), flags, wanted=True)
    into = (*local, "--no-unpack", *flags)

    def failure(said: str) -> CtrFailed:
        return CtrFailed(f"the export failed: {said.removeprefix('ctr: ')}", command=program)

    def bring(archive: int | None) -> None:
        streams = TransferStreams(stdin=archive, source=program, meanwhile=what.meanwhile)
        transfer.run(what.target, "import", into, ("-",), streams=streams)

    if ctr.processes.dry_run:
        bring(None)
        return
    with piped(ctr.processes, program, failure) as archive:
        bring(archive)


def _put_in_order(what: Archived, began: datetime) -> None:
    """Remove the lease of an import that was ended, and with it the blobs that have arrived."""
    ctr = replace(what.target.ctr, timeout=_PUTTING_IN_ORDER, change_timeout=_PUTTING_IN_ORDER)
    target = Scope(ctr, what.target.namespace)
    with suppress(KukeCtrError):
        (found,) = fetch(ctr, leases.LS, [target.namespace])
        if isinstance(found, KukeCtrError):
            return
        ours = [
            one.id
            for one in found.records
            if GC_EXPIRE in one.labels and datetime.fromisoformat(one.created_at) >= began
        ]
        if len(ours) == 1:  # with others beside it, nobody knows whose is whose
            with suppress(NotFound):
                leases.remove(target, ours[0], ("--sync",))
