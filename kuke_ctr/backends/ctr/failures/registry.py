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
from kuke_ctr.errors import Forbidden, NotFound, Reason
from kuke_ctr.parse.image_names import fault_of

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


def _no_name(failed: Failed) -> str:
    fault = fault_of(failed.asked.name)
    return fault.message if fault is not None else "this is not the name of an image"


def _whole(failed: Failed) -> str:
    fault = fault_of(failed.asked.name)
    return fault.hint if fault is not None else ""


def _reach(failed: Failed) -> str:
    """What to look at where nobody answered: another place than the registry was led to."""
    if _place(failed).endswith(")"):
        return (
            "the registry, or a mirror, leads there; can this host reach it, or does a firewall or "
            "a proxy stand between?"
        )
    return "is the registry running, and are its host name and port correct?"


def _sign_in(failed: Failed) -> str:
    if failed.asked.given(*_USER):
        return "check the user name and the password"
    if failed.asked.command == "content fetch":
        line = failed.line("images", "pull", "--user", "NAME", failed.asked.name)
        return f"if the registry needs a password: {line}"
    return (
        "--user NAME asks for the password, --password-stdin reads it from stdin; "
        "--realm-credentials uses those of the realm's record"
    )


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
    Row(
        r"object required|invalid port|missing port|invalid checksum digest|unsupported digest"
        r"|hostname required|invalid reference|dummy://|could not parse reference",
        _whole,
        message=_no_name,
    ),
    Row(
        r"invalid platform|cannot parse platform specifier",
        "write OS/ARCH, for example linux/arm64",
        message="this is not a platform",
        given=("--platform",),
    ),
)

_NO_ANSWER = (
    r"failed to do request: (?:Head|Post) .*(?:connection reset by peer|broken pipe)$"
    r"|: EOF$|server closed|connection broken"
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
        _reach,
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
    Row(
        r"stopped after \d+ redirects",
        "is this the name of a registry? a proxy or a sign-in page may have answered",
        message=_saying("{registry} redirects in a circle"),
    ),
    Row(
        r"no Host in request URL|unsupported protocol scheme",
        "is this the name of a registry? a proxy or a sign-in page may have answered",
        message=_saying("{registry} does not answer as a registry does"),
    ),
    Row(
        _NO_ANSWER,
        f"is it a registry? if it uses http, {_TRUSTED}",
        message=_saying("{place} closed the connection without an answer"),
        absent=("--plain-http",),
    ),
    Row(
        _NO_ANSWER,
        "is it a registry? if it uses https, leave --plain-http out",
        message=_saying("{place} closed the connection without an answer"),
    ),
)

_SIGN_IN_SERVICE = r"failed to (?:authorize|fetch (?:anonymous|oauth) token).*"
_WORDS = r"[A-Z][\w']*(?: [A-Z][\w']*| a)*"

_STATUSES = (
    Row(
        rf"{_SIGN_IN_SERVICE}(?P<status>(?:429|5\d\d) {_WORDS})",
        _AGAIN,
        message=_saying("the sign-in service of {registry} is busy or broken: {status}"),
    ),
    Row(
        rf"{_SIGN_IN_SERVICE}(?P<status>404 {_WORDS})",
        "is the name of the registry correct? it names a sign-in service that does not exist",
        message=_saying("the sign-in service of {registry} does not work: {status}"),
    ),
    Row(
        rf"{_SIGN_IN_SERVICE}(?:token response|did not include a token|no token)",
        "is this the name of a registry? a proxy or a sign-in page may have answered",
        message=_saying("the sign-in service of {registry} sent something that is no token"),
    ),
    Row(
        r"(?P<status>429 Too Many Requests|toomanyrequests: )",
        _AGAIN,
        message=_saying("{registry} is busy: it takes no more requests now"),
    ),
    Row(
        rf"\b(?P<status>5\d\d {_WORDS})",
        _AGAIN,
        message=_saying("{registry} is broken: {status}"),
    ),
    Row(
        r"401 Unauthorized|authorization failed|access denied|: insufficient_scope",
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
        rf"\b(?P<status>4\d\d {_WORDS})",
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
        r"unexpected commit digest|failed size validation",
        "the registry, or a proxy before it, changed the content; the digest in the name may be "
        "another image's",
        message=_saying("{registry} sent content with another digest"),
    ),
    Row(
        r"mismatched image rootfs|unsupported media ?type|unexpected media ?type"
        r"|unknown image config media type",
        lambda failed: (
            "to fetch it without unpacking: " + failed.line("content", "fetch", failed.asked.name)
        ),
        reason=Reason.NOT_UNPACKED,
        message="this is not a container image, perhaps a Helm chart or another artifact",
    ),
    Row(
        r"invalid character|content size of zero|schema 1 image manifests are no longer supported",
        "is the name correct? what it names is not a container image that can be used here",
        message=_saying("{registry} sent something that is not the manifest of an image"),
    ),
    Row(
        r"failed to extract layer|apply layer error|failed to (?:prepare|unpack)|wrong diff id",
        "is the image damaged? the log of containerd may say more: journalctl -u containerd",
        reason=Reason.NOT_UNPACKED,
        message="the image could not be unpacked",
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
    Row(
        r"^open .*: permission denied$|failed to mount .*permission denied",
        "run the same command with --sudo",
        Forbidden,
    ),
    NO_SNAPSHOTTER,
    Row(r"no unpack platforms defined", snapshotters, given=("--snapshotter",)),
    Row(
        r"no unpack platforms defined",
        "--local lets ctr unpack",
        message="containerd cannot unpack for this platform",
    ),
    Row(r'requires "--local" flag', "add --local: containerd's transfer service cannot do this"),
    NO_SPACE,
)

_UNEXPLAINED = Row(r"not found$|denied")
"""Words that mean something else where they are about containerd itself."""

REGISTRY = Table(
    (*_NAMES, *_HOST_ROWS, *_TALK, *_STATUSES, *_CONTENT, _UNEXPLAINED),
    ("images pull", "images push", "content fetch"),
)
