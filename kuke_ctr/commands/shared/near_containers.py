"""What the verbs about one container share: the error for one that there is not."""

from contextlib import AbstractContextManager

from kuke_ctr.backends.ctr import containers
from kuke_ctr.commands.shared.documents import near_names
from kuke_ctr.session import OpenRealm


def near_containers(realm: OpenRealm, name: str) -> AbstractContextManager[None]:
    """A NotFound inside becomes one that names the container, the realm and the nearest ones."""
    return near_names(
        realm,
        "container",
        [name],
        lambda: containers.names(realm.scope),
        "containers",
    )
