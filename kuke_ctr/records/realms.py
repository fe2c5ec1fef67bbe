"""The record of `realms ls`."""

from kuke_ctr.records import RealmSource, Record


class Realm(Record):
    """A realm and its containerd namespace; `exists` is null where nobody could be asked.

    `residual` are namespaces that look like the realm's and are not: `kuke image load` puts images
    into `<realm>.<suffix>`, whatever namespace the realm has.
    """

    identifier = "name"
    table = ("name", "namespace", "source", "exists")
    wide = (*table, "residual")

    name: str
    namespace: str
    source: RealmSource
    exists: bool | None
    residual: tuple[str, ...] = ()
