"""Changes of nerdctl's own containers, by nerdctl: only it knows their logs, names and networks.

A start by ctr would send the output past nerdctl's log, a removal by ctr leaves nerdctl's folder.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kuke_ctr.backends.nerdctl.client import Nerdctl
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.host import Host
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.recipes.nerdctls_own import changeable, data_root, made_by_nerdctl


@dataclass(frozen=True, slots=True)
class NerdctlsOwn:
    """Containers that nerdctl made and changes, by id, and the nerdctl that does."""

    nerdctl: Nerdctl
    namespace: str
    infos: Mapping[str, ContainerInfo]

    def __contains__(self, name: str) -> bool:
        """Whether nerdctl changes this container."""
        return name in self.infos

    def call(self, *words: str, name: str, behind: Sequence[str] = ()) -> Call:
        """`nerdctl --data-root DIR VERB [FLAG]... ID ...`, with the time limit of a change."""
        root = data_root(self.infos[name], self.namespace)
        call = self.nerdctl.call(*words, name, *behind, namespace=self.namespace, data_root=root)
        return call._replace(timeout=self.nerdctl.change_timeout)

    def failure(self, result: Result) -> KukeCtrError:
        """The error for a call that failed."""
        return self.nerdctl.failure(result)

    def change(self, *words: str, name: str) -> Result:
        """Run one such call; a failure is raised, and a dry run plans it."""
        return self.nerdctl.checked(self.nerdctl.processes.run(self.call(*words, name=name)))


def own_among(
    host: Host, realm: Resolution, names: Sequence[str], operation: str
) -> NerdctlsOwn | None:
    """Those of these ids that nerdctl serves `operation` for (`ctr containers info` of each)."""
    infos = changeable(host, realm, names)
    own = {name: info for name, info in infos.items() if made_by_nerdctl(info, realm.namespace)}
    nerdctl = host.nerdctl_for(operation) if own else None
    return NerdctlsOwn(nerdctl, realm.namespace, own) if nerdctl is not None else None
