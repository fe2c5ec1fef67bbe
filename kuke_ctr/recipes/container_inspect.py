"""Containers with all that is known of them: by ctr, by Kukeon's records, by this host's /proc."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.host import Host
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.parse.container_spec import read_spec, text_in
from kuke_ctr.processes.proc import PROC, cgroups_of
from kuke_ctr.recipes.cell_members import Members
from kuke_ctr.recipes.container_details import member_of, of_cell
from kuke_ctr.recipes.logs import known
from kuke_ctr.recipes.platforms import host_platform, may_run_on
from kuke_ctr.recipes.process_facts import facts_of
from kuke_ctr.records import ContainerDetails, ImageDetails, Task, TaskStatus
from kuke_ctr.records.container_details import (
    CellPlace,
    LogDetails,
    NamespaceDetails,
    TaskDetails,
)
from kuke_ctr.records.image_details import ImageConfig, ImageNode, NodeKind

_IN_PROC = {"network": "net", "mount": "mnt"}
"""The names of Linux namespaces below /proc/PID/ns where OCI has others."""


@dataclass(frozen=True, slots=True)
class Inspector:
    """Makes the details of a realm's containers; no call is made.

    `tasks` are the realm's tasks by id, `images` its images by reference; an error says why one is
    not known, or all tasks. `proc` is None where the processes are not this host's.
    """

    host: Host
    realm: Resolution
    members: Members
    tasks: Mapping[str, Task] | KukeCtrError
    images: Mapping[str, ImageDetails | KukeCtrError]
    proc: Path | None = PROC

    def details(self, info: ContainerInfo, document: object) -> ContainerDetails:
        """The details of a container; `document` is what `containers info` printed."""
        tasks = {} if isinstance(self.tasks, KukeCtrError) else self.tasks
        task = self._task(tasks.get(info.id))
        pid = task.pid if task is not None else None
        spec = read_spec(document)
        found = self.images.get(info.image)
        image = None if isinstance(found, KukeCtrError) else found
        log = known(self.host, self.realm, info, pid, proc=self.proc)
        return ContainerDetails(
            id=info.id,
            image=info.image or None,
            image_digest=image.digest if image is not None else None,
            runtime=info.runtime or None,
            created_at=info.created_at or None,
            updated_at=text_in(document, "UpdatedAt"),
            labels=dict(info.labels),
            cell=self._cell(info),
            task=task,
            process=spec.process,
            image_config=self._config(image) if image is not None else None,
            snapshotter=info.snapshotter or None,
            snapshot=info.snapshot or None,
            mounts=spec.mounts,
            namespaces=tuple(self._namespaces(spec.namespaces, pid)),
            cgroup=spec.cgroup,
            log=LogDetails(path=str(log.file.path), kind=log.kind) if log is not None else None,
            problems=tuple(self._problems(info, found)),
        )

    def _cell(self, info: ContainerInfo) -> CellPlace | None:
        one = member_of(info.id, self.members, info)
        if one is None:
            return None
        return CellPlace.model_validate(
            {"realm": one.realm, **of_cell(info.id, self.members, info)}
        )

    def _config(self, image: ImageDetails) -> ImageConfig | None:
        """The configuration for the host; without the build's steps, which the image's own has."""
        found = [node.config for node in _manifests(image.target) if node.config is not None]
        host = host_platform(self.host.ctr)
        fits = [one for one in found if one.present and may_run_on(host, one.platform)]
        one = next(iter(fits), None)
        return one and one.model_copy(update={"history": (), "diff_ids": ()})

    def _task(self, task: Task | None) -> TaskDetails | None:
        if task is None:
            return None
        pid = task.pid if task.pid and task.status != TaskStatus.STOPPED else None
        facts = facts_of(pid, self.proc) if pid is not None and self.proc is not None else None
        if pid is None or self.proc is None or facts is None:
            return TaskDetails(status=task.status, pid=pid)
        return TaskDetails(
            status=task.status,
            pid=pid,
            started_at=facts.started_at,
            user=facts.user,
            command=facts.command,
            shim_pid=facts.parent,
            cgroups=cgroups_of(self.proc / str(pid)),
        )

    def _namespaces(
        self, named: Sequence[tuple[str, str | None]], pid: int | None
    ) -> Iterator[NamespaceDetails]:
        for kind, joins in named:
            path = f"{PROC}/{pid}/ns/{_IN_PROC.get(kind, kind)}" if pid and self.proc else None
            yield NamespaceDetails(type=kind, joins=joins, path=path)

    def _problems(
        self, info: ContainerInfo, image: ImageDetails | KukeCtrError | None
    ) -> Iterator[str]:
        if isinstance(self.tasks, KukeCtrError):
            yield f"the state of its task is not known: {self.tasks.message}"
        if isinstance(image, KukeCtrError):
            yield f"the image {info.image} is not known: {image.message}"
        elif info.image and image is None:
            yield f"{self.realm.namespace} has no image {info.image}"
        elif image is not None and not image.complete:
            yield f"the image {image.ref} is incomplete"


def _manifests(node: ImageNode) -> Iterator[ImageNode]:
    if node.kind is not NodeKind.ATTESTATION:
        yield node
        for one in node.manifests:
            yield from _manifests(one)
