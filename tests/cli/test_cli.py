"""The whole command line over a fake ctr: what runs, what is printed, and every bad input."""

import json
import os
import socket
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.cli.words import ELSEWHERE, NAMES
from kuke_ctr.parse.nouns import ALIASES, DESCRIBED, HEADERS, RECORDS, other_noun, parser_of
from tests.support.fake_ctr import FakeCtr

DIGEST = "sha256:" + "0123456789abcdef" * 4
MEDIA = "application/vnd.oci.image.index.v1+json"
IMAGES = (
    "REF  TYPE                                    DIGEST"
    + " " * 66
    + "SIZE    PLATFORMS   LABELS \n"
    + f"b:1  {MEDIA} {DIGEST} 1.0 MiB linux/amd64 -      \n"
)
EMPTY = "REF TYPE DIGEST SIZE PLATFORMS LABELS \n"

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def host(fake_ctr: FakeCtr) -> FakeCtr:
    fake_ctr.answer("namespaces", "ls", "-q", stdout="default\nkukeon-main\n")
    fake_ctr.answer("-n", "kukeon-main", "images", "ls", stdout=IMAGES)
    fake_ctr.answer("-n", "kukeon-main", "images", "ls", "-q", stdout="b:1\n")
    return fake_ctr


def test_an_image_list_is_read_into_records(host: FakeCtr, capsys: Capture) -> None:
    assert main(["images", "ls", "--realm", "main", "-o", "json"]) == 0
    out, err = capsys.readouterr()
    (image,) = json.loads(out)
    assert (image["ref"], image["digest"], image["size_bytes"]) == ("b:1", DIGEST, 1048576)
    assert err == ""


@pytest.mark.parametrize(
    "line",
    ["--realm main images ls", "images --realm main ls", "i list -r main", "image ls --realm=main"],
)
def test_options_stand_on_either_side_and_aliases_work(
    host: FakeCtr, capsys: Capture, line: str
) -> None:
    assert main([*line.split(), "-q"]) == 0
    assert capsys.readouterr().out == "b:1\n"


