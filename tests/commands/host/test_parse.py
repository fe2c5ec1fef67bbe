"""`parse` and `schema`: tables from elsewhere."""

import json
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.cli.words import ENTRIES, NAMES
from kuke_ctr.parse.nouns import NOUNS, full_noun, header_of, other_noun, parser_of
from tests.support.listing_host import IMAGES, Capture


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "name", "csv"])
def test_an_input_without_a_header_is_4(tmp_path: Path, capsys: Capture, form: str) -> None:
    (tmp_path / "nothing").write_text("")
    assert main(["parse", "images", str(tmp_path / "nothing"), "-o", form]) == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert "the input is" in err


@pytest.mark.parametrize("noun", ["images", "images-check", "tasks", "events", "version"])
def test_the_table_of_another_noun_is_named(tmp_path: Path, capsys: Capture, noun: str) -> None:
    (tmp_path / "table").write_text("CONTAINER    IMAGE    RUNTIME    \n")
    assert main(["parse", noun, str(tmp_path / "table"), "-o", "json"]) == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert f"this is ctr's table of containers, not of {noun}" in err
    assert "hint: `kuke-ctr parse containers` reads it" in err


def test_rubbish_is_one_readable_sentence_with_a_hint_that_fits(
    tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "rubbish").write_bytes(b"\x1f\x8b\xdc\n" + b"x" * 500)
    assert main(["parse", "tasks", str(tmp_path / "rubbish")]) == 4
    assert capsys.readouterr().err == (
        "kuke-ctr: the table has no column TASK, PID, STATUS; its first line is: \\x1f\\x8b\\xdc\n"
        "hint: the first line of ctr's table of tasks is: TASK PID STATUS\n"
    )
    (tmp_path / "rubbish").write_bytes(b"x" * 500)
    assert main(["parse", "deprecations", str(tmp_path / "rubbish")]) == 4
    assert "-o raw" not in capsys.readouterr().err


@pytest.mark.parametrize("form", ["table", "jsonl"])
def test_the_hint_about_refused_rows_is_for_who_has_no_ctr(
    tmp_path: Path, capsys: Capture, form: str
) -> None:
    (tmp_path / "table").write_text(IMAGES + "junk\n")
    assert main(["parse", "images", str(tmp_path / "table"), "-o", form]) == 4
    err = capsys.readouterr().err
    assert "hint: -o table, -o jsonl or --partial print the other rows" in err
    assert "-o raw" not in err


def test_ctrs_other_names_of_the_nouns_work_for_parse_and_schema(
    tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "table").write_text(IMAGES)
    assert main(["parse", "i", str(tmp_path / "table"), "-q"]) == 0
    assert capsys.readouterr().out == "b:1\n"
    assert main(["schema", "image-check"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "ImageCheck"
    nouns = {short: full for short, full in NAMES.items() if ENTRIES[full].verbs}
    assert all(full_noun(f"{short}-ls") == f"{full}-ls" for short, full in nouns.items())


@pytest.mark.parametrize("noun", [noun for noun in NOUNS if header_of(noun)])
def test_the_header_of_a_noun_is_read_by_its_own_parser(noun: str) -> None:
    columns = str(header_of(noun)).replace("CREATED AT", "CREATED_AT").split()
    header = " ".join(f"{column}  " for column in columns).replace("CREATED_AT", "CREATED AT")
    assert list(parser_of(noun)([header])) == []
    assert other_noun(noun, header) is None


def test_printed_events_are_read(tmp_path: Path, capsys: Capture) -> None:
    line = '2026-01-02 03:04:05.000000006 +0000 UTC main /tasks/exit {"container_id":"c1"}'
    (tmp_path / "events").write_text(f"{line}\n")
    assert main(["parse", "events", str(tmp_path / "events"), "-o", "json"]) == 0
    (event,) = json.loads(capsys.readouterr().out)
    assert (event["topic"], event["subject"]) == ("/tasks/exit", "c1")


@pytest.mark.parametrize("noun", ["events", "deprecations"])
def test_no_events_are_an_empty_input(tmp_path: Path, capsys: Capture, noun: str) -> None:
    (tmp_path / "nothing").write_text("")
    assert main(["parse", noun, str(tmp_path / "nothing"), "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_a_table_from_elsewhere_is_parsed(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "images"
    file.write_text(IMAGES)
    assert main(["parse", "images", str(file), "-o", "jsonl"]) == 0
    assert json.loads(capsys.readouterr().out)["ref"] == "b:1"


@pytest.mark.parametrize("noun", ["images", "containers", "tasks", "namespaces", "realms"])
def test_a_schema_describes_the_keys(noun: str, capsys: Capture) -> None:
    assert main(["schema", noun]) == 0
    assert "properties" in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("\ufeff", ""),
        ("WARNING: untrusted terminal\n", "WARNING: untrusted terminal"),
        ('time="x" level=warning msg="old"\n\n', 'time="x" level=warning msg="old"'),
        ("[sudo] password for bob: ", "[sudo] password for bob:"),
        ("[sudo] password for bob: \r\n", "[sudo] password for bob: \\r"),
        ("a\nb\nc\nd\ne\n", "left out 2 more lines before what ctr printed"),
    ],
)
@pytest.mark.parametrize("form", ["jsonl", "json"])
def test_what_stands_before_the_table_is_left_out_and_shown(
    tmp_path: Path, capsys: Capture, before: str, said: str, form: str
) -> None:
    (tmp_path / "table").write_bytes(f"{before}{IMAGES}".encode())
    assert main(["parse", "images", str(tmp_path / "table"), "-o", form]) == 0
    out, err = capsys.readouterr()
    assert '"b:1"' in out
    assert (said in err) if said else not err


def test_a_refused_row_has_its_number_in_the_input(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "table").write_text(f"a warning\n\n{IMAGES}junk\n")
    assert main(["parse", "images", str(tmp_path / "table")]) == 4
    assert "cannot read line 5 " in capsys.readouterr().err


def test_a_prompt_before_another_table_does_not_hide_it(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "table").write_text("a warning\nCONTAINER    IMAGE    RUNTIME    \n")
    assert main(["parse", "images", str(tmp_path / "table")]) == 4
    assert "this is ctr's table of containers, not of images" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("noun", "text"),
    [
        ("events", '2026-01-02 03:04:05.000000006 +0000 UTC main /tasks/exit {"id":"c"}\n'),
        ("version", "Client:\n  Version:  1.7.24\n"),
        ("deprecations", "[]\n"),
    ],
)
def test_a_warning_before_what_is_no_table(
    tmp_path: Path, capsys: Capture, noun: str, text: str
) -> None:
    (tmp_path / "said").write_text(f"[sudo] password for bob:\n{text}")
    assert main(["parse", noun, str(tmp_path / "said"), "-o", "json"]) == 0
    assert "left out, before what ctr printed: [sudo] password" in capsys.readouterr().err


def test_what_powershell_has_written_is_read(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "table").write_bytes(IMAGES.replace("\n", "\r\n").encode("utf-16"))
    assert main(["parse", "images", str(tmp_path / "table"), "-q"]) == 0
    assert capsys.readouterr() == ("b:1\n", "")
