"""`ctr images pull`, `push`, `import`, `export`: how they are run, and what their failures mean."""

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.failures import failure_of, message_of
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import CtrFailed, KukeCtrError, NotFound
from kuke_ctr.processes.calls import Call, Result, mask

Verb = Literal["pull", "push", "import", "export"]

CREDENTIALS = (
    "--user NAME asks for the password; --realm-credentials uses those of the realm's record"
)
_REFUSED = "the registry refused this user name and password"

# what ctr's message holds -> the error it is, and the hint; the first that fits
_KNOWN: tuple[tuple[str, type[KukeCtrError], str], ...] = (
    (
        "server gave HTTP response to HTTPS client",
        CtrFailed,
        "this registry uses http; add --plain-http if you trust the network to it",
    ),
    (
        "x509:",
        CtrFailed,
        "--tlscacert FILE (pull, push) names the CA that signed its certificate; --skip-verify "
        "accepts any certificate",
    ),
    (
        "dial tcp",
        CtrFailed,
        "is the registry running, and are its host name and port correct?",
    ),
    ("401 Unauthorized", CtrFailed, CREDENTIALS),
    ("authorization failed", CtrFailed, CREDENTIALS),
    ("access denied", CtrFailed, CREDENTIALS),
    ("403 Forbidden", CtrFailed, "this user has no permission to do this in this repository"),
    (
        "400 Bad Request",
        CtrFailed,
        "if this registry uses https, leave --plain-http out",
    ),
    (
        "object required",
        CtrFailed,
        "ctr needs the full name, for example docker.io/library/busybox:latest instead of busybox",
    ),
    (
        "invalid reference format",
        CtrFailed,
        "write REGISTRY/REPOSITORY:TAG, for example docker.io/library/busybox:1.36",
    ),
    (
        "no match for platform",
        NotFound,
        "ctr has kept the image's name in the realm; `kuke-ctr images inspect` shows the "
        "platforms of the image",
    ),
    (
        "no manifest found for platform",
        NotFound,
        "`kuke-ctr images inspect` shows the platforms of the image",
    ),
    (
        "image might be filtered out",
        NotFound,
        "the archive has no image for this platform; --all-platforms imports the others too",
    ),
    ("failed to resolve", NotFound, "the registry does not have this repository or this tag"),
    (
        "no unpack platforms defined",
        CtrFailed,
        "containerd cannot unpack with this snapshotter or for this platform; --local lets ctr "
        "unpack, --no-unpack (import) skips it",
    ),
    (
        "unrecognized image format",
        CtrFailed,
        "this is not an image archive, or it is empty; `docker save` and `images export` write "
        "such archives",
    ),
    (
        "invalid tar header",
        CtrFailed,
        "this is not an image archive; `docker save` and `images export` write such archives",
    ),
    ("unexpected EOF", CtrFailed, "the archive ends too early; was it copied completely?"),
    (
        'requires "--local" flag',
        CtrFailed,
        "add --local: containerd's transfer service cannot do this",
    ),
    (
        "content digest sha256:",
        NotFound,
        "a part of the image is not in this realm; leave --all-platforms out, or pull the image "
        "with --all-platforms first",
    ),
    (
        "no space left on device",
        CtrFailed,
        "the disk is full; `kuke-ctr images prune` and `kuke-ctr content prune` free space",
    ),
)


@dataclass(frozen=True, slots=True)
class TransferStreams:
    """Where a transfer reads and writes.

    `stdin` is the archive's descriptor; `stdout` takes what ctr prints (None: it is collected);
    `terminal` is one that shows ctr's own progress, `secret` the password that ctr will ask for.
    """

    stdin: int | None = None
    stdout: int | None = None
    terminal: int | None = None
    secret: str | None = field(default=None, repr=False)


def run(
    scope: Scope,
    verb: Verb,
    flags: Sequence[str],
    names: Sequence[str],
    *,
    streams: TransferStreams,
) -> Result:
    """Run `ctr images VERB FLAGS NAMES`, without a time limit but that of the user.

    A failure is an error that knows registries and archives.
    """
    call = replace(
        scope.call("images", verb, *flags, *names),
        timeout=scope.ctr.change_timeout,
        stdin=streams.stdin,
        stdout=streams.stdout,
    )
    result = _start(scope.ctr, call, streams)
    if result.exit_code != 0:
        raise transfer_failure(result)
    return scope.ctr.checked(result)


def _start(ctr: Ctr, call: Call, streams: TransferStreams) -> Result:
    secret, terminal = streams.secret, streams.terminal
    if secret is None and terminal is None:
        return ctr.processes.run(call)
    from kuke_ctr.terminals.pexpect_door import answer_password, watch

    if secret is not None:
        show = terminal if terminal is not None else streams.stdout
        call = replace(call, stdout=None)  # the pseudo terminal takes it
        known = secret
        return ctr.processes.run_by(call, lambda call: answer_password(call, known, show=show))
    assert terminal is not None
    return ctr.processes.run_by(call, lambda call: watch(call, show=terminal))


def transfer_failure(result: Result) -> KukeCtrError:
    """The error for a transfer that failed. Raises BrokenPipeError where its reader went away."""
    message = message_of(result.stderr)
    if result.exit_code == -signal.SIGPIPE or message.endswith(": broken pipe"):
        raise BrokenPipeError
    return registry_failure(result)


def registry_failure(result: Result) -> KukeCtrError:
    """The error for a call that failed and had to do with a registry or an archive."""
    message = message_of(result.stderr)
    for text, kind, hint in _KNOWN:
        if text in message:
            signed_in = hint is CREDENTIALS and "--user" in result.argv
            hint_now = _REFUSED if signed_in else hint
            return kind(f"ctr: {message}", hint=hint_now, command=mask(result.argv))
    return failure_of(result)


def nowhere() -> int:
    """A descriptor that takes what nobody reads."""
    return os.open(os.devnull, os.O_WRONLY)
