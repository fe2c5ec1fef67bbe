"""The commands in a hint can be pasted: they name the realm and the host as the user did."""

import re
from collections.abc import Sequence
from typing import TypeVar

from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.settings import LOCAL
from kuke_ctr.processes.shell_words import shell_line
from kuke_ctr.shared_options import SharedOptions

E = TypeVar("E", bound=KukeCtrError)

ALONE = (
    *(
        "attach",
        "cp",
        "ctr",
        "df",
        "doctor",
        "events",
        "exec",
        "help",
        "info",
        "inspect",
        "kill",
        "logs",
        "nerdctl",
        "parse",
        "pause",
        "prune",
        "ps",
        "restart",
        "resume",
        "rm",
        "rmi",
        "run",
        "schema",
        "start",
        "stats",
        "stop",
        "top",
        "tree",
        "version",
        "wait",
    ),
)
"""The commands that have no verb."""

OF_HOST = ("info", "namespaces", "plugins", "realms", "version")
OF_PLACES = ("images find", "images copy")
"""The verbs that say where in another way, or look everywhere."""
NOWHERE = ("parse", "schema", "completion", "config", "help")
# texts, which re compiles when there is a hint
_LINE = r"`(?:watch )?kuke-ctr (?P<first>[\w-]+)(?P<second> [\w-]+)?(?P<rest>[^`]*)`"
_SAYS_WHERE = r" (?:--realm|-r|--namespace|-n|--all-realms|-A)\b"


def scoped(error: E, options: SharedOptions) -> E:
    """The error with the realm, namespace and host that were typed in each command of its hint."""
    if options.host is not None and options.host != LOCAL:
        from kuke_ctr.commands.shared.far_errors import of_far  # late: mostly it is this host

        error = of_far(error, options.host)
    if error.hint is None:
        return error
    given = {"--realm": options.realm, "--namespace": options.namespace}
    given["--manifest"] = options.manifest
    realm = [word for name, value in given.items() if value for word in (name, value)]
    hint = in_scope(error.hint, realm, options.of_host())
    return error if hint == error.hint else error.but(hint=hint)


def in_scope(hint: str, realm: Sequence[str], host: Sequence[str] = ()) -> str:
    """The hint with these options in each command that has none of them, behind its name."""

    def line(match: re.Match[str]) -> str:
        first, second = match["first"], match["second"] or ""
        if first in NOWHERE or first.startswith("-"):
            return match[0]
        says_where = first in OF_HOST or f"{first}{second}" in OF_PLACES
        where = () if says_where or re.search(_SAYS_WHERE, match[0]) else realm
        hosts = () if any(word in match["rest"].split() for word in host[::2]) else host
        scope = shell_line((*where, *hosts))
        if not scope:
            return match[0]
        command = first if first in ALONE else f"{first}{second}"
        before, after = match[0].split(f"kuke-ctr {command}", 1)
        return f"{before}kuke-ctr {command} {scope}{after}"

    return re.sub(_LINE, line, hint)
