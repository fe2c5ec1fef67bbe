"""`python -m kuke_ctr` is the same as `kuke-ctr`."""

import sys

from kuke_ctr.cli import main

sys.exit(main())
