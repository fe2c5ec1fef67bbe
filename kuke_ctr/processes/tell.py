"""Who hears which calls are made: nothing in here prints."""

from collections.abc import Callable
from typing import NamedTuple


def _not_told(line: str) -> None:
    pass


class Teller(NamedTuple):
    """What gets a line, without its newline; lone surrogates stand for bytes that are not UTF-8.

    `planned` gets a command that a dry run does not run, `traced` what is run, and how it ended.
    """

    planned: Callable[[str], None] = _not_told
    traced: Callable[[str], None] = _not_told


NOBODY = Teller()
