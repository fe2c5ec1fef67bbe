"""kuke-ctr: containerd's ctr for Kukeon realms. `open_realm("main").images()` gives records."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kuke_ctr.session import OpenRealm, open_realm

__all__ = ["OpenRealm", "open_realm"]


def __getattr__(name: str) -> object:
    # late: the command line imports this package before it knows what it needs
    if name in __all__:
        from kuke_ctr import session

        return getattr(session, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
