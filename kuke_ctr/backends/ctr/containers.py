"""`ctr containers`."""

from kuke_ctr.backends.ctr.tables import Table
from kuke_ctr.parse.containers import parse_containers

LS = Table(("containers", "ls"), parse_containers)
