"""Where `inspect` and `ps` learn of containers and images: from ctr, or from nerdctl."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from kuke_ctr.backends.ctr import containers, images, tasks
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.kukeon.host import Host
from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.recipes.container_details import documents_of
from kuke_ctr.records import Image, Task

if TYPE_CHECKING:
    from kuke_ctr.backends.nerdctl.client import Nerdctl


class Source:
    """What ctr says of one namespace. All calls are probes."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def container_names(self) -> list[str]:
        """The ids of the containers."""
        return containers.names(self._scope)

    def documents(self, ids: Iterable[str]) -> Iterator[tuple[ContainerInfo, str]]:
        """As `documents_of`."""
        return documents_of(self._scope, ids)

    def tasks(self) -> Mapping[str, Task]:
        """The tasks, by the ids of their containers."""
        return tasks.states(self._scope)

    def images(self, refs: Sequence[str]) -> list[Image | None]:
        """The image of each reference, None where there is none."""
        return images.find(self._scope, refs)


class NerdctlSource(Source):
    """The same as nerdctl says it: each container costs one look, which has its task too."""

    def __init__(self, nerdctl: "Nerdctl", scope: Scope) -> None:
        super().__init__(scope)
        self._nerdctl = nerdctl
        self._tasks: dict[str, Task] = {}

    def container_names(self) -> list[str]:
        from kuke_ctr.backends.nerdctl import containers

        return containers.names(self._nerdctl, self._scope.namespace)

    def documents(self, ids: Iterable[str]) -> Iterator[tuple[ContainerInfo, str]]:
        from kuke_ctr.backends.nerdctl import containers

        for one in containers.natives(self._nerdctl, self._scope.namespace, ids).values():
            if one.task is not None:
                self._tasks[one.info.id] = one.task
            yield one.info, one.text

    def tasks(self) -> Mapping[str, Task]:
        """Those of the containers whose documents were read."""
        return self._tasks

    def images(self, refs: Sequence[str]) -> list[Image | None]:
        from kuke_ctr.backends.nerdctl import images

        return images.find(self._nerdctl, self._scope, refs)


def source_of(host: Host, namespace: str, operation: str) -> Source:
    """What serves an operation (`inspect`) about a namespace."""
    scope = Scope(host.ctr, namespace)
    nerdctl = host.nerdctl_for(operation)
    return Source(scope) if nerdctl is None else NerdctlSource(nerdctl, scope)
