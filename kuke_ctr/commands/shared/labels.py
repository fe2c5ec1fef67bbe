"""Labels as they are typed: KEY=VALUE, and KEY= to remove one."""

import re
from collections.abc import Sequence

from kuke_ctr.errors import UsageError

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def checked_labels(labels: Sequence[str]) -> list[str]:
    """The same labels; UsageError for what is none, which ctr would take for `=true` or a flag.

    One with a line break is refused too: it would break the rows of ctr's lists.
    """
    for label in labels:
        if "=" not in label or label.startswith(("=", "-")):
            raise UsageError(
                f"{label!r} is not a label", hint="labels are KEY=VALUE; KEY= removes one"
            )
        if _CONTROL.search(label):
            raise UsageError(
                f"{label!r} has a control character, which would make ctr's lists unreadable",
                hint="use one line of text, without tabs and escape sequences",
            )
    return list(labels)
