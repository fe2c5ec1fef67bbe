"""`ctr content`."""

import re
from collections.abc import Sequence

from kuke_ctr.backends.ctr import filters
from kuke_ctr.backends.ctr.client import Ctr, lines_of
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.tables import ListCall
from kuke_ctr.backends.ctr.tables import read as table_of
from kuke_ctr.errors import NotFound, UsageError
from kuke_ctr.parse.content import parse_active, parse_content
from kuke_ctr.processes.calls import Result, mask

LS = ListCall(
    ("content", "ls"), parse_content, name_of=lambda blob: blob.digest, filter_by=filters.CONTENT
)
ACTIVE = ListCall(("content", "active"), parse_active, filter_by=filters.ACTIVE)

_AT_ONCE = 200
_WHOLE = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")
_PART = re.compile(r"(?:sha\d+:)?[0-9a-f]{4,127}")


def digests(
    scope: Scope,
) -> list[str]:
    """The digests of a namespace (`ctr content ls -q`); a probe, it runs in a dry run too."""
    said = scope.run("content", "ls", "-q", probe=True)
    return [line for line in lines_of(said.stdout) if line]


def whole_digest(scope: Scope, text: str) -> str:
    """The digest that a text means: a whole one, or the front of one as the tables show it.

    UsageError for what is no digest or means several, NotFound.
    """
    if _WHOLE.fullmatch(text):
        return text
    if not _PART.fullmatch(text):
        raise _no_digest(text)
    front = text if ":" in text else f"sha256:{text}"
    found = [digest for digest in digests(scope) if digest.startswith(front)]
    if not found:
        raise NotFound(
            f"no content in namespace {scope.namespace} has a digest that begins with {text}",
            hint=f"{scope.line('content', 'ls')} lists the content",
        )
    if len(found) > 1:
        raise UsageError(f"{text} matches {len(found)} digests", hint=", ".join(found[:5]))
    return found[0]


def require_whole(text: str) -> None:
    """Raise UsageError for what is no whole digest."""
    if not _WHOLE.fullmatch(text):
        raise _no_digest(text)


def _no_digest(text: str) -> UsageError:
    return UsageError(
        f"{text!r} is not a digest or the beginning of one", hint="for example sha256:e60a441b201a"
    )


def get(scope: Scope, digest: str, descriptor: int, timeout: float | None) -> Result:
    """`ctr content get DIGEST`: its bytes go to the descriptor; any exit code is a result."""
    call = scope.call("content", "get", digest)
    return scope.ctr.processes.run(call._replace(stdout=descriptor, timeout=timeout))


def present(scope: Scope, wanted: Sequence[str]) -> set[str]:
    """Those of the digests that are in a namespace (`ctr content ls -q digest==...`).

    Probes, they run in a dry run too.
    """
    calls = [
        scope.call("content", "ls", "-q", *_filters(some), probe=True) for some in _chunks(wanted)
    ]
    results = scope.ctr.processes.run_all(calls)
    return {line for one in results for line in lines_of(scope.ctr.checked(one).stdout)} & {*wanted}


def sizes(scope: Scope, wanted: Sequence[str]) -> dict[str, int | None]:
    """Digest -> bytes, for those that are in a namespace (`ctr content ls digest==...`).

    ctr rounds the bytes; they are None where the row can't be read. Probes.
    """
    calls = [
        scope.call(*words, *_filters(some), probe=True)
        for some in _chunks(wanted)
        for words in (LS.words, (*LS.words, "-q"))
    ]
    results = [scope.ctr.checked(one) for one in scope.ctr.processes.run_all(calls)]
    named = {line for one in results[1::2] for line in lines_of(one.stdout)}
    rows = (blob for one in results[::2] for blob in table_of(scope.ctr, LS, one).records)
    found: dict[str, int | None] = dict.fromkeys(digest for digest in wanted if digest in named)
    found.update({blob.digest: blob.size_bytes for blob in rows if blob.digest in found})
    return found


def documents(ctr: Ctr, wanted: Sequence[tuple[str, str]]) -> list[Result]:
    """`ctr content get DIGEST` of small blobs, (namespace, digest) each, side by side.

    Probes, they run in a dry run too; any exit code is a result.
    """
    return ctr.processes.run_all(
        [
            ctr.call("content", "get", digest, namespace=namespace, probe=True)
            for namespace, digest in wanted
        ]
    )


def read(scope: Scope, wanted: Sequence[str]) -> list[bytes | None]:
    """The bytes of blobs (`ctr content get DIGEST`), side by side; None for one that is gone.

    Probes. Look at `sizes` first: they are read into memory.
    """
    said = documents(scope.ctr, [(scope.namespace, digest) for digest in wanted])
    return [_bytes(scope.ctr, result) for result in said]


def _bytes(ctr: Ctr, result: Result) -> bytes | None:
    try:
        return ctr.checked(result).stdout
    except NotFound:
        return None


def _chunks(digests: Sequence[str]) -> list[Sequence[str]]:
    """The digests in groups that an argv has room for."""
    return [digests[i : i + _AT_ONCE] for i in range(0, len(digests), _AT_ONCE)]


def _filters(digests: Sequence[str]) -> list[str]:
    return [f"digest=={digest}" for digest in digests]


def ingest(
    scope: Scope, ref: str, flags: Sequence[str], descriptor: int, reads: str | None = None
) -> Result:
    """`ctr content ingest REF`, which reads the descriptor: the file `reads`."""
    call = scope.call("content", "ingest", *flags, ref)
    call = call._replace(stdin=descriptor, reads=reads, timeout=scope.ctr.change_timeout)
    return scope.ctr.checked(scope.ctr.processes.run(call))


def fetch(scope: Scope, ref: str, flags: Sequence[str], progress: int | None) -> Result:
    """`ctr content fetch REF`; its progress goes to the descriptor, or nowhere."""
    call = scope.call("content", "fetch", *flags, ref)
    said = scope.ctr.processes.run(call._replace(stdout=progress, timeout=scope.ctr.change_timeout))
    return scope.ctr.checked(said)


def remove(scope: Scope, digest: str, flags: Sequence[str] = ()) -> Result:
    """`ctr content rm DIGEST`; NotFound where ctr, which then says nothing, removed nothing."""
    said = scope.change("content", "rm", *flags, digest)
    if not said.planned and digest not in lines_of(said.stdout):
        raise NotFound(
            f"no content in namespace {scope.namespace} has the digest {digest}",
            hint=f"{scope.line('content', 'ls')} lists the content",
            command=mask(said.argv),
        )
    return said
