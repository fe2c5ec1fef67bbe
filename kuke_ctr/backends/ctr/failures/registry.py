"""`images pull`, `images push`, `content fetch`: what a registry did, what is wrong with a name.

Exit 3 only where the registry said that there is no such repository or tag, or containerd that it
has no such image to push.
"""

import re
from collections.abc import Callable

from kuke_ctr.backends.ctr.failures.local import (
    NO_SNAPSHOTTER,
    NO_SPACE,
    listing_of,
    snapshotters,
)
from kuke_ctr.backends.ctr.failures.table import Failed, Row, Table
from kuke_ctr.errors import NotFound, Reason
from kuke_ctr.names import whole_name

_UNKNOWN = "the registry"
_AGAIN = "try again later"
_CONTINUE = "run the same command again: what has arrived is kept, and it continues from there"
_TRUSTED = "add --plain-http if you trust the network to it"
_USER = ("--user", "-u")
_HOST = re.compile(
    r'https?://(?P<url>[^/"\s]+)/v2/|pulling from host (?P<from>\S+)|reference "(?P<ref>[^/"]+)/'
)
_URL = re.compile(r'(?:Head|Get|Post|Put|Patch) "(?P<url>https?://[^/"]+)')


def _registry(failed: Failed) -> str:
    """The registry that was asked, as far as ctr or the name tells."""
    host = failed.asked.name.partition("/")[0]
    if "/" in failed.asked.name and host:
        return host
    match = _HOST.search(failed.said)
    return next(filter(None, match.groups())) if match is not None else _UNKNOWN


def _place(failed: Failed) -> str:
    """Where ctr tried to connect to: the registry, or what it, or a mirror, led to."""
    registry, match = _registry(failed), _URL.search(failed.said)
    place = match["url"].partition("://")[2] if match is not None else registry
    if registry in (place, _UNKNOWN):
        return place
    return f"{place} (for {registry})"


def _saying(text: str) -> Callable[[Failed], str]:
    return lambda failed: text.format(
        registry=_registry(failed), place=_place(failed), **failed.match.groupdict()
    )


def _whole(failed: Failed) -> str:
    name = failed.asked.name
    return f"write the full name, for example {whole_name(name)}" if name else ""


def _without_scheme(failed: Failed) -> str:
    name = failed.asked.name
    if "://" in name:
        return f"leave the scheme out: {name.partition('://')[2]}"
    return "write REGISTRY/REPOSITORY:TAG, for example docker.io/library/busybox:1.36"


def _sign_in(failed: Failed) -> str:
    if failed.asked.given(*_USER):
        return "check the user name and the password"
    if failed.asked.command == "content fetch":
        line = failed.line("images", "pull", "--user", "NAME", failed.asked.name)
        return f"if the registry needs a password: {line}"
    return "--user NAME asks for the password; --realm-credentials uses those of the realm's record"


def _permission(failed: Failed) -> str:
    if failed.asked.given(*_USER):
        return "this user has no permission to do this in this repository"
    return _sign_in(failed)


def _certificate(failed: Failed) -> str:
    accept = "--skip-verify accepts any certificate"
    if failed.asked.command == "content fetch":
        return accept
    return f"--tlscacert FILE names the CA that signed its certificate; {accept}"


def _refused(failed: Failed) -> str:
    if failed.asked.given(*_USER):
        return _saying("{registry} refused this user name and password")(failed)
    return _saying("{registry} wants a sign-in, or has no such repository")(failed)


_NAMES = (
    Row(
        r"^(?:unable to resolve image.*: )?image .*not found$",
        listing_of,
        NotFound,
    ),
    Row(r"object required|invalid port|missing port", _whole, message="the name is not complete"),
    Row(
        r"invalid checksum digest|unsupported digest",
        "a digest is sha256: and 64 hexadecimal digits",
        message="the digest in the name is not one",
    ),
    Row(
        r"hostname required|invalid reference|dummy://|could not parse reference",
        _without_scheme,
        message="this is not the name of an image",
    ),
    Row(
        r"invalid platform|cannot parse platform specifier",
        "write OS/ARCH, for example linux/arm64",
        message="this is not a platform",
        given=("--platform",),
    ),
)

_TALK = (
    Row(
        r"server gave HTTP response to HTTPS client|does not look like a TLS handshake",
        _TRUSTED,
        message=_saying("{place} speaks http, not https"),
    ),
    Row(
        r"HTTP request to an HTTPS server|400 Bad Request|malformed HTTP response",
        "if this registry uses https, leave --plain-http out",
        message=_saying("{place} does not understand the request"),
        given=("--plain-http",),
    ),
    Row(r"x509: ", _certificate, message=_saying("the certificate of {place} is not trusted")),
    Row(
        r"dial tcp.*no such host|lookup .*(?:no such host|server misbehaving)",
        "is the registry's name in REF correct?",
        message=_saying("the host name of {place} is not known"),
    ),
    Row(
        r"dial tcp.*connection refused",
        "is the registry running, and are its host name and port correct?",
        message=_saying("nothing listens at {place}"),
    ),
    Row(
        r"i/o timeout|TLS handshake timeout|deadline exceeded|Client\.Timeout",
        "is the registry running, and does a firewall or a proxy stand between?",
        message=_saying("{place} does not answer"),
    ),
    Row(
        r"dial tcp|network is unreachable|no route to host",
        "are the registry's host name and port correct, and is there a network?",
        message=_saying("cannot connect to {place}"),
    ),
)

