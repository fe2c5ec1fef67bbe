"""What ctr says about containerd itself: these calls are about the whole host and carry no `-n`."""

from kuke_ctr.backends.ctr import filters
from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.tables import ListCall, fetch
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.parse.deprecations import parse_deprecations
from kuke_ctr.parse.plugins import parse_plugins
from kuke_ctr.parse.version import parse_version

SNAPSHOTTER = "io.containerd.snapshotter.v1"
"""The type of a snapshotter's plugin."""

PLUGINS = ListCall(("plugins", "ls"), parse_plugins, filter_by=filters.PLUGINS)
VERSION = ListCall(("version",), parse_version)
DEPRECATIONS = ListCall(("deprecations", "list", "--format", "json"), parse_deprecations)


def snapshotters(ctr: Ctr) -> list[str]:
    """The snapshotters that containerd has loaded; a probe."""
    (answer,) = fetch(ctr, PLUGINS, [None], (f"type=={SNAPSHOTTER}",), probe=True)
    if isinstance(answer, KukeCtrError):
        raise answer
    return [plugin.id for plugin in answer.records if plugin.status == "ok"]
