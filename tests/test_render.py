"""Records to text: every form, and what a terminal must never get."""

import csv
import io
import json
import sys
from unicodedata import category

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kuke_ctr.cli.main import main
from kuke_ctr.columns import width
from kuke_ctr.errors import UsageError
from kuke_ctr.records import Container, Image, Plugin, Task
from kuke_ctr.render import ENCODABLE, Output, choose_output, escape, make_view, render

DIGEST = "sha256:" + "0123456789abcdef" * 4


def image(ref: str = "docker.io/library/busybox:1", **changes: object) -> Image:
    fields: dict[str, object] = {
        "ref": ref,
        "media_type": "application/vnd.oci.image.index.v1+json",
        "digest": DIGEST,
        "size": "1.0 MiB",
        "size_bytes": 1048576,
        "size_approximate": True,
        "platforms": ("linux/amd64", "linux/arm64"),
        "labels": {"a": "1", "b": "2,3"},
        "labels_text": "a=1,b=2,3",
    }
    return Image.model_validate({**fields, **changes})


def lines(
    *records: Image | Task | Container, output: str = "table", **options: object
) -> list[str]:
    view = make_view(type(records[0]), output=output, **options)  # type: ignore[arg-type]
    return list(render(records, view))


def test_a_table_has_short_digests_and_padded_columns() -> None:
    assert lines(image(), image("b")) == [
        "REF                          DIGEST               SIZE     PLATFORMS",
        "docker.io/library/busybox:1  sha256:0123456789ab  1.0 MiB  linux/amd64,linux/arm64",
        "b                            sha256:0123456789ab  1.0 MiB  linux/amd64,linux/arm64",
    ]


def test_wide_has_the_whole_digest_and_the_labels_as_ctr_printed_them() -> None:
    header, row = lines(image(), output="wide")
    assert header.split() == ["REF", "MEDIA", "TYPE", "DIGEST", "SIZE", "PLATFORMS", "LABELS"]
    assert DIGEST in row
    assert row.endswith("a=1,b=2,3")


def test_json_holds_the_record_without_empty_realm_and_extra() -> None:
    (text,) = lines(image(), output="json")
    (document,) = json.loads(text)
    assert document["labels"] == {"a": "1", "b": "2,3"}
    assert document["platforms"] == ["linux/amd64", "linux/arm64"]
    assert "realm" not in document
    assert "extra" not in document


def test_json_of_nothing_is_an_empty_list() -> None:
    assert list(render([], make_view(Image, output="json"))) == ["[]"]


def test_extra_columns_are_in_json() -> None:
    (text,) = lines(image(extra={"AGE": "3 days"}), output="jsonl")
    assert json.loads(text)["extra"] == {"AGE": "3 days"}


def test_bytes_that_are_not_utf8_survive_json() -> None:
    (text,) = lines(image(labels={"k": "\udcff"}, labels_text="k=\udcff"), output="jsonl")
    assert text.isascii()
    assert json.loads(text)["labels"] == {"k": "\udcff"}


def test_text_in_other_scripts_is_not_escaped_in_json() -> None:
    assert "名前" in lines(image("名前"), output="json")[0]


def test_yaml_is_read_back_as_the_same_documents() -> None:
    (text,) = lines(image(), image("b"), output="yaml")
    assert [document["ref"] for document in yaml.safe_load(text)] == [
        "docker.io/library/busybox:1",
        "b",
    ]


def test_csv_quotes_cells_that_hold_commas() -> None:
    rows = list(csv.DictReader(io.StringIO("\n".join(lines(image(), output="csv")))))
    assert rows[0]["platforms"] == "linux/amd64,linux/arm64"
    assert rows[0]["labels"] == "a=1,b=2,3"


def test_csv_of_nothing_is_its_header() -> None:
    (header,) = render([], make_view(Image, output="csv"))
    assert header.split(",")[:3] == ["ref", "media_type", "digest"]
    assert list(render([], make_view(Image, output="csv", headers=False))) == []


def test_a_combining_character_takes_no_column() -> None:
    assert width("e\u0301") == 1


def test_csv_keeps_a_cell_with_a_newline_in_one_record() -> None:
    text = "\n".join(lines(image(labels={"a": "1\n2"}, labels_text="a=1\n2"), output="csv"))
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["labels"] == "a=1\n2"


def test_name_prints_the_identifier() -> None:
    assert lines(Task(id="web", pid=1, status="RUNNING"), output="name") == ["web"]


@pytest.mark.parametrize("output", ["table", "wide", "name"])
@pytest.mark.parametrize("char", "\u200b\u200d\u2060\ufeff\xad\u061c\ufe0f\U000e0041\u3164")
def test_characters_that_nobody_sees_are_shown_escaped(output: str, char: str) -> None:
    text = "\n".join(lines(image(f"team/app{char}:1"), output=output))
    assert char not in text
    assert char.encode("unicode_escape").decode() in text


