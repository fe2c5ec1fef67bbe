"""All tables of failures, in the order in which they are looked through."""

from kuke_ctr.backends.ctr.failures.archives import EXPORT, IMPORT
from kuke_ctr.backends.ctr.failures.daemon import DAEMON
from kuke_ctr.backends.ctr.failures.launches import ATTACH, CHECKPOINT, LOST, MADE, STATE
from kuke_ctr.backends.ctr.failures.local import LOCAL
from kuke_ctr.backends.ctr.failures.registry import REGISTRY
from kuke_ctr.backends.ctr.failures.storage import (
    COMMIT,
    CONTENT,
    LEASES,
    MOUNTS,
    SNAPSHOTS,
)

TABLES = (
    *(DAEMON, REGISTRY, IMPORT, EXPORT, MADE, STATE, CHECKPOINT, ATTACH),
    *(MOUNTS, COMMIT, SNAPSHOTS, LEASES, CONTENT, LOCAL, LOST),
)
