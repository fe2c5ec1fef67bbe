"""The next step where a realm's namespace does not exist: the names that do, the nearest first."""

from collections.abc import Collection

from kuke_ctr.kukeon.realm_list import list_realms
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.kukeon.settings import Settings
from kuke_ctr.names import near, nearest
from kuke_ctr.records import RealmSource

_SHOWN = 5


def hint_for_missing(
    resolution: Resolution, settings: Settings, names: frozenset[str], realms_ls: str
) -> str:
    """For a name of a realm the realms, else containerd's namespaces.

    `names` are those that containerd has, `realms_ls` the line that lists the realms.
    """
    if not names:
        return "this containerd has no namespaces; is --address correct?"
    found = list_realms(settings, names, show_all=False).realms
    realms = {realm.name: realm.namespace for realm in found if realm.exists}
    wanted, namespace = resolution.name, resolution.namespace
    if resolution.source is RealmSource.FLAG:
        meant = [f"--namespace {one}" for one in near(namespace, names)]
        if namespace in realms:
            meant = [f"--realm {namespace}"]
        return _asked(meant, "namespaces", nearest(namespace, names), realms_ls)
    if resolution.source is RealmSource.LAYOUT:
        if wanted in realms.values():
            meant = [f"--realm {name}" for name in realms if realms[name] == wanted]
        elif wanted in names:  # Kukeon 0.1 made those, and `default` and `moby` are such names
            meant = [f"--namespace {wanted}"]
        else:
            meant = [f"--realm {one}" for one in near(wanted, realms)]
        if realms:
            return _asked(meant, "realms", nearest(wanted, realms), realms_ls)
        return _asked(meant, "namespaces", nearest(namespace, names), realms_ls)
    return _asked([], "namespaces", nearest(namespace, names), realms_ls)


def _asked(meant: Collection[str], what: str, shown: list[str], realms_ls: str) -> str:
    """`did you mean --realm main? existing realms: main, team (kuke-ctr realms ls)`."""
    asks = f"did you mean {' or '.join(meant)}? " if meant else ""
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return f"{asks}existing {what}: {', '.join(shown[:_SHOWN])}{more} ({realms_ls})"
