"""Which containers nerdctl may change: its own, and none of Kukeon's.

Its `stop` writes labels to containers that it did not make, its `start` deletes their task first,
and its `container prune` (1.7) deletes them. So every operation that changes a container through
nerdctl asks here first; the containers that are not named stay with ctr.
"""

import re
from collections.abc import Iterable, Mapping

from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.kukeon.host import Host
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.parse.container_info import ContainerInfo

_ID = re.compile(r"[0-9a-f]{64}")
_NERDCTL = "nerdctl/"
_KUKEON = "kukeon.io"


def is_nerdctls(labels: Mapping[str, str]) -> bool:
    """Whether nerdctl made the container with these labels; never one of Kukeon's.

    An image can give its containers any label: where labels say both, Kukeon counts.
    """
    return any(name.startswith(_NERDCTL) for name in labels) and not any(
        name.partition("/")[0].endswith(_KUKEON) for name in labels
    )


def changeable(host: Host, realm: Resolution, names: Iterable[str]) -> dict[str, ContainerInfo]:
    """The containers among these ids that nerdctl may change, by id, with what ctr knows of them.

    Not those that are in a record of Kukeon's, have a label of Kukeon's, or were not made by
    nerdctl. `ctr containers info` of each, side by side: probes.
    """
    from kuke_ctr.recipes.cell_members import Members
    from kuke_ctr.recipes.container_details import infos_of

    scope = Scope(host.ctr, realm.namespace)
    recorded = Members(scope, host.settings.run_path, realm).recorded
    wanted = [name for name in dict.fromkeys(names) if name not in recorded]
    infos = infos_of(scope, wanted)
    return {name: info for name, info in infos.items() if is_nerdctls(info.labels)}


def made_by_nerdctl(info: ContainerInfo, namespace: str) -> bool:
    """Whether nerdctl made a container of this namespace, by more than labels; never Kukeon's.

    nerdctl makes its ids itself: an image with nerdctl's labels can't bring one.
    """
    by_id = _ID.fullmatch(info.id) is not None
    return by_id and is_nerdctls(info.labels) and data_root(info, namespace) is not None


def data_root(info: ContainerInfo, namespace: str) -> str | None:
    """The `--data-root` of the nerdctl that made a container; None where its labels do not say.

    The label `nerdctl/state-dir` is `<data root>/<hash>/containers/<namespace>/<id>`. It is to be
    used only where `made_by_nerdctl`: nerdctl makes such a folder, as root.
    """
    folder = info.labels.get("nerdctl/state-dir", "")
    tail = f"/containers/{namespace}/{info.id}"
    root = folder.removesuffix(tail).rpartition("/")[0]
    return root if folder.endswith(tail) and root.startswith("/") else None


def places(info: ContainerInfo, scope: Scope) -> list[str]:
    """The flags by which nerdctl finds a container that it made: --address and --data-root."""
    root = data_root(info, scope.namespace) if made_by_nerdctl(info, scope.namespace) else None
    known = {"--address": scope.ctr.address, "--data-root": root}
    return [word for flag, value in known.items() if value for word in (flag, value)]
