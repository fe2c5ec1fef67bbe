"""`ctr images`."""

from kuke_ctr.backends.ctr.tables import Table
from kuke_ctr.parse.images import parse_images

LS = Table(("images", "ls"), parse_images, name_of=lambda image: image.ref)
