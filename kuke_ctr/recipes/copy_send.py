"""An image to another host: what that one lacks, and the image's name, in one archive.

sh on the host that has the image writes the archive, blob by blob (`ctr content get`); it goes
through this host into `ctr images import` of the other one, and is nowhere a file. What the other
namespace has already is not sent: an import needs only what is not there.
"""

import re
import shlex
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence

from kuke_ctr.backends.ctr import content, transfer, versions
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.shared_blobs import SharedBlob
from kuke_ctr.backends.ctr.transfer import TransferStreams
from kuke_ctr.errors import CtrFailed
from kuke_ctr.processes.meanwhile import Meanwhile
from kuke_ctr.recipes.copy_blobs import Sharing, label, verify
from kuke_ctr.recipes.copy_name import archive_documents
from kuke_ctr.recipes.copy_pin import pinned
from kuke_ctr.recipes.piped import piped
from kuke_ctr.recipes.transfers import told_what_is_left

_BLOCK = tarfile.BLOCKSIZE
_LONGEST_SCRIPT = 100_000
"""Characters: one word of a command line may have 128 KiB, and this one is quoted in it."""

_ZEROS = 'z() { head -c "$1" /dev/zero; }\n'


def missing(what: Sharing) -> list[SharedBlob]:
    """The blobs that the target's namespace does not have."""
    blobs = what.blobs
    here = content.present(what.target, sorted(blob.digest for blob in blobs))
    return [blob for blob in blobs if blob.digest not in here]


def can_send(source: Scope, what: Sharing, blobs: Sequence[SharedBlob]) -> bool:
    """Whether sh can be told on one command line to write the archive."""
    return len(_script(source, what, blobs)) <= _LONGEST_SCRIPT


def send(
    source: Scope, what: Sharing, blobs: Sequence[SharedBlob], meanwhile: Meanwhile | None
) -> None:
    """Send these blobs, give the image its name, and check it there.

    After a failure the name means what it meant before, and what has arrived is collected by
    containerd. Raises what either ctr says, and KukeCtrError where the name has got another image
    meanwhile.
    """
    naming = what.naming
    kept = [*(blob.digest for blob in what.blobs), *naming.keeps]
    with pinned(what.target, what.name, kept, naming.take_back):
        naming.begin()
        _pipe(source, what, blobs, meanwhile)
        if not what.whole:
            label(what)
        if not what.target.ctr.processes.dry_run:
            verify(what)


def _pipe(
    source: Scope, what: Sharing, blobs: Sequence[SharedBlob], meanwhile: Meanwhile | None
) -> None:
    far = source.ctr.far
    program = ("sh", "-c", _script(source, what, blobs))
    shown = program if far is None else (*far.words, shlex.join(program))
    flags = ("--no-unpack", *what.flags)
    local = versions.transfers_locally(what.target.ctr, ("images", "import"), flags, wanted=True)

    def failure(said: str) -> CtrFailed:
        return CtrFailed(f"reading the image failed: {said.removeprefix('ctr: ')}", command=shown)

    def bring(archive: int | None) -> None:
        streams = TransferStreams(stdin=archive, source=shown, meanwhile=meanwhile)
        transfer.run(what.target, "import", (*local, *flags), ("-",), streams=streams)

    if source.ctr.processes.dry_run:
        bring(None)
        return
    with (
        told_what_is_left(what.target, local=True),
        piped(source.ctr.processes, program, failure, far) as archive,
    ):
        bring(archive)


def _script(source: Scope, what: Sharing, blobs: Sequence[SharedBlob]) -> str:
    """What sh does to write the archive."""

    def get(digest: str) -> str:
        argv = source.ctr.argv("content", "get", digest, namespace=source.namespace)
        return f"{shlex.join(argv)} || exit 1"

    documents = archive_documents(what.name, what.parts.top)
    return _ZEROS + "\n".join(_entries(documents, blobs, get))


def _entries(
    documents: Mapping[str, str], blobs: Sequence[SharedBlob], get: Callable[[str], str]
) -> Iterator[str]:
    for name, text in documents.items():
        yield from _entry(name, len(text), f"printf %s {shlex.quote(text)}")
    for blob in blobs:
        algorithm, _, encoded = blob.digest.partition(":")
        yield from _entry(f"blobs/{algorithm}/{encoded}", blob.size, get(blob.digest))
    yield f"z {2 * _BLOCK}"


def _entry(name: str, size: int, content: str) -> Iterator[str]:
    entry = tarfile.TarInfo(name)
    entry.size = size
    yield from _printed(entry.tobuf(tarfile.GNU_FORMAT))
    yield content
    if size % _BLOCK:
        yield f"z {_BLOCK - size % _BLOCK}"


def _printed(data: bytes) -> Iterator[str]:
    """sh that prints these bytes, long runs of zeros in short."""
    for zeros, text in re.findall(rb"(\x00{8,})|((?:(?!\x00{8}).)+)", data, re.DOTALL):
        yield f"z {len(zeros)}" if zeros else f"printf %b '{''.join(map(_escaped, text))}'"


def _escaped(byte: int) -> str:
    char = chr(byte)
    return char if char.isascii() and (char.isalnum() or char in " ./:-_") else f"\\0{byte:03o}"
