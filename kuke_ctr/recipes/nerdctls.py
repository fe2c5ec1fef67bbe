"""Whether nerdctl changes some containers; the question costs nothing where there is no nerdctl."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kuke_ctr.backends.choice import Backend, may_serve
from kuke_ctr.kukeon.host import Host
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.kukeon.settings import THE_DEFAULT
from kuke_ctr.processes.preflight import is_installed

if TYPE_CHECKING:
    from kuke_ctr.recipes.nerdctls_changes import NerdctlsOwn


def changed_by_nerdctl(
    host: Host, realm: Resolution, names: Sequence[str], operation: str
) -> "NerdctlsOwn | None":
    """Those of these ids that nerdctl serves `operation` (`stop`) for; None where ctr does.

    In `auto` nothing is asked where no nerdctl is installed and nobody named one; else `ctr
    containers info` of each.
    """
    settings = host.settings
    if not names or not may_serve(settings.backend, operation):
        return None
    if settings.backend is Backend.AUTO and not _may_be_asked(host):
        return None
    from kuke_ctr.recipes.nerdctls_changes import own_among  # late: mostly ctr changes them

    return own_among(host, realm, names, operation)


def _may_be_asked(host: Host) -> bool:
    settings = host.settings
    named = settings.nerdctl_source != THE_DEFAULT  # that it is not there will be a warning
    return named or host.ctr.processes.replays or is_installed(settings.nerdctl)
