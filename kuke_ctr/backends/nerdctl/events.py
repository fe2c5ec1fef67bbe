"""`nerdctl events`."""

from collections.abc import Collection, Generator

from kuke_ctr.backends.nerdctl.client import Nerdctl
from kuke_ctr.parse.nerdctl.events import namespace_of

WORDS = ("events", "--format", "json")


def stream(
    nerdctl: Nerdctl, namespaces: Collection[str], timeout: float | None
) -> Generator[bytes, None, None]:
    """The lines of `nerdctl events` about these namespaces, as they come; `close()` ends nerdctl.

    nerdctl prints the events of every namespace, and an empty line after each. A line that does not
    tell its namespace may be of any, and is given. TimeLimit after `timeout`; after the last line,
    what nerdctl has failed with.
    """
    call = nerdctl.call(*WORDS, namespace=next(iter(namespaces)))
    lines = nerdctl.processes.stream(call._replace(timeout=timeout))
    ended = None
    try:
        while True:
            line = next(lines)
            if line.strip() and _is_of(line, namespaces):
                yield line
    except StopIteration as stop:
        ended = stop.value
    finally:
        lines.close()
    if ended is not None and ended.exit_code != 0:
        raise nerdctl.failure(ended)


def _is_of(line: bytes, namespaces: Collection[str]) -> bool:
    namespace = namespace_of(line.decode(errors="surrogateescape"))
    return namespace is None or namespace in namespaces
