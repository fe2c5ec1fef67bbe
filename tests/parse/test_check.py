"""`images check`: random tables, every recorded one, and what ctr says on stderr beside it."""

import json
import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuke_ctr.parse.check import parse_check, problems_in
from kuke_ctr.records import ImageCheck, Refused
from tests.support.paths import FIXTURES
from tests.support.tabwriter import ctr_table

RECORDED = sorted(
    path
    for path in FIXTURES.glob("[12]*/*/*-check*.json")
    if json.loads(path.read_text())["argv"][3:5] == ["images", "check"]
)
HEADER = "REF\tTYPE\tDIGEST\tSTATUS\tSIZE\tUNPACKED\t"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DIGEST = "sha256:" + "0123456789abcdef" * 4

REFS = st.lists(
    st.text(string.ascii_letters + string.digits + ".-_/:@é漢", min_size=1, max_size=12),
    min_size=1,
    max_size=3,
).map(" ".join)
SIZES = st.sampled_from(
    [
        ("complete (2/2)", "282.0 B/282.0 B", ("complete", 2, 2, 282, 282)),
        ("incomplete (1/3)", "1.5 MiB/3.0 GiB", ("incomplete", 1, 3, 1_572_864, 3 * 1024**3)),
        ("unavailable (0/?)", "0.0 B/?", ("unavailable", 0, None, 0, None)),
        ("unavailable (12/?)", "4.0 KiB/?", ("unavailable", 12, None, 4096, None)),
        ("error", "-", ("error", None, None, None, None)),
    ]
)


def table(*rows: tuple[str, ...]) -> list[str]:
    """What ctr prints: the header ends with a tab, a row does not."""
    return ctr_table(HEADER, ["\t".join(row) for row in rows])


def checks(lines: list[str]) -> list[ImageCheck]:
    found = list(parse_check(lines))
    assert not [row for row in found if isinstance(row, Refused)]
    return [row for row in found if isinstance(row, ImageCheck)]


@given(st.lists(st.tuples(REFS, SIZES, st.booleans()), max_size=8))
def test_every_row_comes_back(
    rows: list[tuple[str, tuple[str, str, tuple[object, ...]], bool]],
) -> None:
    lines = table(
        *(
            (ref, MANIFEST, DIGEST, status, size, "true" if unpacked else "false")
            for ref, (status, size, _), unpacked in rows
        )
    )
    assert [
        (
            one.ref,
            one.size,
            (
                one.status,
                one.blobs_present,
                one.blobs_required,
                one.size_bytes,
                one.required_bytes,
            ),
            one.unpacked,
        )
        for one in checks(lines)
    ] == [(ref, size, values, unpacked) for ref, (_, size, values), unpacked in rows]


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: "/".join(path.parts[-3:]))
def test_every_recorded_table_is_what_a_plain_pattern_finds_in_it(path: Path) -> None:
    text = json.loads(path.read_text())["stdout"]
    pattern = (
        r"^(\S+) +(\S+/\S+) +(sha256:\w{64}) (\w+) \((\d+)/(\d+|\?)\) +(\S+ \w+/\S+(?: \w+)?) +"
        r"(true|false)$"
    )
    cut = re.findall(pattern, text, re.MULTILINE)
    assert len(cut) == max(0, len(text.splitlines()) - 1)
    assert [
        (
            one.ref,
            one.media_type,
            one.digest,
            one.status,
            str(one.blobs_present),
            "?" if one.blobs_required is None else str(one.blobs_required),
            one.size,
            str(one.unpacked).lower(),
        )
        for one in checks(text.splitlines())
    ] == cut


def test_each_version_is_recorded_with_all_kinds_of_status() -> None:
    for version in ("1.4.13", "1.6.20", "1.7.24", "2.1.9"):
        texts = [json.loads(p.read_text())["stdout"] for p in RECORDED if p.parts[-3] == version]
        assert len(texts) >= 5
        assert all(
            any(f" {word} (" in text for text in texts) for word in ("complete", "incomplete")
        )
        assert any("unavailable (0/?)" in text for text in texts)


@pytest.mark.parametrize("ref", ["two\tcells", "two\nlines"])
def test_a_reference_with_a_tab_or_a_line_break_is_refused(ref: str) -> None:
    found = list(
        parse_check(table((ref, MANIFEST, DIGEST, "complete (2/2)", "1.0 B/1.0 B", "true")))
    )
    assert found
    assert all(isinstance(row, Refused) for row in found)


@pytest.mark.parametrize("cells", [("fine (2/2)", "1.0 B/1.0 B"), ("complete (2/2)", "1.0 B")])
def test_a_status_or_size_of_another_kind_is_refused(cells: tuple[str, str]) -> None:
    found = list(parse_check(table(("a:1", MANIFEST, DIGEST, *cells, "true"))))
    assert [type(row) for row in found] == [Refused]


def test_what_ctr_logs_is_said_of_the_image_that_it_names() -> None:
    stderr = (
        'time="2026-11-23T15:09:09Z" level=error msg="unable to check unpack for a/b:1" '
        'error="content digest sha256:ca5a: not found"\n'
        'time="2026-11-23T15:09:09Z" level=error msg="unable to check odd \\"name\\":1" '
        'error="it says \\"no\\""\n'
        "ctr: unable to check unpack for a/b:1: content digest sha256:ca5a: not found\n"
    )
    assert problems_in(stderr) == {
        "a/b:1": "content digest sha256:ca5a: not found",
        'odd "name":1': 'it says "no"',
    }
