"""The next step where a realm's namespace does not exist: the names that do, the nearest first."""

from collections.abc import Collection, Sequence

from kuke_ctr.kukeon.realm_list import list_realms
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.kukeon.settings import Settings
from kuke_ctr.names import RealmSource, near, nearest

_SHOWN = 5


def will_be_made(namespace: str, names: Collection[str], removes: str) -> str:
    """The note for a namespace that a typing mistake may have named: containerd makes it.

    `names` are those that it has, `removes` the line that removes this one.
    """
    from difflib import get_close_matches

    close = get_close_matches(namespace, names, n=3)
    similar = f" (similar: {', '.join(close)})" if close else ""
    return (
        f"note: there is no namespace {namespace} yet{similar}; this command makes it, "
        f"and as long as it is empty, {removes} removes it"
    )


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
        return _asks(meant) + _existing("namespaces", nearest(namespace, names), realms_ls)
    if resolution.source is not RealmSource.LAYOUT:
        return _existing("namespaces", nearest(namespace, names), realms_ls)
    if wanted in realms.values():
        asks = _asks([f"--realm {name}" for name in realms if realms[name] == wanted])
    elif wanted in names:  # Kukeon 0.1 made those, and `default` and `moby` are such names
        asks = f"if you mean the namespace `{wanted}`: --namespace {wanted}; "
    else:
        asks = _asks([f"--realm {one}" for one in near(wanted, realms)])
    if realms:
        return asks + _existing("realms", nearest(wanted, realms), realms_ls)
    return asks + _existing("namespaces", nearest(namespace, names), realms_ls)


def _asks(meant: Collection[str]) -> str:
    return f"did you mean {' or '.join(meant)}? " if meant else ""


def _existing(what: str, names: Sequence[str], realms_ls: str) -> str:
    """`existing realms: main, team (kuke-ctr realms ls)`."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"existing {what}: {', '.join(names[:_SHOWN])}{more} ({realms_ls})"
