"""containerd's address: the path of a Unix socket, and nothing else."""

import os
import re
from pathlib import Path

from kuke_ctr.errors import UsageError
from kuke_ctr.processes.shell_words import shell_word

ADDRESS_OPTION = "--address"

DOCKERS_A = (
    "-a is short for --address here; docker's -a is not needed: lists show everything already"
)
"""For `-a` where a user of docker means `all`."""


def checked_address(text: str, source: str) -> str:
    """The path of a socket, from a path or from `unix://` and one; UsageError for all else.

    ctr 1.x would take ten seconds to refuse it. `source` says who gave the address: an option, a
    variable, a file.
    """
    path = text.removeprefix("unix://")
    if path.startswith("/"):
        return path
    raise UsageError(
        f"{source}: {text!r} is not the path of a socket", hint=_hint(text, path, source)
    )


def _hint(text: str, path: str, source: str) -> str:
    if source == ADDRESS_OPTION and re.fullmatch(r"-.*|[a-zA-Z]{1,3}", text):
        return DOCKERS_A
    scheme = re.match(r"[a-z]+:(?=//)", text)
    if scheme is not None and scheme[0] != "unix:":
        return f"ctr connects to Unix sockets only, not to {scheme[0]}//; use kuke-ctr on that host"
    if text.startswith("unix:"):
        path = f"/{path.removeprefix('unix:').lstrip('/')}"
    absolute = Path.cwd() / os.path.expanduser(path)  # noqa: PTH111 (a user there is not, too)
    return f"it must be absolute: {_as_given(source, str(absolute))}"


def _as_given(source: str, path: str) -> str:
    """The line to use: for an option, a variable, or a key of a file."""
    if source.startswith("--"):
        return f"{source} {shell_word(path)}"
    return f"{source}={shell_word(path)}" if source.isupper() else path
