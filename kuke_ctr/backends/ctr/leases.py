"""`ctr leases`."""

from kuke_ctr.backends.ctr.tables import Table
from kuke_ctr.parse.leases import parse_leases

LS = Table(("leases", "ls"), parse_leases, name_of=lambda lease: lease.id)
