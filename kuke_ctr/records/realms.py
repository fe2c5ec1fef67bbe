"""The record of `realms ls`."""

from kuke_ctr.records import RealmSource, Record


class Realm(Record):
    """A realm and its containerd namespace; `exists` is null where nobody could be asked."""

    identifier = "name"
    table = ("name", "namespace", "source", "exists")
    wide = table

    name: str
    namespace: str
    source: RealmSource
    exists: bool | None
