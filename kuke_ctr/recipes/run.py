"""Making a container and starting it: its name, its log file, and nothing left if that fails."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from kuke_ctr.backends.ctr import containers, snapshots, tasks
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import Forbidden, KukeCtrError, NotFound, Reason, UsageError
from kuke_ctr.names import check_name
from kuke_ctr.parse.container_info import LOG_LABEL, LOGS, RUN_LABEL
from kuke_ctr.processes.calls import Call
from kuke_ctr.recipes.paths import absolute
from kuke_ctr.recipes.start import (
    ABSENT,
    CLEANING_LIMIT,
    LOOK_LIMIT,
    NOT_RUNNING,
    quiet_if_gone,
    task_status,
    unique_id,
)
from kuke_ctr.recipes.taken import taken

E = TypeVar("E", bound=KukeCtrError)

_FOLDER_MODE, _FILE_MODE = 0o750, 0o640


_LONGEST_STEM = 40


def name_for(scope: Scope, image: str, asked: str | None) -> str:
    """The id of the new container: the one that was asked for, else one made of the image's name.

    CtrFailed for one that exists, UsageError for one that can't be.
    """
    if asked is not None:
        name = check_name(asked, "container")
    else:
        last = re.split(r"[@:]", image.rsplit("/", maxsplit=1)[-1], maxsplit=1)[0]
        stem = re.sub(r"[^A-Za-z0-9]+", "-", last)
        name = unique_id(stem.strip("-")[:_LONGEST_STEM].rstrip("-") or "run")
    if name in containers.names(scope):
        raise taken(scope, name)
    return name


@dataclass(frozen=True, slots=True)
class RunLog:
    """The log file of a detached container; `made` is false in a dry run."""

    path: Path
    made: bool

    @property
    def uri(self) -> str:
        """As ctr's --log-uri wants it."""
        return f"file://{quote(str(self.path))}"

    @property
    def label(self) -> str:
        """As ctr's --label wants it."""
        return f"{LOG_LABEL}={self.path}"

    def remove(self) -> None:
        """Take it away again, for a container that was not started."""
        if self.made:
            with suppress(OSError):
                self.path.unlink()


def log_for(scope: Scope, name: str, asked: str | None, *, dry: bool) -> RunLog:
    """The log of a new container, on the host where it will run; as `make_log`."""
    if scope.ctr.far is not None:
        return _far_log(scope, name, asked)
    return make_log(scope.namespace, name, asked, dry=dry)


def make_log(namespace: str, name: str, asked: str | None, *, dry: bool) -> RunLog:
    """A new, empty file: `/var/log/kuke-ctr/<namespace>/<id>.log`, or the one asked for.

    What is there already is never touched: one that was asked for must not exist (UsageError), a
    file that an earlier container of the name left gets a neighbour.
    """
    path = Path(asked).absolute() if asked is not None else LOGS / namespace / f"{name}.log"
    if dry:
        return RunLog(path, made=False)
    try:
        if asked is None:
            for folder in (LOGS, path.parent):
                folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        try:
            _make(path)
        except FileExistsError:
            if asked is not None:
                raise UsageError(
                    f"{path} exists already",
                    hint="name a new file; an existing one is not overwritten",
                ) from None
            path = path.with_name(f"{unique_id(name)}.log")
            _make(path)
    except PermissionError:
        raise Forbidden(
            f"permission denied creating {path}",
            hint="use sudo, or --log-file FILE in a directory of yours, or --null-io",
        ) from None
    except OSError as error:
        raise KukeCtrError(
            f"cannot create {path}: {error.strerror}", hint="name another file with --log-file FILE"
        ) from None
    return RunLog(path, made=True)


def _far_log(scope: Scope, name: str, asked: str | None) -> RunLog:
    """A log on another host, by a name that is new; its folder is made, the shim makes the file."""
    if asked is not None:
        path = absolute(asked, "--log-file", scope.ctr.far)
    else:
        path = LOGS / scope.namespace / f"{unique_id(name)}.log"
        argv = ("mkdir", "-p", "-m", f"{_FOLDER_MODE:o}", str(path.parent))
        call = Call(argv, timeout=scope.ctr.timeout, far=scope.ctr.far)
        scope.ctr.checked(scope.ctr.processes.run(call))
    return RunLog(path, made=False)


def _make(path: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    descriptor = os.open(path, flags, _FILE_MODE)
    os.fchmod(descriptor, _FILE_MODE)  # whatever the umask
    os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Made:
    """What a run makes: a container whose label has the token, its snapshot, and a log file."""

    name: str
    token: str
    log: RunLog | None
    snapshotter: str | None
    began: datetime = field(default_factory=lambda: datetime.now(UTC))


def undo(
    scope: Scope, made: Made, why: BaseException | None = None, *, running: bool = False
) -> None:
    """Remove what a failed run made: task, container with its snapshot, log file.

    Only a container with the token of this run, for one of the same name is somebody else's; so is
    a snapshot if the run failed (`why`) because it was there already. One that runs after all, or
    may run because nobody can tell, only with `running`.
    """
    ctr, name = replace(quiet_if_gone(scope.ctr), timeout=CLEANING_LIMIT), made.name
    scope = scope._replace(ctr=ctr)
    try:
        token = _token(scope._replace(ctr=replace(ctr, timeout=LOOK_LIMIT)), name)
        if token == made.token:
            status = task_status(scope, name)
            if status not in NOT_RUNNING and not running:
                ctr.notice(_left_alone(scope, name, status))
                return
            if status != ABSENT:
                tasks.remove_by_force(scope, name)
            ctr.checked(containers.discard(scope, name))
        elif token is None and not was_taken(why):
            _remove_snapshot(scope, made)
    except KukeCtrError as error:
        ctr.notice(f"kuke-ctr: the container {name} of this failed run may still exist: {error}")
        return
    if made.log is not None:
        made.log.remove()


def was_taken(error: BaseException | None) -> bool:
    """Whether a failure is that somebody else has the id: a container or a snapshot."""
    return isinstance(error, KukeCtrError) and error.reason is Reason.ALREADY_EXISTS


def _remove_snapshot(scope: Scope, made: Made) -> None:
    """ctr makes the snapshot first: one that is as old as this run is what it left of it."""
    created = snapshots.created(scope, made.name, made.snapshotter)
    if created is not None and created >= made.began:
        words = snapshots.words(made.snapshotter, "rm", made.name)
        with suppress(NotFound):  # containerd was quicker
            scope.change(*words)


def _left_alone(scope: Scope, name: str, status: str | None) -> str:
    what = "may be running (containerd does not answer)" if status is None else f"is {status}"
    return (
        f"kuke-ctr: the task of {name} {what}, so nothing was removed; "
        f"{scope.line('tasks', 'ls')} shows its state"
    )


def _token(scope: Scope, name: str) -> str | None:
    """The token of the run that made a container, "" where none did; None without a container."""
    try:
        return containers.facts(scope, name).labels.get(RUN_LABEL, "")
    except NotFound:
        return None


def incomplete(scope: Scope, image: str, error: E) -> E:
    """The error for an image that is here, but not all of it that this platform needs."""
    shows = f"{scope.line('images', 'inspect', image)} shows what is here"
    pulls = scope.line("images", "pull", image)
    return error.but(hint=f"a part of the image is not here; {shows}, {pulls} fetches it")
