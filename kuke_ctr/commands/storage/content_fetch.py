"""kuke-ctr content fetch, ingest"""

import os
import select
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import content, images
from kuke_ctr.backends.ctr.client import lines_of
from kuke_ctr.commands.images.references import is_full_name, require_full_name
from kuke_ctr.commands.images.registry_options import HostsDir, PlainHttp, SkipVerify
from kuke_ctr.commands.images.transfer_options import AllPlatforms, Labels, Platforms
from kuke_ctr.commands.shared.confirm import CreateNamespace
from kuke_ctr.commands.shared.ctr_flags import WithExtra, extra_flags, flags
from kuke_ctr.commands.shared.labels import checked_labels
from kuke_ctr.commands.shared.option_table import EXTRA, IN_REALM, NAMES
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import (
    CtrFailed,
    Forbidden,
    Interrupted,
    KukeCtrError,
    NotFound,
    UsageError,
)
from kuke_ctr.processes.calls import Result
from kuke_ctr.recipes.transfers import require_image, told_of_silence
from kuke_ctr.recipes.used_by import rooted_label
from kuke_ctr.render import escape
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()

_BLOCK = 1 << 20


@app.command("fetch", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def fetch(
    session: Session,
    ref: Annotated[str, typer.Argument(metavar="REF", help="docker.io/library/busybox:1.36")],
    platform: Platforms = None,
    all_platforms: AllPlatforms = False,
    metadata_only: Annotated[
        bool,
        typer.Option(
            "--metadata-only", help="Fetch only indexes, manifests and configurations, no layers."
        ),
    ] = False,
    label: Labels = None,
    plain_http: PlainHttp = False,
    skip_verify: SkipVerify = False,
    hosts_dir: HostsDir = None,
    user: Annotated[str | None, typer.Option("--user", "-u", hidden=True)] = None,
    create_namespace: CreateNamespace = False,
) -> None:
    """Fetch the content of an image and give it a name, without unpacking it.

    Prints the name. If the registry needs a password, use `kuke-ctr images pull`.

    Examples:

        kuke-ctr content fetch -r main docker.io/library/busybox:1.36
        kuke-ctr content fetch -r main --all-platforms docker.io/library/busybox:1.36

    Runs `ctr content fetch REF`, and `ctr images ls -q` to check the result.
    """
    if user is not None:  # a password may stand in it: it is not shown
        raise UsageError(
            "content fetch cannot sign in: everybody could read the password in --user",
            hint="`kuke-ctr images pull --user NAME --password-stdin` fetches the same content",
        )
    chosen = flags(
        platform=platform,
        all_platforms=all_platforms,
        metadata_only=metadata_only,
        label=checked_labels(label or []),
        plain_http=plain_http,
        skip_verify=skip_verify,
        hosts_dir=hosts_dir,
    )
    words = (*chosen, *extra_flags(session))
    full = is_full_name(ref)
    realm = session.realm(changing=True, create=create_namespace and full, makes=full)
    require_full_name(ref)
    said = _fetch(realm, ref, words)
    if said.planned:
        return
    listed = realm.scope.run("images", "ls", "-q", f'name=="{ref}"')
    if ref not in lines_of(listed.stdout):
        raise CtrFailed(
            f"ctr reported success, but the image {ref} is not in realm {realm.name}",
            hint="does it have an image for this platform? --all-platforms fetches all",
        )
    _require_no_page(realm, ref)
    print(escape(ref))


def _require_no_page(realm: OpenRealm, ref: str) -> None:
    """CtrFailed for a web page, which ctr calls a success; other artifacts may well be wanted."""
    image = None
    with suppress(KukeCtrError):  # the fetch has succeeded: this is only a look at the result
        (image,) = images.find(realm.scope, [ref])
    if image is not None and image.media_type.startswith("text/"):
        require_image(realm.scope, image)


def _fetch(realm: OpenRealm, ref: str, words: tuple[str, ...]) -> Result:
    """Fetch it; what goes wrong says how to go on."""
    progress = 2 if sys.stderr.isatty() else None  # stdout is for the result
    try:
        with told_of_silence(ref):
            return content.fetch(realm.scope, ref, words, progress)
    except Interrupted:
        raise Interrupted(
            "interrupted; what has arrived is kept for a day",
            hint="run the same command again to continue; "
            f"{realm.scope.line('content', 'active')} shows it",
        ) from None


Transfer = Annotated[
    str, typer.Argument(metavar="REF", help="A name for this transfer; the same name continues it.")
]
File = Annotated[
    str | None, typer.Argument(metavar="[FILE|-]", help="The file to store; - is stdin.")
]
ExpectedDigest = Annotated[
    str | None,
    typer.Option(
        "--expected-digest", metavar="DIGEST", help="Refuse the file if it has another digest."
    ),
]
ExpectedSize = Annotated[
    int | None,
    typer.Option(
        "--expected-size", metavar="BYTES", min=0, help="Refuse the file if it has another size."
    ),
]
Keep = Annotated[
    bool, typer.Option("--keep", help="Label the blob, so that containerd does not remove it.")
]


@app.command("ingest", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def ingest(
    session: Session,
    ref: Transfer,
    file: File = None,
    expected_digest: ExpectedDigest = None,
    expected_size: ExpectedSize = None,
    keep: Keep = False,
    create_namespace: CreateNamespace = False,
) -> None:
    """Store a file, or stdin, as content of a realm, and print its digest.

    Without --keep, containerd removes the blob soon, unless an image, a lease or a label refers to
    it. An empty stdin is refused without --expected-size 0.

    Examples:

        kuke-ctr content ingest -r main notes notes.txt --keep
        echo hello | kuke-ctr content ingest -r main hello -

    Runs `ctr content ingest REF`, with --keep also `ctr content label`. For the digest the file is
    read first; for a stream `ctr content ls -q` runs before and after.
    """
    if expected_digest is not None:
        content.require_whole(expected_digest)
    chosen = flags(expected_size=expected_size or None)  # 0 is any size for ctr
    extra = extra_flags(session)
    if file is None:
        file = "-"
        _note_file_as_name(ref)
    with _opened(file) as descriptor:
        if not session.options.dry_run and (file == "-" or expected_size == 0):
            _check_whether_empty(file, descriptor, expected_size)
        digest = expected_digest or _digest_of(descriptor)
        if keep and digest is None:
            raise UsageError("--keep needs the digest", hint="give --expected-digest")
        realm = session.realm(changing=True, create=create_namespace, makes=True)
        before = set() if digest or session.options.dry_run else _digests(realm)
        words = (*chosen, *flags(expected_digest=digest), *extra)
        reads = None if file == "-" else file
        bring = partial(_bring, realm, ref, words, descriptor, reads)
        if keep and digest is not None and not session.options.dry_run:
            _bring_and_keep(bring, realm, digest, descriptor)
        else:
            bring()
    if not session.options.dry_run:
        _print_new(digest, before, realm)


def _note_file_as_name(ref: str) -> None:
    """Say what was understood where the one word that was given is the name of a file."""
    with suppress(OSError):  # a name that no file can have
        if Path(ref).is_file():
            note(
                f"{ref} is used as the name REF, and stdin is read; to read the file: `... REF "
                f"{ref}`"
            )


def _bring_and_keep(
    bring: Callable[[], None], realm: OpenRealm, digest: str, descriptor: int
) -> None:
    """Label it at once: a collection may be quicker still, and then a file is brought once more."""
    is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
    start = os.lseek(descriptor, 0, os.SEEK_CUR) if is_file else 0
    for last in (not is_file, True):
        bring()
        try:
            realm.scope.change("content", "label", digest, rooted_label())
        except NotFound as error:
            if last:
                hint = "containerd removed the blob before it was labelled; run it again"
                raise error.but(hint=hint) from None
            os.lseek(descriptor, start, os.SEEK_SET)
        else:
            return


def _bring(
    realm: OpenRealm, ref: str, words: tuple[str, ...], descriptor: int, reads: str | None
) -> None:
    try:
        content.ingest(realm.scope, ref, words, descriptor, reads)
    except (KukeCtrError, Interrupted) as error:
        if error.hint is not None:
            raise
        shows = realm.scope.line("content", "active")
        raise error.but(
            hint=f"use another REF to start again; {shows} shows what is left of this transfer "
            "for a day"
        ) from None


def _print_new(digest: str | None, before: set[str], realm: OpenRealm) -> None:
    """The digest, where it is known: a stream's is the only one that was not there before."""
    if digest is None:
        new = _digests(realm) - before
        if len(new) != 1:
            note(
                "the content is stored, but its digest is not known (it existed before, or other "
                "content came at the same time); give --expected-digest to know it"
            )
            return
        digest = new.pop()
    print(digest)


def _digests(realm: OpenRealm) -> set[str]:
    return set(content.digests(realm.scope))


@contextmanager
def _opened(file: str) -> Iterator[int]:
    """A descriptor that ctr reads from."""
    if file == "-":
        if sys.stdin is None or sys.stdin.isatty():
            raise UsageError("stdin has no data", hint="name a file, or use `< FILE`")
        yield sys.stdin.fileno()
        return
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError:
        raise Forbidden(
            f"permission denied reading {file}", hint="run the same command with --sudo"
        ) from None
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None
    try:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise UsageError(f"{file} is a directory", hint="ingest needs a file")
        yield descriptor
    finally:
        os.close(descriptor)


def _check_whether_empty(file: str, descriptor: int, expected_size: int | None) -> None:
    """UsageError for nothing, mostly the output of a command that failed, and for bytes where
    --expected-size says that there are none."""
    empty = _is_empty(descriptor)
    if empty and expected_size is None:
        raise UsageError(
            "stdin is empty",
            hint="did the command before the pipe fail? if an empty blob is intended, add "
            "--expected-size 0",
        )
    if not empty and expected_size == 0:
        what = "stdin" if file == "-" else file
        raise UsageError(f"{what} is not empty, but --expected-size is 0")


def _is_empty(descriptor: int) -> bool:
    """Whether there is nothing to read; takes no byte, and waits at a pipe or a socket for one."""
    state = os.fstat(descriptor)
    if stat.S_ISREG(state.st_mode):
        return os.lseek(descriptor, 0, os.SEEK_CUR) >= state.st_size
    if stat.S_ISFIFO(state.st_mode):
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return not any(event & select.POLLIN for _, event in poll.poll())
    if stat.S_ISSOCK(state.st_mode):
        import socket

        with socket.socket(fileno=os.dup(descriptor)) as ours:
            return not ours.recv(1, socket.MSG_PEEK)
    return stat.S_ISCHR(state.st_mode) and state.st_rdev == Path(os.devnull).stat().st_rdev


def _digest_of(descriptor: int) -> str | None:
    """The digest of a file's rest, read without moving its offset; None for a stream."""
    import hashlib

    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        return None
    offset = os.lseek(descriptor, 0, os.SEEK_CUR)
    found = hashlib.sha256()
    while block := os.pread(descriptor, _BLOCK, offset):
        found.update(block)
        offset += len(block)
    return f"sha256:{found.hexdigest()}"
