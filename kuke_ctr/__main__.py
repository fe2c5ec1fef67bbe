"""The entry point: `kuke-ctr`, and `python -m kuke_ctr`."""

import gc
import sys


def run() -> int:
    """Run the command line of this process and return its exit code."""
    # imports make many objects and no garbage: looking for it takes some 5 % of a start-up
    gc.set_threshold(100_000)
    from kuke_ctr.cli import main

    return main()


if __name__ == "__main__":
    sys.exit(run())
