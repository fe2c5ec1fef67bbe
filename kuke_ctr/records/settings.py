"""The record of `config show`."""

from kuke_ctr.records import Record


class Setting(Record):
    """A setting that holds now; `value` is null where ctr's own default does.

    `origin` is an option, a variable, a file with the key in it, or `the default`.
    """

    identifier = "key"
    table = ("key", "value")
    wide = ("key", "value", "origin")

    key: str
    value: str | None
    origin: str
