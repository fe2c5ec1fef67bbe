"""Another host, and what OpenSSH's client is told to run a command there; pure."""

import re
import shlex
from collections.abc import Sequence
from typing import NamedTuple, Self

from kuke_ctr.errors import UsageError
from kuke_ctr.processes.shell_words import shell_line

SCHEME = "ssh://"

_HOST = (
    r"[A-Za-z0-9_.](?:[A-Za-z0-9_.%-]*[A-Za-z0-9_.])?"
    r"|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[A-Za-z0-9_.-]+)?"
)
"""A name, or an address of version 4 or 6."""
_USER = r"[A-Za-z0-9_.][A-Za-z0-9_.@\\+-]*\$?"
_LAST_PORT = 65535
_LONGEST = 253

QUIETLY = (
    *("-T", "-e", "none"),
    *("-o", "LogLevel=ERROR"),
    *("-o", "ClearAllForwardings=yes"),
    *("-o", "ForwardAgent=no"),
    *("-o", "ForwardX11=no"),
    *("-o", "StdinNull=no"),
    *("-o", "PermitLocalCommand=no"),
    *("-o", "RemoteCommand=none"),
)
"""Whatever ~/.ssh/config says: no terminal, no escape characters, no banner, no forwarding.

And our input goes there: without it each ctr would be ended at once."""

ASKS_NOBODY = ("-o", "BatchMode=yes")
"""No password, no question about a host key: what would be asked fails."""

OF_MANY = (*QUIETLY, *ASKS_NOBODY, "-o", "ConnectTimeout=10")
"""Of one host among many: one that does not answer must not keep its place for long."""


class Far(NamedTuple):
    """A host that ssh reaches: its name or address, and the user and port where they were given.

    Everything else (keys, jump hosts, the real address) is in the user's ~/.ssh/config.
    """

    host: str
    user: str | None = None
    port: int | None = None

    @classmethod
    def parse(cls, text: str, source: str = "--host") -> Self:
        """`web3`, `root@web3`, `ssh://[USER@]HOST[:PORT]`; UsageError for everything else.

        What ssh would read as an option, and what does not belong to such an address, is refused.
        `source` says who gave it: an option, a variable, a file.
        """
        rest = text.removeprefix(SCHEME)
        is_url = rest != text
        if re.search(r"(?:^|://)[^/@]*:[^/].*@", text):  # before text is in a message
            raise UsageError(
                f"{source}: the address contains a password", hint=f"leave it out; {_ASKS}"
            )
        rest = rest.removesuffix("/") if is_url else rest
        if is_url and re.search(r"[/?#]", rest):
            raise _refused(text, source, "it has a path or a query", _FORM)
        if "://" in rest:
            raise _refused(text, source, "only ssh:// is known", _FORM)
        user, at, place = rest.rpartition("@")
        host, port = _host_and_port(place) if is_url else (place, "")
        if not is_url and host.count(":") == 1:
            raise _refused(text, source, "it has a port", f"write ssh://{text}")
        if at and not re.fullmatch(_USER, user):
            raise _refused(text, source, "the user is no user's name", _FORM)
        if re.search(r"[A-Za-z0-9]\[|,", host):
            raise _refused(text, source, "it names several", f"--hosts {shlex.quote(text)}")
        if not re.fullmatch(_HOST, host) or len(host) > _LONGEST:
            raise _refused(text, source, "it is no name of a host", _FORM)
        return cls(host, user if at else None, _port(port, text, source))

    def __str__(self) -> str:
        """As it can be given to --host."""
        if self.port is not None:
            return self.url
        user = f"{self.user}@" if self.user is not None else ""
        return f"{user}{self.host}"

    @property
    def url(self) -> str:
        """As it can be given to --host, in the long form: `ssh://root@[::1]:2222`."""
        user = f"{self.user}@" if self.user is not None else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port is not None else ""
        return f"{SCHEME}{user}{host}{port}"

    @property
    def place(self) -> tuple[str, ...]:
        """The words for ssh that say where: `-p 2222 -l root -- web3`."""
        port = ("-p", str(self.port)) if self.port is not None else ()
        user = ("-l", self.user) if self.user is not None else ()
        return (*port, *user, "--", self.host)

    def argv(self, command: str, options: Sequence[str] = QUIETLY) -> tuple[str, ...]:
        """The words that start ssh: `command` is a line for the shell of the user there."""
        return ("ssh", *options, *self.place, command)

    @property
    def words(self) -> tuple[str, ...]:
        """ssh and where, as a person types it: `ssh -p 2222 root@web3`."""
        port = ("-p", str(self.port)) if self.port is not None else ()
        user = f"{self.user}@" if self.user is not None else ""
        return ("ssh", *port, f"{user}{self.host}")

    def typed(self, argv: Sequence[str]) -> tuple[str, ...]:
        """A command there as words for the shell here, which takes one round of quotes away."""
        return (*self.words, *map(shlex.quote, argv))

    def line(self, argv: Sequence[str]) -> str:
        """The same as a line to paste here."""
        return shell_line(self.typed(argv))


_FORM = "give the name of a host, as in ~/.ssh/config, or ssh://[USER@]HOST[:PORT]"
_ASKS = "ssh asks for it, or uses your keys"


def _host_and_port(place: str) -> tuple[str, str]:
    bracketed = re.fullmatch(r"\[([^\[\]]*)\](?::(.+))?", place)
    if bracketed is not None:
        return bracketed[1], bracketed[2] or ""
    host, colon, port = place.rpartition(":")
    return (host, port or "-") if colon else (place, "")


def _port(text: str, whole: str, source: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", text, re.ASCII) or not 0 < int(text) <= _LAST_PORT:
        raise _refused(whole, source, f"the port is no number from 1 to {_LAST_PORT}", _FORM)
    return int(text)


def _refused(text: str, source: str, why: str, hint: str) -> UsageError:
    return UsageError(f"{source}: {text!r} is not a host that ssh reaches: {why}", hint=hint)
