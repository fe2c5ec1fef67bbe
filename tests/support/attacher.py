"""A program that attaches and says how it ended: what the tests start, kill and hang up on.

python -m tests.support.attacher pty|pipes|socket [OPTION ...] -- PROGRAM [ARGUMENT ...]
"""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.runner import Processes
from kuke_ctr.terminals import kuketty, leaving
from kuke_ctr.terminals.attach_ways import (
    attach_pty,
    attach_socket,
    relay_pipes,
)
from kuke_ctr.terminals.attachment import AttachOptions, Ending, Step
from kuke_ctr.terminals.detach_keys import parse_keys


def main() -> int:
    """Attach; the ending goes to the file of --report, as `repr` of a dictionary."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["pty", "pipes", "socket"])
    parser.add_argument("--no-stdin", action="store_true")
    parser.add_argument("--sig-proxy", action="store_true")
    parser.add_argument("--keys", default="ctrl-],ctrl-]")
    parser.add_argument("--save", type=Path)
    parser.add_argument("--timeout", type=float)
    parser.add_argument("--expect", action="append", default=[])
    parser.add_argument("--send", action="append", default=[])
    parser.add_argument("--report", type=Path)
    parser.add_argument("--patient", action="store_true", help="a slow client may take its time")
    parser.add_argument("words", nargs="+")
    given = parser.parse_args()
    if given.patient:
        leaving.HAND_OVER_LIMIT, leaving.HAND_OVER_QUIET = 15.0, 1.0
    sends = [text.encode() for text in given.send] + [None] * len(given.expect)
    options = AttachOptions(
        take_input=not given.no_stdin,
        keys=parse_keys(given.keys),
        sig_proxy=given.sig_proxy,
        save=given.save,
        timeout=given.timeout,
        script=tuple(
            Step(expect.encode(), send) for expect, send in zip(given.expect, sends, strict=False)
        ),
    )
    ending = _attach(given.kind, given.words, options)
    if given.report is not None:
        values = {**asdict(ending), "kind": str(ending.kind)}
        given.report.write_text(f"{values!r}\n")
    return ending.exit_code


def _attach(kind: str, words: list[str], options: AttachOptions) -> Ending:
    if kind == "socket":
        take_input = options.take_input
        path = Path(words[0])
        return attach_socket(lambda: kuketty.attach(path, take_input=take_input), options)
    call = Call(tuple(words), timeout=None)
    if kind == "pty":
        return attach_pty(call, options)
    return relay_pipes(lambda: Processes().open_pipes(call), options)


if __name__ == "__main__":
    sys.exit(main())
