"""A host with images in one realm."""

import pytest

DIGEST = "sha256:" + "0123456789abcdef" * 4


MEDIA = "application/vnd.oci.image.index.v1+json"


IMAGES = (
    "REF  TYPE                                    DIGEST"
    + " " * 66
    + "SIZE    PLATFORMS   LABELS \n"
    + f"b:1  {MEDIA} {DIGEST} 1.0 MiB linux/amd64 -      \n"
)


Capture = pytest.CaptureFixture[str]
