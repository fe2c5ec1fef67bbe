"""What nerdctl says about itself and containerd: these calls are about no namespace."""

from kuke_ctr.backends.ctr.client import lines_of
from kuke_ctr.backends.ctr.tables import listing
from kuke_ctr.backends.nerdctl.client import Nerdctl
from kuke_ctr.parse.nerdctl.version import parse_version
from kuke_ctr.processes.calls import Result
from kuke_ctr.records import Listing, Version

VERSION = ("version", "--format", "json")


def versions(nerdctl: Nerdctl) -> Listing[Version]:
    """nerdctl, containerd and runc (`nerdctl version`)."""
    return listing(parse_version(lines_of(nerdctl.run(*VERSION).stdout)))


def info(nerdctl: Nerdctl) -> Result:
    """`nerdctl info`: a JSON document, other than that of `ctr info`."""
    return nerdctl.run("info", "--format", "json")
