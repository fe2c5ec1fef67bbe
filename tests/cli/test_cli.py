"""The whole command line over a fake ctr: what runs, what is printed, and every bad input."""

import json
import os
import socket
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.parse.nouns import RECORDS, parser_of
from tests.support.fake_ctr import FakeCtr
from tests.support.listing_host import DIGEST, IMAGES, Capture

EMPTY = "REF TYPE DIGEST SIZE PLATFORMS LABELS \n"


@pytest.fixture
def listing_host(fake_ctr: FakeCtr) -> FakeCtr:
    fake_ctr.answer("namespaces", "ls", "-q", stdout="default\nkukeon-main\n")
    fake_ctr.answer("-n", "kukeon-main", "images", "ls", stdout=IMAGES)
    fake_ctr.answer("-n", "kukeon-main", "images", "ls", "-q", stdout="b:1\n")
    return fake_ctr


def test_an_image_list_is_read_into_records(listing_host: FakeCtr, capsys: Capture) -> None:
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
    listing_host: FakeCtr, capsys: Capture, line: str
) -> None:
    assert main([*line.split(), "-q"]) == 0
    assert capsys.readouterr().out == "b:1\n"


def test_a_trace_shows_what_runs_and_the_child_gets_no_containerd_environment(
    listing_host: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTAINERD_NAMESPACE", "elsewhere")
    assert main(["images", "ls", "--namespace", "kukeon-main", "-x"]) == 0
    traced = [line for line in capsys.readouterr().err.splitlines() if line.startswith("+ ")]
    assert traced == ["+ env ctr -n kukeon-main images ls", "+ env ctr -n kukeon-main images ls -q"]
    assert "CONTAINERD_NAMESPACE" not in listing_host.environment


def test_a_dry_run_prints_the_one_command_and_runs_nothing(
    listing_host: FakeCtr, capsys: Capture
) -> None:
    assert main(["images", "ls", "--namespace", "kukeon-main", "--dry-run"]) == 0
    assert capsys.readouterr().out == "env ctr -n kukeon-main images ls\n"
    assert listing_host.calls == []


def test_filters_are_passed_on(listing_host: FakeCtr, capsys: Capture) -> None:
    listing_host.answer("-n", "kukeon-main", "images", "ls", "name~=b", stdout=IMAGES)
    listing_host.answer("-n", "kukeon-main", "images", "ls", "-q", "name~=b", stdout="b:1\n")
    assert main(["images", "ls", "name~=b", "-r", "main", "-q"]) == 0
    assert capsys.readouterr().out == "b:1\n"


def test_a_namespace_that_does_not_exist_is_not_found_with_the_nearest(
    listing_host: FakeCtr, capsys: Capture
) -> None:
    listing_host.answer("-n", "kukeon-mian", "images", "ls", stdout=EMPTY)
    listing_host.answer("-n", "kukeon-mian", "images", "ls", "-q")
    assert main(["images", "ls", "--realm", "mian", "-o", "json"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "does not exist" in err
    assert "hint: did you mean --realm main? existing realms: main (`kuke-ctr realms ls`)" in err


def test_an_empty_realm_is_fine_and_says_where_an_import_lands(
    listing_host: FakeCtr, capsys: Capture
) -> None:
    listing_host.answer("-n", "kukeon-main", "images", "ls", stdout=EMPTY)
    listing_host.answer("-n", "kukeon-main", "images", "ls", "-q")
    listing_host.answer("-n", "default", "images", "ls", "-q", stdout="x:1\ny:1\n")
    assert main(["images", "ls", "--realm", "main", "-o", "json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == []
    assert "namespace default has 2: `kuke-ctr images find '*'` shows them" in err


def test_a_filter_that_matches_nothing_is_not_an_empty_realm(
    listing_host: FakeCtr, capsys: Capture
) -> None:
    listing_host.answer("-n", "kukeon-main", "images", "ls", "name==x", stdout=EMPTY)
    listing_host.answer("-n", "kukeon-main", "images", "ls", "-q", "name==x")
    assert main(["images", "ls", "name==x", "--realm", "main"]) == 0
    said = "nothing in realm main (namespace kukeon-main) matches name==x\n"
    assert capsys.readouterr().err == said


def test_nothing_in_any_realm_is_said(listing_host: FakeCtr, capsys: Capture) -> None:
    listing_host.answer("namespaces", "ls", "-q", stdout="moby\n")
    assert main(["images", "ls", "-A", "-o", "json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == []
    assert "none of the 0 realms" in err


@pytest.mark.parametrize("line", ["realms ls -A", "namespaces ls -A", "realms resolve main -A"])
def test_a_list_of_the_whole_host_is_not_of_all_realms(
    listing_host: FakeCtr, capsys: Capture, line: str
) -> None:
    assert main(line.split()) == 2
    assert f"`kuke-ctr {' '.join(line.split()[:2])}` has no option -A" in capsys.readouterr().err


def test_a_namespace_that_a_flag_named_is_not_called_a_realms(
    listing_host: FakeCtr, capsys: Capture
) -> None:
    listing_host.answer("-n", "gone", "tasks", "ls", stdout="TASK    PID    STATUS    \n")
    assert main(["tasks", "ls", "-n", "gone"]) == 3
    assert "the namespace gone does not exist" in capsys.readouterr().err


def test_ctr_is_not_started_in_a_namespace_that_is_a_guess(
    listing_host: FakeCtr, capsys: Capture
) -> None:
    assert main(["ctr", "--realm", "typo", "--", "images", "import", "x.tar"]) == 3
    assert "nothing was changed" in capsys.readouterr().err
    assert listing_host.calls == [["namespaces", "ls", "-q"]]


@pytest.mark.parametrize("noun", RECORDS)
def test_every_noun_has_its_parser(noun: str) -> None:
    assert callable(parser_of(noun))


def test_a_forged_row_is_found_by_the_names(listing_host: FakeCtr, capsys: Capture) -> None:
    listing_host.answer("-n", "kukeon-main", "images", "ls", "-q", stdout="other:1\n")
    assert main(["images", "ls", "--realm", "main"]) == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert "'b:1'" in err
    assert "'other:1'" in err
    assert len([call for call in listing_host.calls if call[-1] == "-q" and "images" in call]) == 2


def test_refused_rows_are_shown_and_programs_get_nothing_unless_partial(
    listing_host: FakeCtr, capsys: Capture
) -> None:
    listing_host.answer("-n", "kukeon-main", "images", "ls", stdout=IMAGES + "junk\n")
    listing_host.answer("-n", "kukeon-main", "images", "ls", "-q", stdout="b:1\njunk\n")
    assert main(["images", "ls", "-r", "main"]) == 4
    out, err = capsys.readouterr()
    assert "b:1" in out
    assert "line 3" in err
    assert main(["images", "ls", "-r", "main", "-o", "json"]) == 4
    assert capsys.readouterr().out == ""
    assert main(["images", "ls", "-r", "main", "-o", "json", "--partial"]) == 4
    assert len(json.loads(capsys.readouterr().out)) == 1


def test_raw_is_what_ctr_said(
    listing_host: FakeCtr, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["images", "ls", "-r", "main", "-o", "raw"]) == 0
    assert capfdbinary.readouterr().out == IMAGES.encode()


def test_stderr_of_a_call_that_succeeded_is_shown(listing_host: FakeCtr, capsys: Capture) -> None:
    listing_host.answer(
        "-n", "kukeon-main", "images", "ls", stdout=IMAGES, stderr="level=error x\x1b[2J\n"
    )
    assert main(["images", "ls", "-r", "main"]) == 0
    assert "level=error x\\x1b[2J" in capsys.readouterr().err


def test_all_realms_run_side_by_side_with_their_names(
    listing_host: FakeCtr, capsys: Capture
) -> None:
    listing_host.answer("namespaces", "ls", "-q", stdout="kukeon-a\nkukeon-main\nmoby\n")
    listing_host.answer("-n", "kukeon-a", "images", "ls", stderr="ctr: boom\n", exit_code=1)
    listing_host.answer("-n", "kukeon-a", "images", "ls", "-q")
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
        ("imgaes ls", 2, "did you mean `kuke-ctr images ls`"),
        ("imgaes", 2, "did you mean `kuke-ctr images`"),
        ("imag lss -r x", 2, "did you mean `kuke-ctr image ls`"),
        ("imgaes web", 2, "did you mean `kuke-ctr images`"),
        ("stopp ls", 2, "did you mean `kuke-ctr stop`"),
        ("ls", 2, "did you mean `kuke-ctr containers ls`"),
        ("-r main pull x", 2, "did you mean `kuke-ctr images pull --realm main x`"),
        ("images help", 2, "`kuke-ctr images --help` lists the commands"),
        ("ss", 2, "`kuke-ctr --help` lists the commands"),
        ("images ls --ctr /nowhere/ctr", 127, "/nowhere/ctr"),
        ("images ls --ctr 'sudo ctr'", 2, "itself as root: add --sudo"),
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
    listing_host: FakeCtr, capsys: Capture, line: str, code: int, said: str
) -> None:
    import shlex

    assert main(shlex.split(line)) == code
    out, err = capsys.readouterr()
    assert said in err
    assert "Traceback" not in err
    assert out == ""
    assert [call for call in listing_host.calls if "images" in call] == []


def test_a_program_that_may_not_be_executed_is_126(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "ctr").write_text("not a program")
    assert main(["images", "ls", "-n", "x", "--ctr", str(tmp_path / "ctr")]) == 126


def test_a_missing_socket_is_said_at_once(
    listing_host: FakeCtr, tmp_path: Path, capsys: Capture
) -> None:
    assert main(["images", "ls", "-n", "x", "-a", str(tmp_path / "gone.sock")]) == 1
    err = capsys.readouterr().err
    assert "gone.sock" in err
    assert "hint: " in err
    assert listing_host.calls == []


def test_a_socket_as_a_url_is_its_path(
    listing_host: FakeCtr, tmp_path: Path, capsys: Capture
) -> None:
    url = f"unix://{tmp_path}/gone.sock"
    assert main(["images", "ls", "-n", "x", "-a", url, "--dry-run"]) == 0
    assert capsys.readouterr().out == f"env ctr -a {tmp_path}/gone.sock -n x images ls\n"


def test_a_regular_file_is_no_socket(
    listing_host: FakeCtr, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "file").write_text("")
    assert main(["images", "ls", "-n", "x", "-a", str(tmp_path / "file")]) == 1
    assert "not a socket" in capsys.readouterr().err


def test_a_hung_daemon_is_a_time_limit(
    listing_host: FakeCtr, tmp_path: Path, capsys: Capture
) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(1)
        listing_host.answer("-a", path, "-n", "x", "tasks", "ls", first="sleep 60")
        assert main(["tasks", "ls", "-n", "x", "-a", path, "--timeout", "0.3"]) == 124
    assert "0.3 seconds" in capsys.readouterr().err


def test_ctrs_own_message_is_the_error(listing_host: FakeCtr, capsys: Capture) -> None:
    listing_host.answer(
        "-n", "x", "tasks", "ls", stderr="time=x level=warning\nctr: no\n", exit_code=1
    )
    assert main(["tasks", "ls", "-n", "x"]) == 1
    assert capsys.readouterr().err == "kuke-ctr: ctr: no\nran: env ctr -n x tasks ls\n"


def test_a_recording_replays_to_the_same_output(
    listing_host: FakeCtr, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(tmp_path / "recorded")
    assert main(["images", "ls", "-r", "main", "-o", "json", "--record", folder]) == 0
    recorded = capsys.readouterr().out
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["images", "ls", "-r", "main", "-o", "json", "--replay", folder]) == 0
    assert capsys.readouterr().out == recorded
    assert main(["tasks", "ls", "-r", "main", "--replay", folder]) == 4


def test_a_reader_that_goes_away_ends_it_silently(listing_host: FakeCtr) -> None:
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


def test_ctr_becomes_ctr_in_the_realm(listing_host: FakeCtr) -> None:
    import subprocess  # noqa: TID251
    import sys

    line = "ctr --realm main -- images ls -q"
    done = subprocess.run(
        [sys.executable, "-m", "kuke_ctr", *line.split()],
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"b:1\n"
    assert listing_host.calls[-1] == ["-n", "kukeon-main", "images", "ls", "-q"]


def test_attaching_through_ctr_is_warned_of(listing_host: FakeCtr, capsys: Capture) -> None:
    assert main(["ctr", "-r", "main", "--dry-run", "--", "tasks", "attach", "web"]) == 0
    assert "kuke-ctr tasks attach --namespace kukeon-main web" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line", [[], ["--help"], ["-r", "main", "--help"], ["images"], ["images", "ls", "--help"]]
)
def test_help_is_there_for_every_level(line: list[str], capsys: Capture) -> None:
    assert main(line) == 0
    assert "Usage" in capsys.readouterr().out


def test_a_bug_is_one_sentence_and_a_file(
    listing_host: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("kuke_ctr.backends.ctr.tables.fetch", explode)
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
    listing_host: FakeCtr, capsys: Capture, words: str, offered: bool
) -> None:
    assert main([*["-r", "nobody"], *words.split()]) in (3, 125)
    err = capsys.readouterr().err
    assert "(derived from the realm's name) does not exist" in err
    assert ("--create-namespace" in err) is offered


def test_realms_of_which_nobody_knows_are_an_error(fake_ctr: FakeCtr, capsys: Capture) -> None:
    fake_ctr.answer("namespaces", "ls", "-q", stderr="ctr: out of luck\n", exit_code=1)
    assert main(["realms", "ls"]) == 1
    assert capsys.readouterr() == (
        "",
        "kuke-ctr: ctr: out of luck\nran: env ctr namespaces ls -q\n",
    )
