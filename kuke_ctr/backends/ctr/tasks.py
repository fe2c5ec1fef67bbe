"""`ctr tasks`."""

from kuke_ctr.backends.ctr.tables import Table
from kuke_ctr.parse.tasks import parse_tasks

LS = Table(("tasks", "ls"), parse_tasks, order=lambda task: task.id)
