"""Every namespace of a host, with the realm that it is of: where a thing may be."""

from collections.abc import Sequence
from typing import NamedTuple

from kuke_ctr.kukeon.host import Host
from kuke_ctr.kukeon.realm_list import list_realms


class Place(NamedTuple):
    """A namespace that exists; `realm` is None where it is no realm's (`default`, `moby`)."""

    namespace: str
    realm: str | None

    def __str__(self) -> str:
        """For messages: `realm team (namespace kukeon-team)`, `namespace default`."""
        if self.realm is None:
            return f"namespace {self.namespace}"
        return f"realm {self.realm} (namespace {self.namespace})"


def places(host: Host) -> tuple[list[Place], Sequence[str]]:
    """The namespaces that containerd has, realms first, and what could not be read on the way.

    `ctr namespaces ls -q`; raises where containerd can't be asked.
    """
    existing = host.namespaces
    found = list_realms(host.settings, existing, show_all=False)
    realms: dict[str, str] = {}
    for realm in found.realms:
        if realm.exists:
            realms.setdefault(realm.namespace, realm.name)
    others = sorted(existing - realms.keys())
    listed = [Place(namespace, name) for namespace, name in realms.items()]
    return [*listed, *(Place(namespace, None) for namespace in others)], found.warnings
