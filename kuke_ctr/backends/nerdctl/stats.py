"""`nerdctl stats`."""

from collections.abc import Sequence

from kuke_ctr.backends.ctr.client import lines_of
from kuke_ctr.backends.nerdctl.client import Nerdctl
from kuke_ctr.errors import Unreadable
from kuke_ctr.parse.nerdctl.stats import Usage, parse_usages
from kuke_ctr.records import Refused

WORDS = ("stats", "--no-stream", "--no-trunc", "--format", "json")


def usages(nerdctl: Nerdctl, namespace: str, ids: Sequence[str]) -> dict[str, Usage]:
    """What these containers use, by id; it takes nerdctl a second and more.

    Without ids nothing is asked. nerdctl shows every container whose id begins with one of these
    words: the others are left out. Raises NotFound where one of them has gone.
    """
    if not ids:
        return {}
    said = nerdctl.run(*WORDS, *ids, namespace=namespace)
    found = parse_usages(lines_of(said.stdout))
    rows: dict[str, Usage] = {}
    for row in found:
        if isinstance(row, Refused):
            raise Unreadable(f"cannot read a row that nerdctl printed: {row.reason}: {row.text}")
        if row.id in ids:
            rows[row.id] = row
    return rows
