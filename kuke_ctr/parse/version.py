"""What `ctr version` prints."""

import re
from collections.abc import Iterable, Iterator

from kuke_ctr.records import Refused, Version

_PROGRAMS = {"Client:": "ctr", "Server:": "containerd"}
_FIELDS = ("Version", "Revision", "Go version", "UUID")
_FIELD = re.compile(rf"\s+({'|'.join(_FIELDS)}): *(.*)")


def parse_version(lines: Iterable[str]) -> Iterator[Version | Refused]:
    """The client and the server of `ctr version`, each with its fields below it."""
    program: str | None = None
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        field = _FIELD.fullmatch(line)
        if line in _PROGRAMS:
            if program is not None:
                yield _version(program, found)
            program, found = _PROGRAMS[line], {}
        elif field is not None and program is not None:
            found[field[1]] = field[2].strip()
        elif line.strip():
            yield Refused(number, line, "it is not a line of `ctr version`")
    if program is not None:
        yield _version(program, found)


def _version(program: str, found: dict[str, str]) -> Version:
    version, revision, go_version, uuid = (found.get(name) or None for name in _FIELDS)
    return Version(
        program=program,
        version=version or "",
        revision=revision,
        go_version=go_version,
        uuid=uuid,
    )
