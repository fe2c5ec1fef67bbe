"""How containers ended that were to end."""

from typing import Literal

from kuke_ctr.records import Record


class StoppedContainer(Record):
    """What `stop` did to a container that does not run now.

    `ending` says whether its signal ended it (`stopped`) or SIGKILL (`killed`), whether it had
    ended before (`already-stopped`) or had no task (`not-running`). `exit_code` is null where
    nobody could tell.
    """

    identifier = "id"
    table = ("id", "ending", "exit_code")
    wide = table

    id: str
    ending: Literal["stopped", "killed", "already-stopped", "not-running"]
    exit_code: int | None
