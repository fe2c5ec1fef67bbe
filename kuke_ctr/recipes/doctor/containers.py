"""Checks of containers and their tasks. What Kukeon recorded of its own is judged by `cells`."""

from collections.abc import Iterator

from kuke_ctr.recipes.doctor.cell_rules import kuke_line, paused_though_stopped
from kuke_ctr.recipes.doctor.facts import Facts, Space, finding, listed
from kuke_ctr.recipes.doctor.remedies import MOST_COPIES, image_again
from kuke_ctr.records import Finding, Severity, TaskStatus


def tasks(facts: Facts) -> Iterator[Finding]:
    """Tasks that ended and stayed, never started, are paused, or whose shim is silent."""
    told = {one.id for some in facts.cells.values() for one in paused_though_stopped(some)}
    for space in _spaces(facts):
        stopped = _with_status(space, TaskStatus.STOPPED)
        lost = tuple(one for one in stopped if start_line(facts, space, one) is None)
        if lost:
            deletes = facts.line(space.namespace, "tasks", "rm", *lost)
            starts = facts.line(space.namespace, "tasks", "start", "-d", lost[0])
            what = "has ended, and its task was not deleted", "have ended, and their tasks remain"
            which = "it" if len(lost) == 1 else "one"
            hint = (
                "the exit code and unread output go with the task; to start "
                f"{which} again after that: `{starts}`"
            )
            yield _of_tasks(facts, space, "task-stopped", lost, what, fix=(deletes,), hint=hint)
        stuck = tuple(sorted(space.stuck))
        if stuck:
            what = "was created and never started", "were created and never started"
            fix = _ends_by_force(facts, space, stuck)
            yield _of_tasks(facts, space, "task-created", stuck, what, fix=fix)
        paused = tuple(one for one in _with_status(space, TaskStatus.PAUSED) if one not in told)
        if paused:
            what = "is paused: it does nothing until it is resumed", "are paused: they do nothing"
            fix = (facts.line(space.namespace, "tasks", "resume", *paused),)
            yield _of_tasks(facts, space, "task-paused", paused, what, fix=fix)
        for name in silent(facts, space):
            yield _silent(facts, space, name)


def _with_status(space: Space, status: TaskStatus) -> tuple[str, ...]:
    return tuple(task.id for task in space.tasks if task.status == status)


def _of_tasks(
    facts: Facts,
    space: Space,
    check: str,
    names: tuple[str, ...],
    what: tuple[str, str],
    *,
    fix: tuple[str, ...],
    hint: str | None = None,
) -> Finding:
    """A finding about tasks; `what` is to be said of one, and of several."""
    severities = {"task-unknown": Severity.ERROR, "task-paused": Severity.INFO}
    return finding(
        severities.get(check, Severity.WARNING),
        check,
        f"{_containers(names)} {what[len(names) > 1]}",
        realm=space.realm,
        namespace=space.namespace,
        names=names,
        hint=hint,
        fix=fix,
        found_by=(facts.ran(space.namespace, "tasks", "ls"),),
    )


def silent(facts: Facts, space: Space) -> list[str]:
    """The containers whose shim does not answer: ctr lists the task as UNKNOWN, or not at all."""
    unknown = _with_status(space, TaskStatus.UNKNOWN)
    known = {task.id for task in space.tasks}
    hidden = (name for of, name in facts.shims if of == space.namespace and name not in known)
    return sorted({*unknown, *hidden})


def _silent(facts: Facts, space: Space, name: str) -> Finding:
    """What mends it acts on the shim: every command for the container waits for it."""
    shim = facts.shims.get((space.namespace, name))
    restart = start_line(facts, space, name, "restart")
    fix: tuple[str, ...]
    if shim is None:
        force = facts.line(space.namespace, "tasks", "rm", "--force", name)
        what, fix = "its shim hangs or is gone", (restart or force,)
        hint = "its processes may still run: `ps -ef | grep containerd-shim`"
    elif shim.stopped:
        what, fix = f"a signal stopped its shim, process {shim.pid}", (f"kill -CONT {shim.pid}",)
        hint = "the shim then continues"
    else:
        what = f"its shim, process {shim.pid}, hangs"
        hint = "look again first: a busy disk can be the cause. The fix ends the container, too"
        fix = (f"kill -KILL {shim.pid}", *filter(None, (restart,)))
    said = (f"does not answer, and may still run: {what}",) * 2
    return _of_tasks(facts, space, "task-unknown", (name,), said, fix=fix, hint=hint)


def _ends_by_force(facts: Facts, space: Space, names: tuple[str, ...]) -> tuple[str, ...]:
    """Kukeon's own way for its containers, ctr's for all others."""
    others = [one for one in names if start_line(facts, space, one) is None]
    starts = [start_line(facts, space, one, "restart") for one in names]
    force = facts.line(space.namespace, "tasks", "rm", "--force", *others)
    return (*dict.fromkeys(filter(None, starts)), *([force] if others else []))


