"""`ctr content ingest` of blobs that containerd has already, for another namespace.

containerd keeps a blob once for all namespaces. It finds the blob by the digest, and ctr then only
seeks to the end of its input: so a sparse file of exactly that size is enough, and no byte is read.
The input must be a file: a pipe and /dev/null do not seek.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from kuke_ctr.backends.ctr import content
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.tables import fetch
from kuke_ctr.errors import CtrFailed, KukeCtrError, words_of
from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.descriptors import close_all, nameless_file
from kuke_ctr.processes.shell_words import shell_line

_AT_ONCE = 64
"""How many files are open at the same time."""


@dataclass(frozen=True, slots=True)
class SharedBlob:
    """A blob to take; `key` is the name of the ingest, which nothing else has at the same time."""

    digest: str
    size: int
    key: str

    @property
    def file(self) -> str:
        """The name of its sparse file, for a line that can be pasted: ours has none."""
        return f"blob-{self.digest.partition(':')[2][:12]}"


def take(scope: Scope, blobs: Sequence[SharedBlob]) -> None:
    """Make blobs visible in a namespace, side by side.

    Raises the first failure once all have ended; CtrFailed also for a size that no file can have.
    """
    for i in range(0, len(blobs), _AT_ONCE):
        some = blobs[i : i + _AT_ONCE]
        with _sparse_files(some) as files:
            calls = [
                _call(scope, blob, file, ("--expected-digest", blob.digest))
                for blob, file in zip(some, files, strict=True)
            ]
            _tell_of_files(scope, some)
            results = scope.ctr.processes.run_all(calls)
        for result in results:
            scope.ctr.checked(result)


def finish(scope: Scope, front: str, blobs: Sequence[SharedBlob]) -> list[str]:
    """End the ingests of blobs that were begun and not committed; those keys that are still open.

    `front` is what the keys begin with. ctr can't take an ingest back. Without an expected digest
    it commits whatever is there, and as nothing refers to that blob, containerd removes it.
    `ctr content active` before and after.
    """
    began = _active(scope, front, blobs)
    if began:
        with _sparse_files(began) as files:
            scope.ctr.processes.run_all(
                [_call(scope, blob, file) for blob, file in zip(began, files, strict=True)]
            )
        began = _active(scope, front, began)
    return [blob.key for blob in began]


def _active(scope: Scope, front: str, blobs: Sequence[SharedBlob]) -> list[SharedBlob]:
    # this list takes one filter
    (answer,) = fetch(scope.ctr, content.ACTIVE, [scope.namespace], [f'ref~="^{front}"'])
    if isinstance(answer, KukeCtrError):
        raise answer
    open_ones = {row.ref for row in answer.records}
    return [blob for blob in blobs if blob.key in open_ones]


def _call(scope: Scope, blob: SharedBlob, file: int, flags: Sequence[str] = ()) -> Call:
    size = ("--expected-size", str(blob.size)) if flags else ()
    call = scope.call("content", "ingest", *flags, *size, blob.key)
    if call.far is not None:
        return call._replace(argv=("sh", "-c", _FAR, "sh", str(blob.size), *call.argv))
    return call._replace(stdin=file, reads=blob.file)


_FAR = """\
f=$(mktemp) && truncate -s "$1" "$f" || exit 1; exec 9<"$f"; rm "$f"; shift; exec "$@" <&9 9<&-"""
"""On another host the file is made there: what ssh brings cannot seek."""


def _tell_of_files(scope: Scope, blobs: Sequence[SharedBlob]) -> None:
    """The lines that make the files, in a trace and a dry run: ours have no names."""
    if scope.ctr.far is not None:
        return
    for blob in blobs:
        scope.ctr.processes.tell_of(shell_line(("truncate", "-s", str(blob.size), blob.file)))


@contextmanager
def _sparse_files(blobs: Sequence[SharedBlob]) -> Iterator[list[int]]:
    """A file for each, in memory and with nothing in it: it goes with us, however we end."""
    files: list[int] = []
    try:
        for blob in blobs:
            files.append(nameless_file())
            try:
                os.ftruncate(files[-1], blob.size)
            except (OSError, OverflowError) as error:
                why = words_of(error) if isinstance(error, OSError) else str(error)
                raise CtrFailed(f"no file can have {blob.size} bytes: {why}", ran=False) from None
        yield files
    finally:
        close_all(*files)
