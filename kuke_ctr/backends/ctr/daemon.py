"""What ctr says about containerd itself: these calls are about the whole host and carry no `-n`."""

from kuke_ctr.backends.ctr.tables import ListCall
from kuke_ctr.parse.deprecations import parse_deprecations
from kuke_ctr.parse.plugins import parse_plugins
from kuke_ctr.parse.version import parse_version

PLUGINS = ListCall(("plugins", "ls"), parse_plugins, filter_by="id")
VERSION = ListCall(("version",), parse_version)
DEPRECATIONS = ListCall(("deprecations", "list", "--format", "json"), parse_deprecations)
