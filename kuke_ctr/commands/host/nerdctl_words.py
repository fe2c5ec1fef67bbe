"""Words of a nerdctl command that nobody can judge: refused where Kukeon has something."""

from kuke_ctr.backends.ctr import containers
from kuke_ctr.backends.nerdctl import verbs
from kuke_ctr.backends.nerdctl.command_line import Typed
from kuke_ctr.commands.shared.kukeon import members_of
from kuke_ctr.errors import UsageError
from kuke_ctr.kukeon.named_images import named_images
from kuke_ctr.session import OpenRealm


def refuse_words(realm: OpenRealm, typed: Typed) -> None:
    """UsageError for an unknown verb, and for a word that nerdctl would take as a filter.

    Only where Kukeon has containers or records in the namespace: `ctr containers ls -q`, a probe.
    """
    odd = verbs.odd_word(typed) if verbs.names_something(typed) else None
    if (odd is None and verbs.is_known(typed)) or not _has_something(realm):
        return
    if odd is None:
        raise UsageError(
            f"kuke-ctr does not know nerdctl's `{typed.verb}`, and Kukeon has containers or images "
            "in this namespace; nothing was done",
            hint="kuke-ctr knows the commands of nerdctl 1.7 to 2.1; `nerdctl --namespace "
            f"{realm.namespace} ...` itself checks nothing",
        )
    raise UsageError(
        f"{odd!r} has characters that the name of no container and no image has, and nerdctl would "
        "take it as a filter; nothing was done",
        hint="write the ID or the name as `kuke-ctr ps` and `kuke-ctr images ls` show it, and the "
        "value of a flag as --flag=VALUE",
    )


def _has_something(realm: OpenRealm) -> bool:
    """Whether a container or a record in this namespace is Kukeon's."""
    known = members_of(realm)
    if known.recorded or named_images(realm.host.settings.run_path, realm.resolution):
        return True
    return bool(known.among(containers.names(realm.scope)))
