"""What `nerdctl version --format json` prints."""

from collections.abc import Iterable, Iterator

from kuke_ctr.parse.nerdctl.lines import Misfit, Object, filled_at, object_in, text_at
from kuke_ctr.records import Refused, Version


def parse_version(lines: Iterable[str]) -> Iterator[Version | Refused]:
    """nerdctl itself, then what it asked: containerd, runc. None of them has a UUID there."""
    text = "\n".join(lines)
    try:
        yield from _versions(object_in(text))
    except Misfit as error:
        yield Refused(1, text, str(error))


def _versions(found: Object) -> list[Version]:
    client = found.get("Client")
    if not isinstance(client, dict):
        raise Misfit("it has no Client")
    server = found.get("Server")
    parts = server.get("Components") if isinstance(server, dict) else None
    if parts is not None and not isinstance(parts, list):
        raise Misfit("the Components of its Server are not a list")
    rows = [_version("nerdctl", client, client.get("GitCommit"), client.get("GoVersion"))]
    for part in parts or ():
        if not isinstance(part, dict):
            raise Misfit("a component of its Server is not an object")
        details = part.get("Details")
        commit = details.get("GitCommit") if isinstance(details, dict) else None
        if text_at(part, "Version"):
            rows.append(_version(filled_at(part, "Name"), part, commit, None))
    return rows


def _version(program: str, found: Object, commit: object, go_version: object) -> Version:
    known = isinstance(commit, str) and commit and not commit.startswith("<")
    return Version(
        program=program,
        version=filled_at(found, "Version").removeprefix("v"),
        revision=str(commit) if known else None,
        go_version=str(go_version) if isinstance(go_version, str) and go_version else None,
        uuid=None,
    )
