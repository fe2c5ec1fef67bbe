"""Residual namespaces: `<realm>.<suffix>` beside a realm that has another namespace.

`kuke image load --realm main` puts images into `main.kukeon.io`, also where the realm's namespace
is `kukeon-main`: they are in no list of the realm, and no cell of it can use them.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kuke_ctr.backends.ctr.client import Ctr, lines_of
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.host import Host
from kuke_ctr.kukeon.layouts import beside, newest
from kuke_ctr.kukeon.realm_files import names_of, suffix_of
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.processes.calls import Call
from kuke_ctr.records import Realm


class Residual(NamedTuple):
    """A residual namespace of a realm; how many images and containers it has, None: not known."""

    realm: str
    realms_namespace: str
    namespace: str
    images: int | None
    containers: int | None

    def brief(self, ctr: Ctr) -> str:
        """That there is one, for a list of realms."""
        shows = ctr.line("realms", "show", self.realm)
        return (
            f"note: namespace {self.namespace} {self._has()}, and realm {self.realm} does not see "
            f"it: {shows}"
        )

    def note(self, ctr: Ctr) -> str:
        """What a person should know of it, with the line that shows its images."""
        lists = Scope(ctr, self.namespace).line("images", "ls")
        to = ("--from-namespace", self.namespace, "--to", self.realm)
        copies = ctr.line("images", "copy", "IMAGE", *to)
        loads = f", but `kuke image load --realm {self.realm}` puts images there"
        return (
            f"note: namespace {self.namespace} {self._has()}. Realm {self.realm} "
            f"({self.realms_namespace}) does not see it"
            f"{loads if self.namespace.startswith(f'{self.realm}.') else ''}. To list its images: "
            f"{lists}{f'; to copy one into the realm: {copies}' if self.images else ''}"
        )

    def _has(self) -> str:
        parts = ((self.images, "image"), (self.containers, "container"))
        counts = [f"{count} {what}{'s' * (count != 1)}" for count, what in parts if count]
        if counts:
            return f"has {' and '.join(counts)}"
        return "exists" if None in (self.images, self.containers) else "is empty"


def residuals(ctr: Ctr, realms: Iterable[Realm]) -> list[Residual]:
    """Those of the realms in a list (`ctr images ls -q`, `ctr containers ls -q` of each)."""
    found = [(realm, namespace) for realm in realms for namespace in realm.residual]
    calls = [
        Scope(ctr, namespace).call(noun, "ls", "-q")
        for _, namespace in found
        for noun in ("images", "containers")
    ]
    counts = [
        len(list(lines_of(said.stdout))) if said.exit_code == 0 else None
        for said in ctr.processes.run_all(calls)
    ]
    return [
        Residual(realm.name, realm.namespace, namespace, *counts[2 * i : 2 * i + 2])
        for i, (realm, namespace) in enumerate(found)
    ]


def of_listed(host: Host, realms: Sequence[Resolution]) -> list[Residual]:
    """Those with images of realms that were just listed; what can't be found out is none.

    Where containerd's namespaces are not known yet, one call tells of one realm whether there is
    anything to say (`ctr images ls -q`: a namespace that does not exist lists as empty), and none
    is needed where the realm has the very namespace that Kukeon makes.
    """
    try:
        if host.asked_namespaces is None and not any(
            host.ctr.checked(host.ctr.processes.run(call)).stdout.strip()
            for call in questions(host, realms)
        ):
            return []
        from kuke_ctr.kukeon.realm_list import list_realms  # late: most hosts have none

        names = {name for realm in realms for name in names_of(realm.name)}
        known = list_realms(host.settings, host.namespaces, show_all=False).realms
        found = residuals(host.ctr, [realm for realm in known if realm.name in names])
        return [one for one in found if one.images]
    except KukeCtrError:
        return []


def questions(host: Host, realms: Sequence[Resolution]) -> list[Call]:
    """The calls by which `of_listed` finds out whether there is anything to say."""
    if host.asked_namespaces is not None:
        return []
    try:
        suffix = suffix_of(host.settings).name
    except KukeCtrError:
        return []
    loaded = [(realm, newest(realm.name, suffix)) for realm in realms]
    return [
        Scope(host.ctr, namespace).call("images", "ls", "-q", probe=True)
        for realm, namespace in loaded
        if namespace in beside(realm.name, realm.namespace, realm.source, suffix)
    ]
