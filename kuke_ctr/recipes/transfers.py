"""What surrounds a transfer: which images landed, what an interrupted one leaves, `docker save`."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from kuke_ctr.backends.ctr import content, images, leases
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.tables import fetch
from kuke_ctr.errors import CtrFailed, CtrMissing, Interrupted, KukeCtrError, NotFound, TimeLimit
from kuke_ctr.parse.references import GC_EXPIRE
from kuke_ctr.parse.transfers import parse_import
from kuke_ctr.processes.calls import Call, shown
from kuke_ctr.processes.descriptors import close_all
from kuke_ctr.processes.runner import Processes
from kuke_ctr.recipes.platforms import serves
from kuke_ctr.records import Image, Listing

_ASKING = 5.0
"""Seconds for the question what is left: somebody has just pressed Ctrl-C."""

_DOCKER_SAID = 65536
_DOCKER_ENDS = 2.0


@dataclass(frozen=True, slots=True)
class Landed:
    """The images of an import. `new` is false where all of them were there before, just so."""

    images: tuple[Image, ...]
    new: bool


def named(scope: Scope, reference: str) -> Image:
    """The record of one image; NotFound where there is none, Unreadable."""
    listing = _list(scope, f'name=="{reference}"')
    for image in listing.records:
        if image.ref == reference:
            return image
    raise NotFound(
        f"ctr reported success, but the image {reference} is not in namespace {scope.namespace}",
        hint=f"{scope.line('images', 'ls')} lists the images",
    )


def images_by_name(
    scope: Scope,
) -> dict[str, Image]:
    """The images of a namespace, as far as they can be read."""
    return {image.ref: image for image in _list(scope).records}


def landed(scope: Scope, before: Mapping[str, Image], said: bytes) -> Landed:
    """The images that an import has made or changed, or those that it found as they are.

    `said` is what ctr printed. Without any of them: no images.
    """
    listing = _list(scope)
    new = tuple(image for image in listing.records if _changed(before.get(image.ref), image))
    if new:
        return Landed(new, new=True)
    written = parse_import(said.decode(errors="surrogateescape"))
    return Landed(tuple(each for each in listing.records if written.has(each.ref)), new=False)


def _changed(before: Image | None, now: Image) -> bool:
    return before is None or (before.digest, before.labels) != (now.digest, now.labels)


def _list(scope: Scope, *filters: str) -> Listing[Image]:
    (answer,) = fetch(scope.ctr, images.LS, [scope.namespace], filters)
    if isinstance(answer, KukeCtrError):
        raise answer
    return answer


def lacking(image: Image, wanted: Sequence[str]) -> list[str]:
    """Those of the platforms that an index has nothing for; an image for one is taken as it is.

    2.x fetches nothing for such a platform, and calls it a success.
    """
    if not image.platforms or not ("index" in image.media_type or "list" in image.media_type):
        return []
    return [name for name in wanted if not any(serves(name, has) for has in image.platforms)]


@contextmanager
def told_what_is_left(
    scope: Scope,
) -> Iterator[None]:
    """An Interrupted or TimeLimit inside says what the transfer has left in the namespace."""
    began = datetime.now(UTC).replace(microsecond=0)
    try:
        yield
    except (Interrupted, TimeLimit) as error:
        scope = replace(scope, ctr=replace(scope.ctr, timeout=_ASKING))
        leave = _lease_of_ctr(scope, began)
        gives_up = f"; to give up what has arrived: {leave}" if leave is not None else ""
        raise error.but(
            message=f"{error.message}; {_left(scope)}",
            hint="run the same command again to complete it; otherwise containerd removes what is "
            f"left within a day, when the lease of ctr ends{gives_up}",
        ) from None


def _lease_of_ctr(scope: Scope, began: datetime) -> str | None:
    """The line that removes the lease of a transfer that began then; None where it can't be told.

    ctr makes it for 24 hours, and leaves it behind if it is ended.
    """
    try:
        (found,) = fetch(scope.ctr, leases.LS, [scope.namespace])
    except (KukeCtrError, KeyboardInterrupt):
        return None
    if isinstance(found, KukeCtrError):
        return None
    ours = [
        one.id
        for one in found.records
        if GC_EXPIRE in one.labels and datetime.fromisoformat(one.created_at) >= began
    ]
    return scope.line("leases", "rm", ours[0]) if len(ours) == 1 else None


def _left(
    scope: Scope,
) -> str:
    try:
        (active,) = fetch(scope.ctr, content.ACTIVE, [scope.namespace])
    except (KukeCtrError, KeyboardInterrupt):
        return "it is not known what is left, because containerd did not answer"
    if isinstance(active, KukeCtrError):
        return "it is not known what is left, because containerd did not answer"
    if not active.records:
        return "no blob is partly transferred; complete ones stay until containerd removes them"
    sizes = ", ".join(each.size for each in active.records[:5])
    blobs = "1 blob is" if len(active.records) == 1 else f"{len(active.records)} blobs are"
    return f"{blobs} partly transferred ({sizes}): {scope.line('content', 'active')}"


@contextmanager
def docker_save(processes: Processes, references: Sequence[str]) -> Iterator[int]:
    """`docker save REF...`, running: the descriptor of the archive that it writes.

    A failure of docker's is raised at the end, whatever came of the archive. Raises CtrMissing.
    """
    nothing = os.open(os.devnull, os.O_RDONLY)
    call = Call(("docker", "save", *references), timeout=None, stdin=nothing)
    try:
        pipes = processes.open_pipes(call)
    except CtrMissing as error:
        hint = "if this host has no docker, run `docker save` elsewhere and import the file"
        raise CtrMissing(error.message, hint=hint, command=error.command) from None
    finally:
        os.close(nothing)
    failed: KukeCtrError | None = None
    try:
        try:
            yield pipes.stdout
        except CtrFailed as error:  # docker's own failure tells more
            failed = error
        if failed is not None:
            with suppress(TimeLimit):
                pipes.wait(_DOCKER_ENDS)
            pipes.kill()
        exit_code = pipes.wait()
        if exit_code > 0:
            raise _docker_failed(call, os.read(pipes.stderr, _DOCKER_SAID), exit_code)
        if failed is not None:
            raise failed
    finally:
        pipes.kill()
        close_all(pipes.stdout, pipes.stderr)


def line_from_docker(
    scope: Scope,
    references: Sequence[str],
    words: Sequence[str],
) -> str:
    """What does the same in a shell: a dry run prints it."""
    call = scope.call("images", "import", *words, "-")
    return f"{shown(('docker', 'save', *references))} | {shown(call.argv)}"


def _docker_failed(call: Call, said: bytes, exit_code: int) -> CtrFailed:
    lines = said.decode(errors="replace").strip().splitlines()
    text = lines[-1] if lines else f"docker failed with exit code {exit_code}"
    return CtrFailed(
        f"docker: {text}", hint="`docker images` lists docker's images", command=call.argv
    )
