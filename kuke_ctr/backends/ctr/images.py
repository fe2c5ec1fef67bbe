"""`ctr images`."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from kuke_ctr.backends.ctr import filters, quiet
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.tables import ListCall, read
from kuke_ctr.errors import NotFound, Unreadable
from kuke_ctr.parse.images import parse_images
from kuke_ctr.parse.json_text import read_json
from kuke_ctr.processes.calls import Result, mask
from kuke_ctr.records import Image, RowsRefused

if TYPE_CHECKING:
    from kuke_ctr.records import Container

LS = ListCall(
    ("images", "ls"),
    parse_images,
    name_of=lambda image: image.ref,
    filter_by=filters.IMAGES,
    in_shards=True,
)


def names(scope: Scope, *filters: str) -> list[str]:
    """The references of a namespace (`ctr images ls -q [FILTER...]`); a probe."""
    return quiet.names(scope, "images", *filters)


def find(scope: Scope, refs: Sequence[str]) -> list[Image | None]:
    """The image of each reference (`ctr images ls name==REF`), None where there is none.

    Probes, they run in a dry run too. Raises RowsRefused and Unreadable for a row that can't be
    read, or more than one.
    """
    return find_each([(scope, ref) for ref in refs])


def find_each(wanted: Sequence[tuple[Scope, str]]) -> list[Image | None]:
    """The same of references in several namespaces of one host, side by side."""
    if not wanted:
        return []
    calls = [scope.call(*LS.words, filters.equal("name", ref), probe=True) for scope, ref in wanted]
    results = wanted[0][0].ctr.processes.run_all(calls)
    return [_only(scope, ref, result) for (scope, ref), result in zip(wanted, results, strict=True)]


def _only(scope: Scope, ref: str, result: Result) -> Image | None:
    if result.exit_code != 0:
        scope.ctr.checked(result)
    # its stderr is about content that is missing: whoever asks looks at that himself
    rows = read(scope.ctr, LS, result)
    if rows.refused:
        raise RowsRefused(rows, command=mask(result.argv))
    if len(rows.records) > 1 or any(image.ref != ref for image in rows.records):
        raise Unreadable(
            f"ctr printed a row for another image than {ref}",
            hint="a label with a line break can look like a row; `kuke-ctr images ls -o raw` "
            "shows what ctr printed",
            command=mask(result.argv),
        )
    return rows.records[0] if rows.records else None


def users(
    scope: Scope,
) -> dict[str, list[str]]:
    """Reference -> the containers that were made from it (`ctr containers ls`).

    A probe, it runs in a dry run too. Raises RowsRefused where a container can't be read.
    """
    from kuke_ctr.backends.ctr import containers

    result = scope.run(*containers.LS.words, probe=True)
    rows = read(scope.ctr, containers.LS, result)
    if rows.refused:
        raise RowsRefused(rows, command=mask(result.argv))
    return _by_image(rows.records)


def _by_image(found: "Iterable[Container]") -> dict[str, list[str]]:
    by_image: dict[str, list[str]] = {}
    for container in found:
        if container.image is not None:
            by_image.setdefault(container.image, []).append(container.id)
    return by_image


def positional(*words: str) -> tuple[str, ...]:
    """The words as ctr's positionals: `--` before them where one looks like a flag."""
    return ("--", *words) if any(word.startswith("-") for word in words) else words


def remove(scope: Scope, ref: str, flags: Sequence[str] = ()) -> None:
    """`ctr images rm [FLAG...] REF`. NotFound where there is none: ctr's exit code is 0 then."""
    from kuke_ctr.backends.ctr.failures import removed_nothing  # late: lists do not remove

    done = scope.change("images", "rm", *flags, *positional(ref))
    if not done.planned and removed_nothing(done):
        raise NotFound(f"the image {ref} was already removed", command=mask(done.argv))


def snapshot_of_mount(
    scope: Scope, target: str, snapshotter: str | None
) -> dict[str, object] | None:
    """What `ctr snapshots info TARGET` says of the snapshot that a mount there has made.

    None where there is none. A probe, it runs in a dry run too.
    """
    chosen = ("--snapshotter", snapshotter) if snapshotter is not None else ()
    call = scope.call("snapshots", *chosen, "info", target, probe=True)
    try:
        said = scope.ctr.checked(scope.ctr.processes.run(call))
    except NotFound:
        return None
    try:
        document = read_json(said.stdout)
    except ValueError as error:
        raise Unreadable(f"`ctr snapshots info` printed invalid JSON: {error}") from None
    return document if isinstance(document, dict) else None
