"""The nerdctl of a host, as the settings name it."""

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.nerdctl.client import Nerdctl
from kuke_ctr.backends.nerdctl.versions import require_usable
from kuke_ctr.errors import UsageError
from kuke_ctr.kukeon.settings import Settings


def nerdctl_of(settings: Settings, ctr: Ctr) -> Nerdctl:
    """The nerdctl for the containerd that ctr speaks to; UsageError where its socket is unknown."""
    address = settings.address or settings.socket
    if address is None:
        raise UsageError(
            f"nerdctl needs the socket of the containerd that `{' '.join(settings.ctr)}` speaks to",
            hint="name it with --address; --backend ctr goes without nerdctl",
        )
    return Nerdctl(
        processes=ctr.processes,
        program=settings.nerdctl,
        address=address,
        timeout=ctr.timeout,
        notice=ctr.notice,
        change_timeout=ctr.change_timeout,
        typed=ctr.typed,
    )


def usable_nerdctl(settings: Settings, ctr: Ctr) -> Nerdctl:
    """The same, once it is known that it can be used; raises as `versions.require_usable`."""
    nerdctl = nerdctl_of(settings, ctr)
    require_usable(nerdctl, ctr)
    return nerdctl
