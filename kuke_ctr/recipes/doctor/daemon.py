"""Checks of ctr and containerd: do they answer, how quickly, and do they fit each other."""

from collections.abc import Iterator

from kuke_ctr.backends.ctr.versions import numbers_of
from kuke_ctr.errors import CtrMissing, Forbidden, KukeCtrError
from kuke_ctr.recipes.doctor.facts import Facts, finding
from kuke_ctr.records import Finding, Severity

SLOW = 1.0
"""Seconds; an answer takes some hundredths of one."""


def unreachable(facts: Facts) -> Iterator[Finding]:
    """containerd could not be asked: nothing below but what files say."""
    error = facts.daemon_error
    if error is None:
        return
    kind = {CtrMissing: "ctr-missing", Forbidden: "daemon-forbidden"}
    yield finding(
        Severity.ERROR,
        kind.get(type(error), "daemon-unreachable"),
        f"{error.message}; what follows is only what files and earlier answers say",
        hint=error.hint,
        fix=_fix(error, facts),
        found_by=(facts.ran(None, "namespaces", "ls", "-q"),),
    )


def _fix(error: KukeCtrError, facts: Facts) -> tuple[str, ...]:
    """Containers go on while containerd restarts; whose socket was named may have another unit."""
    if isinstance(error, Forbidden):
        return () if facts.ctr.far else (facts.line(None, "doctor", "--sudo"),)
    if isinstance(error, CtrMissing) or facts.ctr.address is not None:
        return ()
    return ("systemctl restart containerd",)


def slow(facts: Facts) -> Iterator[Finding]:
    """An answer that takes long: a busy disk or a daemon in trouble."""
    if facts.answer < SLOW:
        return
    yield finding(
        Severity.WARNING,
        "daemon-slow",
        f"containerd took {facts.answer:.1f} seconds to say its version",
        hint="`journalctl -u containerd` and the load of the host may say why",
        found_by=(facts.ran(None, "version"),),
    )


def versions(facts: Facts) -> Iterator[Finding]:
    """A ctr and a daemon of different versions; some pairs can't do everything."""
    client, server = numbers_of(facts.client), numbers_of(facts.server)
    if not client or not server or client[:2] == server[:2]:
        return
    both = f"ctr is {facts.client}, containerd is {facts.server}"
    found_by = (facts.ran(None, "version"),)
    if client >= (2,) and server < (1, 7):
        yield finding(
            Severity.WARNING,
            "ctr-too-new",
            f"{both}: `ctr images import`, `export` and `tag` fail without --local",
            hint="kuke-ctr adds --local by itself; install the ctr of containerd's version for "
            "other programs, or name one with --ctr",
            found_by=found_by,
        )
        return
    yield finding(
        Severity.INFO,
        "versions-differ",
        f"{both}; features that only one of them has do not work",
        hint="the ctr of containerd's version fits best: --ctr names one",
        found_by=found_by,
    )


def unread(facts: Facts) -> Iterator[Finding]:
    """The lists that could not be read: nothing was found wrong there because nothing was seen."""
    for name in sorted(facts.spaces):
        space = facts.spaces[name]
        for words, why in space.unread.items() if facts.daemon_error is None else ():
            command = " ".join(("ctr", *words))
            yield finding(
                Severity.WARNING,
                "unread",
                f"`{command}` could not be read, so some checks were left out: {why}",
                realm=space.realm,
                namespace=name,
                found_by=(facts.ran(name, *words),),
            )
