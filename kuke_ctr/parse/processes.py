"""What `ctr tasks ps` prints."""

import re
from collections.abc import Iterable, Iterator

from kuke_ctr.parse.layout import PID, Column, Form
from kuke_ctr.parse.table import Table, read_table
from kuke_ctr.records import Process, Refused

# to 1.6 a Go struct, from 1.7 on a protobuf text
_EXEC = re.compile(r'&ProcessDetails\{ExecID:([^,}]*),.*\}|exec_id: *"([^"\\]*)"')


def _process(cells: list[str], extra: dict[str, str]) -> Process:
    pid, info = cells
    match = _EXEC.fullmatch(info)
    return Process(
        task="",
        pid=int(pid),
        exec_id=(match[1] or match[2]) if match else None,
        info=None if info == "-" else info,
        parent=None,
        user=None,
        started_at=None,
        command=None,
        extra=extra,
    )


TABLE = Table((Column("PID", PID), Column("INFO", Form(r"\S.*"))), _process, closed=False)


def parse_processes(lines: Iterable[str]) -> Iterator[Process | Refused]:
    """The processes of `ctr tasks ps TASK`: PID INFO. The table does not name its task."""
    return read_table(TABLE, lines)