_SIGN_IN_SERVICE = r"failed to (?:authorize|fetch (?:anonymous|oauth) token).*"

_STATUSES = (
    Row(
        _SIGN_IN_SERVICE + r"(?P<status>(?:429|5\d\d) [A-Z]\w+(?: [A-Z]\w+)*)",
        _AGAIN,
        message=_saying("the sign-in service of {registry} is busy or broken: {status}"),
    ),
    Row(
        r"(?P<status>429 Too Many Requests|toomanyrequests)",
        _AGAIN,
        message=_saying("{registry} is busy: it takes no more requests now"),
    ),
    Row(
        r"\b(?P<status>5\d\d [A-Z]\w+(?: [A-Z]\w+)*)",
        _AGAIN,
        message=_saying("{registry} is broken: {status}"),
    ),
    Row(
        r"401 Unauthorized|authorization failed|access denied|insufficient_scope",
        _sign_in,
        message=_refused,
    ),
    Row(
        r"403 Forbidden",
        _permission,
        message=_saying("{registry} does not allow this"),
    ),
    Row(
        r"404 Not Found",
        "does the repository have to be created at the registry first?",
        NotFound,
        message=_saying("{registry} has no such repository"),
    ),
    Row(
        r"\b(?P<status>4\d\d [A-Z]\w+(?: [A-Z]\w+)*)",
        message=_saying("{registry} refused: {status}"),
    ),
)

_CONTENT = (
    Row(
        r"\(text/html.*from remote: not found|invalid character '<'",
        "is this the name of a registry? a proxy or a sign-in page may have answered",
        message=_saying("{registry} sent a web page instead of an image"),
    ),
    Row(
        r"content descriptor (?P<digest>\w+:[0-9a-f]+) .*from remote: not found",
        "the image at the registry is incomplete; whoever pushed it can push it again",
        message=_saying("{registry} lacks a part of the image"),
    ),
    Row(
        r"failed to resolve .*: not found$",
        "is the tag correct?",
        NotFound,
        message=_saying("{registry} does not have this repository or this tag"),
    ),
    Row(
        r"content digest \w+:[0-9a-f]+: not found",
        lambda failed: f"leave --all-platforms out, or pull all platforms first; {_check(failed)}",
        NotFound,
        Reason.MISSING_CONTENT,
        message="a part of the image is not in this namespace",
        given=("--all-platforms",),
    ),
    Row(
        r"content digest \w+:[0-9a-f]+: not found",
        lambda failed: f"{_check(failed)}; pull it again",
        NotFound,
        Reason.MISSING_CONTENT,
        message="a part of the image is not in this namespace",
    ),
    Row(
        r"expected number of bytes|short read|unexpected EOF|connection reset|stream error",
        _CONTINUE,
        message=_saying("the connection to {registry} ended in the middle of the image"),
    ),
    Row(
        r": EOF$|server closed|connection broken",
        f"is it a registry? if it uses http, {_TRUSTED}",
        message=_saying("{place} closed the connection without an answer"),
        absent=("--plain-http",),
    ),
    Row(
        r": EOF$|server closed|connection broken",
        "is it a registry? if it uses https, leave --plain-http out",
        message=_saying("{place} closed the connection without an answer"),
    ),
    Row(
        r"unexpected commit digest|failed size validation",
        "the registry, or a proxy before it, changed the content; the digest in the name may be "
        "another image's",
        message=_saying("{registry} sent content with another digest"),
    ),
    Row(
        r"mismatched image rootfs|unsupported media ?type|unexpected media ?type|invalid character",
        lambda failed: (
            "to fetch it without unpacking: " + failed.line("content", "fetch", failed.asked.name)
        ),
        message="this is not a container image, perhaps a Helm chart or another artifact",
    ),
    Row(
        r"no match for platform|no manifest found for platform",
        lambda failed: (
            "ctr has kept the image's name; "
            f"{failed.line('images', 'inspect', failed.asked.name)} shows its platforms"
        ),
        NotFound,
        Reason.NO_PLATFORM,
    ),
)


def _check(failed: Failed) -> str:
    return f"{failed.line('images', 'check')} shows which image is incomplete"


_HOST_ROWS = (
    NO_SNAPSHOTTER,
    Row(r"no unpack platforms defined", snapshotters, given=("--snapshotter",)),
    Row(
        r"no unpack platforms defined",
        "--local lets ctr unpack",
        message="containerd cannot unpack for this platform",
    ),
    Row(r'requires "--local" flag', "add --local: containerd's transfer service cannot do this"),
    NO_SPACE,
    Row(r"not found$|permission denied|denied"),
)

REGISTRY = Table(
    (*_NAMES, *_HOST_ROWS[:-1], *_TALK, *_STATUSES, *_CONTENT, *_HOST_ROWS[-1:]),
    ("images pull", "images push", "content fetch"),
)
