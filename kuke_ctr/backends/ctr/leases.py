"""`ctr leases`."""

from collections.abc import Sequence

from kuke_ctr.backends.ctr import filters
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.tables import ListCall
from kuke_ctr.parse.leases import parse_leases
from kuke_ctr.processes.calls import Result

LS = ListCall(
    ("leases", "ls"), parse_leases, name_of=lambda lease: lease.id, filter_by=filters.LEASES
)


def create(scope: Scope, flags: Sequence[str], labels: Sequence[str]) -> Result:
    """`ctr leases create [KEY=VALUE...]`; prints the id."""
    return scope.change("leases", "create", *flags, *labels)


def remove(scope: Scope, name: str, flags: Sequence[str]) -> Result:
    """`ctr leases rm ID`, of one: without any, ctr prints its help and is content. NotFound."""
    return scope.change("leases", "rm", *flags, name)
