"""`ctr sandboxes` (1.7 and later)."""

from kuke_ctr.backends.ctr import filters
from kuke_ctr.backends.ctr.tables import ListCall
from kuke_ctr.parse.sandboxes import parse_sandboxes

LS = ListCall(("sandboxes", "ls"), parse_sandboxes, filter_by=filters.SANDBOXES)
