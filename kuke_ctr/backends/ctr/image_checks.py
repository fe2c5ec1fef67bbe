"""`ctr images check` and `usage`: apart from `images.py`, so that a list does not load them."""

from kuke_ctr.backends.ctr import filters
from kuke_ctr.backends.ctr.tables import ListCall
from kuke_ctr.parse.check import parse_check, problems_in
from kuke_ctr.parse.snapshots import parse_usage
from kuke_ctr.records import ImageCheck, SnapshotUsage


def _with_problems(checks: tuple[ImageCheck, ...], stderr: bytes) -> tuple[ImageCheck, ...]:
    problems = problems_in(stderr.decode(errors="surrogateescape"))
    return tuple(
        check.model_copy(update={"problem": problems[check.ref]})
        if check.ref in problems
        else check
        for check in checks
    )


def check_table(snapshotter: str | None) -> ListCall[ImageCheck]:
    """`ctr images check [--snapshotter NAME]`, with its own names beside it.

    Its exit code is 1 for any image that it could not check: the table says more.
    """
    chosen = ("--snapshotter", snapshotter) if snapshotter is not None else ()
    return ListCall(
        ("images", "check", *chosen),
        parse_check,
        name_of=lambda check: check.ref,
        names_by=("images", "ls", "-q"),
        explain=_with_problems,
        filter_by=filters.IMAGES,
        in_shards=True,
    )


def usage_table(snapshotter: str | None, ref: str) -> ListCall[SnapshotUsage]:
    """`ctr images usage [--snapshotter NAME] REF` (1.7 and later): the uppermost layer first."""
    chosen = ("--snapshotter", snapshotter) if snapshotter is not None else ()
    return ListCall(("images", "usage", *chosen, ref), parse_usage)
