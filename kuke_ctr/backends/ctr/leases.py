"""`ctr leases`."""

from collections.abc import Sequence

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.tables import ListCall
from kuke_ctr.parse.leases import parse_leases
from kuke_ctr.processes.calls import Result

LS = ListCall(("leases", "ls"), parse_leases, name_of=lambda lease: lease.id, filter_by="id")


def create(ctr: Ctr, namespace: str, flags: Sequence[str], labels: Sequence[str]) -> Result:
    """`ctr leases create [KEY=VALUE...]`; prints the id."""
    return ctr.change("leases", "create", *flags, *labels, namespace=namespace)


def remove(ctr: Ctr, namespace: str, name: str, flags: Sequence[str]) -> Result:
    """`ctr leases rm ID`, of one: without any, ctr prints its help and is content. NotFound."""
    return ctr.change("leases", "rm", *flags, name, namespace=namespace)
