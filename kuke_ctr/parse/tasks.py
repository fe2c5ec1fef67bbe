"""What `ctr tasks ls` prints."""

from collections.abc import Iterable, Iterator, Mapping

from kuke_ctr.parse.table import NUMBER, WORD, Column, Table, read_table
from kuke_ctr.records import Refused, Task


def _task(cells: Mapping[str, str], extra: dict[str, str]) -> Task:
    return Task(id=cells["TASK"], pid=int(cells["PID"]), status=cells["STATUS"], extra=extra)


# the header ends with a tab, the rows do not
_TABLE = Table(
    (Column("TASK", WORD), Column("PID", NUMBER), Column("STATUS", r"[A-Z]+")), _task, closed=False
)


def parse_tasks(lines: Iterable[str]) -> Iterator[Task | Refused]:
    """The tasks of `ctr tasks ls`: TASK PID STATUS; a shim that hangs shows as 0 and UNKNOWN."""
    return read_table(_TABLE, lines)
