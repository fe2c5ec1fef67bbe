"""What `ctr tasks ls` prints."""

from collections.abc import Iterable, Iterator

from kuke_ctr.parse.layout import NAME, PID, STATUS, Column
from kuke_ctr.parse.table import Table, read_table
from kuke_ctr.records import Refused, Task


def _task(cells: list[str], extra: dict[str, str]) -> Task:
    name, pid, status = cells
    return Task(id=name, pid=int(pid), status=status, extra=extra)


# the header ends with a tab, the rows do not
TABLE = Table(
    (Column("TASK", NAME), Column("PID", PID), Column("STATUS", STATUS)), _task, closed=False
)


def parse_tasks(lines: Iterable[str]) -> Iterator[Task | Refused]:
    """The tasks of `ctr tasks ls`: TASK PID STATUS; a shim that hangs shows as 0 and UNKNOWN."""
    return read_table(TABLE, lines)
