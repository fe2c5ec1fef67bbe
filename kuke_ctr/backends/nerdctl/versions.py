"""Whether a nerdctl can be used: there, of a known version, for root, on the same containerd."""

import os
import re

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.versions import numbers_of
from kuke_ctr.backends.nerdctl.client import Nerdctl
from kuke_ctr.backends.nerdctl.failures import message_of
from kuke_ctr.errors import CtrFailed, CtrMissing, Forbidden, Unreadable
from kuke_ctr.parse.json_text import read_json
from kuke_ctr.processes.calls import Result, mask
from kuke_ctr.processes.preflight import find_program

OLDEST = (1, 7)
_SAYS = "nerdctl version "
WITHOUT = "--backend ctr goes without nerdctl"
"""The end of each hint here."""


def numbers(nerdctl: Nerdctl) -> tuple[int, ...]:
    """The numbers of this nerdctl's version; nothing where a recording does not say."""
    return numbers_of(version(nerdctl))


def version(nerdctl: Nerdctl) -> str:
    """What `nerdctl --version` says (`1.7.7`), asked once; empty where no recording has it."""
    if not nerdctl.known_version:
        (said,) = nerdctl.answers([nerdctl.call("--version", probe=True)])
        nerdctl.known_version.append("" if said is None else _version_in(said))
    return nerdctl.known_version[0]


def require_usable(nerdctl: Nerdctl, ctr: Ctr) -> None:
    """Raise where this nerdctl can't speak for the containerd that ctr speaks to.

    CtrMissing and Forbidden where it can't be run, CtrFailed where it is broken, too old, or
    answers for another containerd. `nerdctl --version`, `nerdctl info` and `ctr version`: probes.
    Recordings are believed.
    """
    replays = nerdctl.processes.replays
    if not replays:
        require_runnable(nerdctl)
    found = version(nerdctl)
    if found and numbers_of(found) < OLDEST:
        raise CtrFailed(
            f"nerdctl {found} is too old: kuke-ctr needs 1.7 or later",
            hint=f"name a newer one with --nerdctl; {WITHOUT}",
        )
    if not replays:
        _require_same_daemon(nerdctl, ctr)


def require_runnable(nerdctl: Nerdctl, *, rootless: bool = False) -> None:
    """Raise CtrMissing and Forbidden where nerdctl can't be run, or would work `rootless`."""
    _require_program(nerdctl)
    if not rootless:
        _require_root()


def _version_in(said: Result) -> str:
    text = said.stdout.decode(errors="replace").strip()
    found = text.removeprefix(_SAYS).removeprefix("v")
    if said.exit_code != 0 or not text.startswith(_SAYS) or not numbers_of(found):
        why = message_of(said.stderr) or (
            f"`--version` ended with {said.exit_code} and printed no version of nerdctl"
        )
        raise CtrFailed(
            f"{said.argv[0]} does not work: {why}",
            hint=f"name another one with --nerdctl; {WITHOUT}",
            command=mask(said.argv),
        )
    return found


def _require_program(nerdctl: Nerdctl) -> None:
    try:
        find_program((nerdctl.program,))
    except CtrMissing as error:
        raise error.but(hint=f"name it with --nerdctl, or install it; {WITHOUT}") from None
    except Forbidden as error:
        raise error.but(hint=f"name another one with --nerdctl; {WITHOUT}") from None


def _require_root() -> None:
    if os.geteuid() != 0:
        raise Forbidden(
            "nerdctl works rootless for this user: it would ask another containerd",
            hint=f"run the same command with sudo; {WITHOUT}",
        )


def _require_same_daemon(nerdctl: Nerdctl, ctr: Ctr) -> None:
    """Raise where nerdctl works rootless, or asks another containerd than ctr.

    A `nerdctl` may be a script with words of its own.
    """
    asks = nerdctl.call("info", "--format", "json", probe=True)
    info, server = nerdctl.processes.run_all([asks, ctr.call("version", probe=True)])
    if info.exit_code != 0:
        error = nerdctl.failure(info)
        raise error.but(
            message=f"{nerdctl.program} cannot ask the containerd of {nerdctl.address} "
            f"({error.message})",
            hint=f"name another nerdctl with --nerdctl; {WITHOUT}",
        )
    if server.exit_code != 0:
        raise ctr.failure(server)
    found = _document(info)
    options = found.get("SecurityOptions")
    if isinstance(options, list) and "name=rootless" in options:
        raise Forbidden(
            f"{nerdctl.program} works rootless: it asks another containerd",
            hint=f"name another nerdctl with --nerdctl; {WITHOUT}",
            command=mask(info.argv),
        )
    theirs, text = found.get("ID"), server.stdout.decode(errors="replace")
    ours = re.search(r"UUID: *(\S+)", text)
    if ours is not None and isinstance(theirs, str) and theirs and theirs != ours[1]:
        raise CtrFailed(
            f"{nerdctl.program} asks another containerd than ctr (its ID is {theirs[:60]}, "
            f"not {ours[1]})",
            hint=f"name another nerdctl with --nerdctl, or the socket with --address; {WITHOUT}",
            command=mask(info.argv),
        )


def _document(info: Result) -> dict[str, object]:
    """What `nerdctl info --format json` printed."""
    try:
        found = read_json(info.stdout.strip())
    except ValueError as error:
        raise Unreadable(
            f"`nerdctl info` printed invalid JSON: {error}",
            hint=f"name another nerdctl with --nerdctl; {WITHOUT}",
            command=mask(info.argv),
        ) from None
    return found if isinstance(found, dict) else {}
