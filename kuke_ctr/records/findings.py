"""The record of `doctor`: something on this host that is wrong, or worth knowing."""

from enum import StrEnum

from kuke_ctr.records import Record


class Severity(StrEnum):
    """How bad a finding is: an `info` alone leaves the exit code at 0."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Finding(Record):
    """Something that `kuke-ctr doctor` found.

    `check` names the kind of finding, `names` the things that it is about (images, containers,
    ...), `namespace` is null where it is about the whole host. `found_by` are the ctr commands that
    showed it, or the files. `fix` are commands for a shell that mend it, in their order; `hint` is
    what to do where no single command does.
    """

    identifier = "check"
    table = ("severity", "namespace", "check", "message")
    wide = ("severity", "namespace", "check", "names", "message", "hint", "fix", "found_by")

    severity: Severity
    check: str
    namespace: str | None
    names: tuple[str, ...]
    message: str
    hint: str | None
    fix: tuple[str, ...]
    found_by: tuple[str, ...]