def test_a_trace_shows_what_runs_and_the_child_gets_no_containerd_environment(
    host: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTAINERD_NAMESPACE", "elsewhere")
    assert main(["images", "ls", "--namespace", "kukeon-main", "-x"]) == 0
    traced = [line for line in capsys.readouterr().err.splitlines() if line.startswith("+ ")]
    assert traced == ["+ env ctr -n kukeon-main images ls", "+ env ctr -n kukeon-main images ls -q"]
    assert "CONTAINERD_NAMESPACE" not in host.environment


def test_a_dry_run_prints_the_one_command_and_runs_nothing(host: FakeCtr, capsys: Capture) -> None:
    assert main(["images", "ls", "--namespace", "kukeon-main", "--dry-run"]) == 0
    assert capsys.readouterr().out == "env ctr -n kukeon-main images ls\n"
    assert host.calls == []


def test_filters_are_passed_on(host: FakeCtr, capsys: Capture) -> None:
    host.answer("-n", "kukeon-main", "images", "ls", "name~=b", stdout=IMAGES)
    host.answer("-n", "kukeon-main", "images", "ls", "-q", "name~=b", stdout="b:1\n")
    assert main(["images", "ls", "name~=b", "-r", "main", "-q"]) == 0
    assert capsys.readouterr().out == "b:1\n"


def test_a_namespace_that_does_not_exist_is_not_found_with_the_nearest(
    host: FakeCtr, capsys: Capture
) -> None:
    host.answer("-n", "kukeon-mian", "images", "ls", stdout=EMPTY)
    host.answer("-n", "kukeon-mian", "images", "ls", "-q")
    assert main(["images", "ls", "--realm", "mian", "-o", "json"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "does not exist" in err
    assert "hint: existing namespaces: kukeon-main, default" in err


def test_an_empty_realm_is_fine_and_says_where_an_import_lands(
    host: FakeCtr, capsys: Capture
) -> None:
    host.answer("-n", "kukeon-main", "images", "ls", stdout=EMPTY)
    host.answer("-n", "kukeon-main", "images", "ls", "-q")
    host.answer("-n", "default", "images", "ls", "-q", stdout="x:1\ny:1\n")
    assert main(["images", "ls", "--realm", "main", "-o", "json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == []
    assert "which has 2: kuke-ctr images ls --namespace default" in err


def test_a_filter_that_matches_nothing_is_not_an_empty_realm(
    host: FakeCtr, capsys: Capture
) -> None:
    host.answer("-n", "kukeon-main", "images", "ls", "name==x", stdout=EMPTY)
    host.answer("-n", "kukeon-main", "images", "ls", "-q", "name==x")
    assert main(["images", "ls", "name==x", "--realm", "main"]) == 0
    said = "nothing in realm main (namespace kukeon-main) matches name==x\n"
    assert capsys.readouterr().err == said


def test_nothing_in_any_realm_is_said(host: FakeCtr, capsys: Capture) -> None:
    host.answer("namespaces", "ls", "-q", stdout="moby\n")
    assert main(["images", "ls", "-A", "-o", "json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == []
    assert "none of the 0 realms" in err


@pytest.mark.parametrize("line", ["realms ls -A", "namespaces ls -A", "realms resolve main -A"])
def test_a_list_of_the_whole_host_is_not_of_all_realms(
    host: FakeCtr, capsys: Capture, line: str
) -> None:
    assert main(line.split()) == 2
    assert f"`kuke-ctr {' '.join(line.split()[:2])}` has no option -A" in capsys.readouterr().err


def test_a_namespace_that_a_flag_named_is_not_called_a_realms(
    host: FakeCtr, capsys: Capture
) -> None:
    host.answer("-n", "gone", "tasks", "ls", stdout="TASK    PID    STATUS    \n")
    assert main(["tasks", "ls", "-n", "gone"]) == 3
    assert "the namespace gone does not exist" in capsys.readouterr().err


def test_ctr_is_not_started_in_a_namespace_that_is_a_guess(host: FakeCtr, capsys: Capture) -> None:
    assert main(["ctr", "--realm", "typo", "--", "images", "import", "x.tar"]) == 3
    assert "nothing was changed" in capsys.readouterr().err
    assert host.calls == [["namespaces", "ls", "-q"]]


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
    known = {noun.partition("-")[0] for noun in DESCRIBED}
    assert {short: full for short, full in NAMES.items() if short != full and full in known} == (
        ALIASES
    )


@pytest.mark.parametrize("noun", HEADERS)
def test_the_header_of_a_noun_is_read_by_its_own_parser(noun: str) -> None:
    columns = HEADERS[noun].replace("CREATED AT", "CREATED_AT").split()
    header = " ".join(f"{column}  " for column in columns).replace("CREATED_AT", "CREATED AT")
    assert list(parser_of(noun)([header])) == []
    assert other_noun(noun, header) is None


def test_printed_events_are_read(tmp_path: Path, capsys: Capture) -> None:
    line = '2026-01-02 03:04:05.000000006 +0000 UTC main /tasks/exit {"container_id":"c1"}'
    (tmp_path / "events").write_text(f"{line}\n")
    assert main(["parse", "events", str(tmp_path / "events"), "-o", "json"]) == 0
    (event,) = json.loads(capsys.readouterr().out)
    assert (event["topic"], event["subject"]) == ("/tasks/exit", "c1")


@pytest.mark.parametrize("noun", RECORDS)
def test_every_noun_has_its_parser(noun: str) -> None:
    assert callable(parser_of(noun))


@pytest.mark.parametrize("noun", ["events", "deprecations"])
def test_no_events_are_an_empty_input(tmp_path: Path, capsys: Capture, noun: str) -> None:
    (tmp_path / "nothing").write_text("")
    assert main(["parse", noun, str(tmp_path / "nothing"), "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_a_forged_row_is_found_by_the_names(host: FakeCtr, capsys: Capture) -> None:
    host.answer("-n", "kukeon-main", "images", "ls", "-q", stdout="other:1\n")
    assert main(["images", "ls", "--realm", "main"]) == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert "'b:1'" in err
    assert "'other:1'" in err
    assert len([call for call in host.calls if call[-1] == "-q" and "images" in call]) == 2


def test_refused_rows_are_shown_and_programs_get_nothing_unless_partial(
    host: FakeCtr, capsys: Capture
) -> None:
    host.answer("-n", "kukeon-main", "images", "ls", stdout=IMAGES + "junk\n")
    host.answer("-n", "kukeon-main", "images", "ls", "-q", stdout="b:1\njunk\n")
    assert main(["images", "ls", "-r", "main"]) == 4
    out, err = capsys.readouterr()
    assert "b:1" in out
    assert "line 3" in err
    assert main(["images", "ls", "-r", "main", "-o", "json"]) == 4
    assert capsys.readouterr().out == ""
    assert main(["images", "ls", "-r", "main", "-o", "json", "--partial"]) == 4
    assert len(json.loads(capsys.readouterr().out)) == 1


def test_raw_is_what_ctr_said(host: FakeCtr, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["images", "ls", "-r", "main", "-o", "raw"]) == 0
    assert capfdbinary.readouterr().out == IMAGES.encode()


def test_stderr_of_a_call_that_succeeded_is_shown(host: FakeCtr, capsys: Capture) -> None:
    host.answer("-n", "kukeon-main", "images", "ls", stdout=IMAGES, stderr="level=error x\x1b[2J\n")
    assert main(["images", "ls", "-r", "main"]) == 0
    assert "level=error x\\x1b[2J" in capsys.readouterr().err


def test_all_realms_run_side_by_side_with_their_names(host: FakeCtr, capsys: Capture) -> None:
    host.answer("namespaces", "ls", "-q", stdout="kukeon-a\nkukeon-main\nmoby\n")
    host.answer("-n", "kukeon-a", "images", "ls", stderr="ctr: boom\n", exit_code=1)
    host.answer("-n", "kukeon-a", "images", "ls", "-q")
    assert main(["images", "ls", "-A", "-o", "jsonl"]) == 1
    out, err = capsys.readouterr()
    assert [json.loads(line)["realm"] for line in out.splitlines()] == ["main"]
    assert "boom" in err


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("images ls --realm ../etc", 2, "'../etc' is not a valid realm name"),
        ("images ls --realm=", 2, "'' is not a valid realm name"),
        (f"images ls --realm {'a' * 77}", 2, "77 characters"),
        ("images ls --namespace a/b", 2, "not a valid namespace name"),
        ("images ls -o xml", 2, "unknown format 'xml'"),
        ("images ls --columns nope", 2, "unknown column 'nope'"),
        ("images ls --sort-by nope", 2, "unknown column 'nope'"),
        ("images ls --realm a --realm b", 2, "given twice"),
        ("images ls --realm a -n b", 2, "cannot be combined"),
        ("images ls --nope", 2, "--nope"),
        ("images ls -n x --address ''", 2, "--address is empty"),
        ("images ls -n x --run-path=", 2, "--run-path is empty"),
        ("images ls -n x --record ''", 2, "--record is empty"),
        ("images ls -n x --ctr ''", 2, "--ctr is empty"),
        ("--realm main", 2, "no command was given"),
        ("--realm", 2, "no command was given"),
        ("images lss", 2, "did you mean `kuke-ctr images ls`"),
        ("imgaes ls", 2, "did you mean `kuke-ctr images`"),
        ("ps", 2, "did you mean `kuke-ctr tasks ls`"),
        ("-r main pull x", 2, "did you mean `kuke-ctr images pull`"),
        ("help", 2, "`kuke-ctr --help` lists the commands"),
        ("images help", 2, "`kuke-ctr images --help` lists the commands"),
        ("ss", 2, "`kuke-ctr --help` lists the commands"),
        ("images ls --ctr /nowhere/ctr", 127, "/nowhere/ctr"),
        ("images ls --ctr 'sudo ctr'", 2, "sudo kuke-ctr"),
        ("images ls --timeout soon", 2, "is not a time"),
        ("images ls --replay /nowhere", 2, "/nowhere"),
        ("ctr -- -n x images ls", 2, "-n cannot be given to ctr"),
        ("ctr --record d -- images ls", 2, "cannot be recorded"),
        ("schema nope", 2, "'nope'"),
        ("parse images /nowhere", 2, "cannot read"),
        ("parse nope", 2, "'nope'"),
    ],
)
def test_bad_input_is_one_sentence_a_hint_and_starts_nothing(
    host: FakeCtr, capsys: Capture, line: str, code: int, said: str
) -> None:
    import shlex

    assert main(shlex.split(line)) == code
    out, err = capsys.readouterr()
    assert said in err
    assert "Traceback" not in err
    assert out == ""
    assert [call for call in host.calls if "images" in call] == []


@pytest.mark.parametrize("word", ELSEWHERE)
def test_a_word_without_its_noun_leads_to_a_command(capsys: Capture, word: str) -> None:
    assert word not in NAMES
    assert main([*ELSEWHERE[word].split(), "--help"]) == 0
    assert f"kuke-ctr {ELSEWHERE[word]}" in capsys.readouterr().out


def test_a_program_that_may_not_be_executed_is_126(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "ctr").write_text("not a program")
    assert main(["images", "ls", "-n", "x", "--ctr", str(tmp_path / "ctr")]) == 126


def test_a_missing_socket_is_said_at_once(host: FakeCtr, tmp_path: Path, capsys: Capture) -> None:
    assert main(["images", "ls", "-n", "x", "-a", str(tmp_path / "gone.sock")]) == 1
    err = capsys.readouterr().err
    assert "gone.sock" in err
    assert "hint: " in err
    assert host.calls == []


def test_a_socket_as_a_url_is_its_path(host: FakeCtr, tmp_path: Path, capsys: Capture) -> None:
    url = f"unix://{tmp_path}/gone.sock"
    assert main(["images", "ls", "-n", "x", "-a", url, "--dry-run"]) == 0
    assert capsys.readouterr().out == f"env ctr -a {tmp_path}/gone.sock -n x images ls\n"


def test_a_regular_file_is_no_socket(host: FakeCtr, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "file").write_text("")
    assert main(["images", "ls", "-n", "x", "-a", str(tmp_path / "file")]) == 1
    assert "not a socket" in capsys.readouterr().err


def test_a_hung_daemon_is_a_time_limit(host: FakeCtr, tmp_path: Path, capsys: Capture) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(1)
        host.answer("-a", path, "-n", "x", "tasks", "ls", first="sleep 60")
        assert main(["tasks", "ls", "-n", "x", "-a", path, "--timeout", "0.3"]) == 124
    assert "0.3 seconds" in capsys.readouterr().err


def test_ctrs_own_message_is_the_error(host: FakeCtr, capsys: Capture) -> None:
    host.answer("-n", "x", "tasks", "ls", stderr="time=x level=warning\nctr: no\n", exit_code=1)
    assert main(["tasks", "ls", "-n", "x"]) == 1
    assert capsys.readouterr().err == "kuke-ctr: ctr: no\nran: env ctr -n x tasks ls\n"


def test_a_recording_replays_to_the_same_output(
    host: FakeCtr, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(tmp_path / "recorded")
    assert main(["images", "ls", "-r", "main", "-o", "json", "--record", folder]) == 0
    recorded = capsys.readouterr().out
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["images", "ls", "-r", "main", "-o", "json", "--replay", folder]) == 0
    assert capsys.readouterr().out == recorded
    assert main(["tasks", "ls", "-r", "main", "--replay", folder]) == 4


def test_a_reader_that_goes_away_ends_it_silently(host: FakeCtr) -> None:
    import subprocess  # noqa: TID251
    import sys

    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "kuke_ctr", "images", "ls", "-n", "kukeon-main"],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_table_from_elsewhere_is_parsed(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "images"
    file.write_text(IMAGES)
    assert main(["parse", "images", str(file), "-o", "jsonl"]) == 0
    assert json.loads(capsys.readouterr().out)["ref"] == "b:1"


@pytest.mark.parametrize("noun", ["images", "containers", "tasks", "namespaces", "realms"])
def test_a_schema_describes_the_keys(noun: str, capsys: Capture) -> None:
    assert main(["schema", noun]) == 0
    assert "properties" in json.loads(capsys.readouterr().out)


def test_ctr_becomes_ctr_in_the_realm(host: FakeCtr) -> None:
    import subprocess  # noqa: TID251
    import sys

    line = "ctr --realm main -- images ls -q"
    done = subprocess.run(
        [sys.executable, "-m", "kuke_ctr", *line.split()],
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"b:1\n"
    assert host.calls[-1] == ["-n", "kukeon-main", "images", "ls", "-q"]


def test_attaching_through_ctr_is_warned_of(host: FakeCtr, capsys: Capture) -> None:
    assert main(["ctr", "-r", "main", "--dry-run", "--", "tasks", "attach", "web"]) == 0
    assert "kuke-ctr tasks attach --namespace kukeon-main web" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line", [[], ["--help"], ["-r", "main", "--help"], ["images"], ["images", "ls", "--help"]]
)
def test_help_is_there_for_every_level(line: list[str], capsys: Capture) -> None:
    assert main(line) == 0
    assert "Usage" in capsys.readouterr().out


def test_a_bug_is_one_sentence_and_a_file(
    host: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("kuke_ctr.commands.shared.lists.fetch", explode)
    assert main(["images", "ls", "-n", "x"]) == 70
    err = capsys.readouterr().err
    assert "secret detail" not in err
    path = Path(err.strip().rpartition(" ")[2])
    assert "secret detail" in path.read_text()
    path.unlink()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("exec web ls", False),
        ("tasks start web", False),
        ("tasks kill web", False),
        ("images tag a:1 b:1", False),
        ("images rm a:1", False),
        ("run busybox:1 ls", True),
        ("images pull a:1", True),
    ],
)
def test_a_missing_guess_offers_to_make_it_only_where_the_command_can(
    host: FakeCtr, capsys: Capture, words: str, offered: bool
) -> None:
    assert main([*["-r", "nobody"], *words.split()]) in (3, 125)
    err = capsys.readouterr().err
    assert "(derived from the realm's name) does not exist" in err
    assert ("--create-namespace" in err) is offered