def without_task(facts: Facts) -> Iterator[Finding]:
    """Containers of which nothing runs; a stopped one of Kukeon's is as it should be."""
    for space in _spaces(facts):
        if not (space.knows("tasks", "ls") and space.knows("containers", "ls")):
            continue
        fine = {task.id for task in space.tasks} | space.without_snapshot
        fine |= set(silent(facts, space))
        names = tuple(
            one.id
            for one in space.containers
            if one.id not in fine and start_line(facts, space, one.id) is None
        )
        if not names:
            continue
        removes = facts.line(space.namespace, "containers", "rm", *names)
        yield finding(
            Severity.WARNING,
            "container-without-task",
            f"{_containers(names)} {'has' if len(names) == 1 else 'have'} no task: nothing runs",
            realm=space.realm,
            namespace=space.namespace,
            names=names,
            hint=f"if nobody needs what is in there: `{removes}`",
            fix=tuple(
                facts.line(space.namespace, "tasks", "start", "-d", one)
                for one in names[:MOST_COPIES]
            ),
            found_by=(
                facts.ran(space.namespace, "containers", "ls"),
                facts.ran(space.namespace, "tasks", "ls"),
            ),
        )


def _containers(names: tuple[str, ...]) -> str:
    return f"container{'' if len(names) == 1 else 's'} {listed(names)}"


def without_image(facts: Facts) -> Iterator[Finding]:
    """Containers whose image is not in their namespace any more."""
    for space in _spaces(facts):
        here = {image.ref for image in space.images}
        if not (space.knows("images", "ls") and space.knows("containers", "ls")):
            continue
        lost: dict[str, list[str]] = {}
        for one in space.containers:
            if one.image is not None and one.image not in here:
                lost.setdefault(one.image, []).append(one.id)
        for ref, ids in sorted(lost.items()):
            yield _no_image(facts, space, ref, ids)


def _no_image(facts: Facts, space: Space, ref: str, ids: list[str]) -> Finding:
    hint, fix = image_again(facts, space.namespace, ref)
    was = "was" if len(ids) == 1 else "were"
    return finding(
        Severity.WARNING,
        "container-without-image",
        f"{_containers(tuple(ids))} {was} made from image {ref}, which {space.namespace} does not "
        "have: what runs keeps running, but it cannot be created again",
        realm=space.realm,
        namespace=space.namespace,
        names=tuple(ids),
        hint=hint,
        fix=fix,
        found_by=(
            facts.ran(space.namespace, "containers", "ls"),
            facts.ran(space.namespace, "images", "ls"),
        ),
    )


def without_snapshot(facts: Facts) -> Iterator[Finding]:
    """Containers whose files are gone: they can't start."""
    for space in _spaces(facts):
        for name in sorted(space.without_snapshot):
            key = space.infos[name].snapshot
            hint, fix = _without_files(facts, space, name)
            yield finding(
                Severity.ERROR,
                "container-without-snapshot",
                f"container {name} has no files, so it cannot start: its snapshot {key} does not "
                "exist",
                realm=space.realm,
                namespace=space.namespace,
                names=(name,),
                hint=hint,
                fix=fix,
                found_by=(
                    facts.ran(space.namespace, "containers", "info", name),
                    facts.ran(space.namespace, "snapshots", "info", key),
                ),
            )


def _without_files(facts: Facts, space: Space, name: str) -> tuple[str | None, tuple[str, ...]]:
    """Hint and commands: such a container has nothing to lose, and Kukeon makes its own anew."""
    if name in _with_status(space, TaskStatus.RUNNING):
        return "it still runs: save what it has before it ends", ()
    cell = facts.cell_of(space.realm, name)
    parts = cell.containers if cell is not None else ()
    runs = any(one.status == TaskStatus.RUNNING for one in parts)
    line = start_line(facts, space, name, "restart" if runs else "start")
    if line is None:
        return None, (facts.line(space.namespace, "containers", "rm", name),)
    removes = facts.line(space.namespace, "containers", "rm", name, "--yes", "--kukeon")
    hint = "Kukeon then creates the container again; the first of the two may fail"
    return hint, (removes, f"{line} || {line}")


def without_reader(facts: Facts) -> Iterator[Finding]:
    """Tasks whose output nobody reads: the pipe to it holds some 64 KiB."""
    for (namespace, name), waits in sorted((facts.fifos or {}).items()):
        said = (
            "is blocked: its output is full, and nobody reads it"
            if waits
            else "writes its output into a FIFO that nobody reads: it will block once about 64 KiB "
            "are in it"
        )
        yield finding(
            Severity.WARNING if waits else Severity.INFO,
            "output-without-reader",
            f"container {name} {said}",
            realm=facts.realm_of(namespace),
            namespace=namespace,
            names=(name,),
            hint="this shows what is waiting, and reads on until you leave it (Ctrl-C); the "
            "container keeps running",
            fix=(facts.line(namespace, "attach", name),),
            found_by=(facts.ran(namespace, "tasks", "ls"), "/proc (which process has it open)"),
        )


def start_line(facts: Facts, space: Space, container: str, verb: str = "start") -> str | None:
    """Kukeon's command that starts the cell of a container; None for one that is not Kukeon's."""
    cell = facts.cell_of(space.realm, container)
    if cell is not None:
        return kuke_line(verb, cell, space.realm or "")
    member = facts.named(space, container)
    return member.kuke(verb).strip("`") if member is not None else None


def _spaces(facts: Facts) -> Iterator[Space]:
    return (facts.spaces[name] for name in sorted(facts.spaces))
