"""The namespaces beside that of a realm which Kukeon would take for the realm's."""

from kuke_ctr.kukeon.layouts import layouts
from kuke_ctr.recipes.doctor.facts import Facts
from kuke_ctr.records import Realm


def others_of(realm: Realm, facts: Facts) -> list[str]:
    """The namespaces that exist, have a layout of this realm, and are no realm's own."""
    known = layouts(realm.name, facts.suffix)
    return [name for name in known if name in facts.namespaces - facts.claimed]
