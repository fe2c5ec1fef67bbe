"""Labels as they are typed: KEY=VALUE, and KEY= to remove one."""

from collections.abc import Sequence

from kuke_ctr.errors import UsageError


def checked_labels(labels: Sequence[str]) -> list[str]:
    """The same labels; UsageError for what is none, which ctr would take for `=true` or a flag."""
    for label in labels:
        if "=" not in label or label.startswith(("=", "-")):
            raise UsageError(
                f"{label!r} is no label", hint="labels are KEY=VALUE; KEY= removes one"
            )
    return list(labels)
