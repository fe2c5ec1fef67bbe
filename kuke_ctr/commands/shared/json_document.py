"""One document in place of rows: what `info` prints."""

import sys
from collections.abc import Callable, Mapping

from kuke_ctr.commands.shared.output import print_lines
from kuke_ctr.errors import Unreadable
from kuke_ctr.parse.json_text import read_json
from kuke_ctr.processes.calls import Result, mask
from kuke_ctr.render import Output, to_json, to_yaml
from kuke_ctr.session import Session

_DOCUMENT = (Output.TABLE, Output.WIDE, Output.JSON, Output.JSONL, Output.YAML, Output.RAW)


def print_document(
    session: Session,
    result: Result,
    more: Mapping[str, object] | None = None,
    hides: Callable[[str], bool] | None = None,
) -> None:
    """The JSON that ctr printed, in the form of -o (none: json); Unreadable for what is not JSON.

    `more` keys stand at the end of the document. `hides` says which variables of an environment
    have their values masked. Neither is for the raw form.
    """
    if result.planned:
        return
    form = session.options.output
    if form is Output.RAW:
        print_bytes(result)
        return
    try:
        value = read_json(result.stdout.decode(errors="surrogateescape"))
    except ValueError as error:
        raise Unreadable(
            f"ctr printed invalid JSON: {error}",
            hint="-o raw shows what ctr printed",
            command=mask(result.argv),
        ) from None
    if hides is not None:
        from kuke_ctr.processes.environments import masked  # late: lists need none of it

        value = masked(value, hides)
    if more and isinstance(value, dict):
        value = {**value, **more}
    if session.receiver is not None:
        session.receiver.document(value)
    elif form is Output.YAML:
        print_lines([to_yaml(value)])
    else:
        print_lines([to_json(value, indent=None if form is Output.JSONL else 2)])


def print_bytes(result: Result) -> None:
    """What ctr printed, byte for byte."""
    sys.stdout.flush()
    sys.stdout.buffer.write(result.stdout)
