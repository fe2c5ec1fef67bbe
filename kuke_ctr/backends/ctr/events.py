"""`ctr events`."""

from collections.abc import Generator, Sequence

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.filters import EVENTS, check, hint_for_unparsed
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import Reason
from kuke_ctr.processes.pipes import Pipes

_EXITS = 'topic=="/tasks/exit"'


def filters_of(namespaces: Sequence[str], filters: Sequence[str]) -> list[str]:
    """ctr's filters for the events of these namespaces only: by itself it prints everybody's.

    Each of `filters` holds within each namespace; several of them are alternatives.
    """
    return [
        ",".join([f"namespace=={namespace}", *([chosen] if chosen else [])])
        for namespace in namespaces
        for chosen in (filters or [""])
    ]


def exits(scope: Scope) -> Pipes:
    """A running `ctr events` that prints a line for each process of the namespace that ends.

    Its pipes are the caller's to close, and it is the caller's to end.
    """
    call = scope.call("events", *filters_of([scope.namespace], [_EXITS]))
    return scope.ctr.processes.open_pipes(call._replace(timeout=None, stdin=b""))


def stream(
    ctr: Ctr, namespaces: Sequence[str], filters: Sequence[str], timeout: float | None
) -> Generator[bytes, None, None]:
    """The lines of `ctr events`, as they come; `close()` ends ctr.

    TimeLimit after `timeout`; after the last line, what ctr has failed with. UsageError for
    a filter that compares nothing.
    """
    check(EVENTS, filters)
    words = filters_of(namespaces, filters)
    call = ctr.call("events", *words, namespace=namespaces[0])
    ended = yield from ctr.processes.stream(call._replace(timeout=timeout))
    if ended.exit_code != 0:
        error = ctr.failure(ended)
        wrong = error.reason is Reason.WRONG_FILTER
        raise error.but(hint=hint_for_unparsed(EVENTS, filters)) if wrong else error


def start(ctr: Ctr, namespaces: Sequence[str]) -> Pipes:
    """`ctr events` of these namespaces on pipes, for who only wants to know that there are some."""
    call = ctr.call("events", *filters_of(namespaces, ()), namespace=namespaces[0])
    return ctr.processes.open_pipes(call._replace(timeout=None, stdin=b""))
