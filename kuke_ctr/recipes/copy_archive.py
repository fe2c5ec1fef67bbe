"""An image in another namespace by an archive: `ctr images export | ctr images import`.

This moves all bytes, and needs no content that is shared. The two ctr stand on one pipe.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kuke_ctr.backends.ctr import images, transfer, versions
from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.transfer import TransferStreams
from kuke_ctr.errors import CtrFailed, KukeCtrError
from kuke_ctr.processes.meanwhile import Meanwhile
from kuke_ctr.processes.patience import patient
from kuke_ctr.recipes.copy_name import Naming
from kuke_ctr.recipes.copy_pin import pinned
from kuke_ctr.recipes.image_parts import Part
from kuke_ctr.recipes.piped import piped
from kuke_ctr.recipes.platforms import host_platform, may_run_on
from kuke_ctr.recipes.transfers import told_what_is_left


@dataclass(frozen=True, slots=True)
class Archived:
    """What is to be copied: an image by its name here, and the name that it gets there.

    `platform` is the only one that the archive is to have (None: all of them). `meanwhile` looks
    after the import.
    """

    source: Scope
    ref: str
    naming: Naming
    platform: str | None
    meanwhile: Meanwhile | None = None

    @property
    def target(self) -> Scope:
        """Where it goes."""
        return self.naming.target


def copy_by_archive(what: Archived, check: Callable[[], None]) -> None:
    """Export, import, `check`. After a failure the name means what it meant before.

    ctr gives the image the name that it has in the archive. Another one is a tag after it, so the
    first must be free, and goes in any case. Of an import that was ended ctr's lease keeps what has
    arrived: the error says so. Raises CtrFailed where that name is not free, and what either ctr
    says; KukeCtrError where the name has got another image meanwhile.
    """
    naming = what.naming
    (source,) = images.find(what.source, [what.ref])
    if source is None or source.digest != naming.digest:  # ctr exports by name
        raise KukeCtrError(
            f"{what.ref} in namespace {what.source.namespace} is another image by now; nothing "
            "was copied",
            hint="run the same command again",
        )
    with pinned(naming.target, naming.name, naming.keeps, naming.take_back):
        if naming.name == what.ref:
            naming.begin()
            _pipe(what)
        else:
            _by_another_name(what)
        if not what.target.ctr.processes.dry_run:
            naming.check()
            check()


def _by_another_name(what: Archived) -> None:
    """Import, and tag; the archive's own name goes, unless it meant this image before."""
    target, naming = what.target, what.naming
    (there,) = images.find(target, [what.ref])
    if there is not None and there.digest != naming.digest:
        raise CtrFailed(
            f"namespace {target.namespace} has an image {what.ref} already, whose name an "
            f"archive would take before it gets the name {naming.name}",
            hint="give that image another name first, or leave --as out",
            ran=False,
        )
    own = Naming(target, what.ref, naming.digest, there)
    own.begin()
    try:
        _pipe(what)
        naming.begin()
        force = ("--force",) if naming.keeps else ()
        words = (*force, *versions.local(target.ctr), *images.positional(what.ref, naming.name))
        target.change("images", "tag", *words)
    finally:
        with patient():
            own.take_back()


def platform_of(target: Ctr, chosen: Sequence[Part]) -> str | None:
    """The one platform of an archive that is not to have all: the target's, or the first."""
    has = [part.manifest.platform for part in chosen if part.attests is None]
    wanted = host_platform(target)
    mine = [one for one in has if one is not None and may_run_on(wanted, one)]
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
        source = program if ctr.far is None else ctr.far.typed(program)
        streams = TransferStreams(stdin=archive, source=source, meanwhile=what.meanwhile)
        transfer.run(what.target, "import", into, ("-",), streams=streams)

    if ctr.processes.dry_run:
        bring(None)
        return
    with (
        told_what_is_left(what.target, local=True),
        piped(ctr.processes, program, failure, ctr.far) as archive,
    ):
        bring(archive)