def test_every_format_character_is_escaped_and_no_letter() -> None:
    every = map(chr, range(sys.maxunicode + 1))
    for char in every:
        kind = category(char)
        if kind in ("Cc", "Cf", "Cs"):
            assert escape(char) != char, hex(ord(char))
        elif kind in ("Lu", "Ll", "Nd", "Po"):
            assert escape(char) == char, hex(ord(char))


def test_yaml_has_bytes_that_were_not_utf8_as_json_has_them() -> None:
    (text,) = lines(image("team/\udcff漢"), output="yaml")
    assert "\\uDCFF" in text
    assert yaml.safe_load(text)[0]["ref"] == "team/\udcff漢"


def test_control_characters_are_shown_escaped_in_tables_and_names() -> None:
    evil = image("x\x1b]0;owned\x07\n\u202efdp")
    assert lines(evil, output="name") == ["x\\x1b]0;owned\\x07\\n\\u202efdp"]
    assert "\x1b" not in "".join(lines(evil))


@given(st.text(st.characters(codec=None)))
def test_escaped_text_never_holds_what_a_terminal_obeys(text: str) -> None:
    shown = escape(text)
    assert shown.isprintable() or not any(
        ord(char) < 32 or 127 <= ord(char) < 160 or 0xD800 <= ord(char) < 0xE000 for char in shown
    )


def test_nothing_is_a_dash_in_a_table_and_null_in_json() -> None:
    bare = Container(id="c", image=None, runtime="r")
    assert lines(bare)[1].split() == ["c", "-", "r"]
    assert json.loads(lines(bare, output="jsonl")[0])["image"] is None


def test_columns_choose_and_order_the_cells() -> None:
    assert lines(image(), columns=("size", "ref"), headers=False) == [
        "1.0 MiB  docker.io/library/busybox:1"
    ]
    assert json.loads(lines(image(), output="jsonl", columns=("size",))[0]) == {"size": "1.0 MiB"}


def test_sizes_sort_by_their_bytes_and_downwards_with_a_minus() -> None:
    small, big = image("s", size="9 B", size_bytes=9), image("b", size="1 KiB", size_bytes=1024)
    assert lines(big, small, output="name", sort_by="size") == ["s", "b"]
    assert lines(small, big, output="name", sort_by="-size") == ["b", "s"]


def test_what_has_no_value_is_sorted_last_both_ways() -> None:
    records = [
        Container(id="a", image=None, runtime="r"),
        Container(id="b", image="x", runtime="r"),
    ]
    assert lines(*records, output="name", sort_by="image") == ["b", "a"]
    assert lines(*records, output="name", sort_by="-image") == ["b", "a"]


@pytest.mark.parametrize("options", [{"columns": ("nope",)}, {"sort_by": "nope"}])
def test_an_unknown_column_names_those_that_exist(options: dict[str, object]) -> None:
    with pytest.raises(UsageError) as caught:
        make_view(Plugin, output=None, **options)  # type: ignore[arg-type]
    assert "nope" in caught.value.message
    assert caught.value.hint == "columns: type, id, platforms, status"


def test_an_unknown_format_names_those_that_exist() -> None:
    with pytest.raises(UsageError) as caught:
        choose_output("xml", quiet=False)
    assert "jsonl" in str(caught.value.hint)


def test_quiet_is_name_and_excludes_other_forms() -> None:
    assert choose_output(None, quiet=True) is Output.NAME
    assert choose_output("name", quiet=True) is Output.NAME
    with pytest.raises(UsageError):
        choose_output("json", quiet=True)


def test_wide_characters_take_two_columns() -> None:
    assert width("名前") == 4
    header, wide, narrow = lines(image("名前"), image("abcd"))
    assert width(wide[: wide.index("sha256")]) == narrow.index("sha256") == header.index("DIGEST")


def test_statuses_are_coloured_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    task = Task(id="web", pid=1, status="RUNNING")
    assert "\x1b" not in "".join(lines(task))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[32mRUNNING\x1b[0m" in "".join(lines(task))
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in "".join(lines(task))


@pytest.mark.parametrize(
    ("encoding", "printed"),
    [
        ("ascii", b"|- `- |  \xff \\u4e2d ..."),
        ("latin-1", b"|- `- |  \xff \\u4e2d ..."),
        (
            "utf-8",
            "\u251c\u2500 \u2514\u2500 \u2502  ".encode() + b"\xff \xe4\xb8\xad \xe2\x80\xa6",
        ),
    ],
)
def test_what_an_encoding_lacks_is_printed_in_another_way(encoding: str, printed: bytes) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors=ENCODABLE)
    stream.write("\u251c\u2500 \u2514\u2500 \u2502  \udcff \u4e2d \u2026")
    stream.flush()
    assert raw.getvalue() == printed


def test_stdout_takes_every_character(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii"))
    assert main(["parse", "namespaces", "/nowhere"]) == 2
    sys.stdout.write("\u2502")
    sys.stdout.flush()
    assert raw.getvalue() == b"|"
