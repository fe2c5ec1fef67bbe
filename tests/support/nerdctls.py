"""The nerdctl of this machine, for the tests that need a real one."""

import os
import shutil

NERDCTL = os.environ.get("KUKE_CTR_NERDCTL") or shutil.which("nerdctl")
"""Read once, before any test does something with the environment; None where there is none."""

NOT_RUN = (
    "the real ring of the nerdctl backend (tests/integration/test_nerdctl*.py) did not run: no "
    "nerdctl on PATH, and KUKE_CTR_NERDCTL names none"
)
