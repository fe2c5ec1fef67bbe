"""What came to ctr with which version: one table, asked before such a call is made."""

import re
from collections.abc import Sequence

from kuke_ctr.backends.ctr import container_flags
from kuke_ctr.backends.ctr.client import Ctr, lines_of
from kuke_ctr.errors import CtrFailed, Unreadable
from kuke_ctr.parse.version import parse_version
from kuke_ctr.records import Version

SINCE: dict[tuple[str, ...], str] = {
    **{
        (*command.split(), f"--{flag.name}"): version
        for flag in container_flags.FLAGS
        for command, version in flag.since.items()
        if command in flag.commands
    },
    ("content", "prune"): "1.5",
    ("deprecations",): "1.6.27",
    ("images", "convert"): "1.5",
    ("images", "import", "--discard-unpacked-layers"): "1.7",
    ("images", "import", "--label"): "2.0",
    ("images", "import", "--platform"): "1.5.15",
    ("images", "tag", "--skip-reference-check"): "2.0",
    ("images", "usage"): "1.7",
    ("info",): "1.7",
    ("sandboxes",): "1.7",
    ("snapshots", "prepare", "--mounts"): "1.5",
    ("snapshots", "view", "--mounts"): "1.5",
    ("tasks", "exec", "--user"): "1.5",
}
"""The words of a command, perhaps with a flag -> the first version of ctr that has it."""

_TLS = ("--skip-verify", "-k", "--tlscacert", "--tlscert", "--tlskey")
NEEDS_LOCAL: dict[tuple[str, ...], tuple[str, ...]] = {
    ("images", "import"): ("--discard-unpacked-layers",),
    ("images", "pull"): (*_TLS, "--max-concurrent-downloads", "--print-chainid"),
    ("images", "push"): (
        *(*_TLS, "--http-dump", "--http-trace", "--manifest", "--manifest-type"),
        *("--max-concurrent-uploaded-layers", "--allow-non-distributable-blobs"),
    ),
}
"""What a ctr from 2.0 on takes together with `--local` only: its transfer service has no such."""


def numbers_of(version: str) -> tuple[int, ...]:
    """The numbers at the front of a version: `1.7.24~ds1` is (1, 7, 24); nothing for no version."""
    match = re.match(r"v?([0-9]{1,9}(?:\.[0-9]{1,9})*)", version)
    return tuple(map(int, match[1].split("."))) if match else ()


def client(ctr: Ctr) -> tuple[int, ...]:
    """The numbers of this ctr's version, asked once; nothing where it does not say."""
    return numbers_of(ctr.version().removeprefix("ctr").strip())


def server(ctr: Ctr) -> tuple[int, ...]:
    """The numbers of containerd's version (`ctr version`); nothing where it does not say.

    A probe, it runs in a dry run too.
    """
    try:
        said = ctr.processes.run(ctr.call("version", probe=True))
    except Unreadable:  # not recorded, perhaps
        return ()
    for row in parse_version(lines_of(said.stdout)):
        if isinstance(row, Version) and row.program == "containerd":
            return numbers_of(row.version)
    return ()


def local(ctr: Ctr) -> tuple[str, ...]:
    """`--local` where this ctr would use the transfer service and containerd has none.

    ctr uses it by itself from 2.0 on, containerd has it since 1.7: without the flag a 2.x ctr can't
    import, export or tag on a 1.6 daemon (`unknown service`).
    """
    if client(ctr) < (2,):
        return ()
    found = server(ctr)
    return ("--local",) if found and found < (1, 7) else ()


def transfers_locally(
    ctr: Ctr, words: tuple[str, ...], flags: Sequence[str], *, wanted: bool
) -> tuple[str, ...]:
    """`--local` where it is `wanted`, where a flag needs it, or where it is what works.

    Before 1.7 there is no such flag, and every transfer is a local one. An export is always made
    that way: the transfer service takes no notice of a full disk and hangs; so is everything with a
    containerd before 2.0, whose service, where it has one, knows no `--plain-http` of such a ctr.
    """
    numbers = client(ctr)
    if wanted:
        return ("--local",) if not numbers or numbers >= (1, 7) else ()
    if numbers < (2,):
        return ()
    names = {_name_of(flag) for flag in flags}
    if words == ("images", "export") or names.intersection(NEEDS_LOCAL.get(words, ())):
        return ("--local",)
    found = server(ctr)
    return ("--local",) if found and found < (2,) else ()


def require_flags(ctr: Ctr, words: tuple[str, ...], flags: Sequence[str]) -> None:
    """Raise CtrFailed for a flag that came after this ctr; one of an unknown version passes."""
    for flag in flags:
        require(ctr, *words, _name_of(flag))


def _name_of(flag: str) -> str:
    """`--label` for `--label=a=b` and for `-label`, which ctr takes as well."""
    name = flag.partition("=")[0]
    return f"-{name}" if re.fullmatch(r"-[a-z][a-z-]+", name) else name


def waits_for_daemon(ctr: Ctr) -> bool:
    """Whether an attached ctr waits while containerd is away: from 2.0 on.

    An older one fails a second later, and removes the task's FIFOs: nobody can attach after that.
    """
    return client(ctr) >= (2,)


def require(ctr: Ctr, *words: str) -> None:
    """Raise CtrFailed where this ctr is too old for a command; one of an unknown version passes."""
    since = SINCE.get(words)
    if since is None:
        return
    numbers = client(ctr)
    if numbers and numbers < numbers_of(since):
        command = " ".join(words)
        raise CtrFailed(
            f"{ctr.version()} does not have `{command}`; it needs ctr {since} or later",
            hint="name a newer ctr with --ctr; it also works with an older containerd",
        )
