import errno
import json
import os
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from kuke_ctr.errors import Forbidden, KukeCtrError, Unreadable, UsageError
from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.environments import mask_environment
from kuke_ctr.processes.player import Player
from kuke_ctr.processes.recorder import SHORT_STDIN, Recorder
from kuke_ctr.processes.recordings import call_key
from tests.support.recorded import LS, gave, mask_all, read, recorder

# what makes two calls equal


@pytest.mark.parametrize(
    "argv",
    [
        "ctr -n main images ls",
        "/usr/local/bin/ctr -n main images ls",
        "k3s ctr -n main images ls",
        "/opt/bin/k3s ctr --address /run/k3s/containerd.sock --namespace main images ls",
        "ctr -a /x.sock --timeout 5s --connect-timeout=2s -n=main images ls",
        "ctr-1.7.24 --timeout=5s --namespace=main images ls",
    ],
)
def test_a_call_is_found_whatever_program_address_and_limit(argv: str) -> None:
    assert call_key(argv.split()) == ("ctr", "-n", "main", "images", "ls")


@pytest.mark.parametrize(
    "argv",
    [
        "ctr -n other images ls",
        "ctr -n main images ls -q",
        "ctr -n main images ls -a x",
        "ctr --debug -n main images ls",
        "nerdctl -n main images ls",
        "/opt/nerdctl-2.1 --namespace main images ls",
    ],
)
def test_a_call_that_means_something_else_is_another(argv: str) -> None:
    assert call_key(argv.split()) != ("ctr", "-n", "main", "images", "ls")


def test_an_argument_named_ctr_is_no_program() -> None:
    assert call_key(["mine", "-n", "main", "containers", "info", "ctr"]) == (
        *("ctr", "-n", "main", "containers", "info", "ctr"),
    )
    assert call_key(["mine", "namespaces", "rm", "ctr"]) == ("ctr", "namespaces", "rm", "ctr")


def test_nerdctls_own_places_are_not_compared() -> None:
    argv = ["nerdctl", "--data-root", "/d", "--cni-path=/c", "--namespace", "main", "ps", "-a"]
    assert call_key(argv) == ("nerdctl", "-n", "main", "ps", "-a")


def test_the_time_of_day_is_not_compared() -> None:
    of_day = [
        call_key(["nerdctl", "--namespace", "main", "logs", "-f", "--since", f"{hour}:00Z", "web"])
        for hour in ("10", "11")
    ]
    assert of_day == [("nerdctl", "-n", "main", "logs", "-f", "--since", "web")] * 2
    assert call_key(["nerdctl", "logs", "--tail", "1", "web"])[2:] == ("--tail", "1", "web")


# recording


def test_a_recording_has_the_whole_call(tmp_path: Path) -> None:
    call = Call(("/bin/ctr", "-a", "/x.sock", "-n", "main", "images", "ls"), stdin=b"text")
    folder = tmp_path / "new" / "folder"
    result = gave(call, b"REF\n", stderr=b"warning\n", exit_code=1, seconds=0.01234)
    recorder(folder).write(call, result)
    assert [path.name for path in folder.iterdir()] == ["001-images-ls.json"]
    assert read(folder) == [
        {
            "version": "1.7.24",
            "argv": ["/bin/ctr", "-a", "/x.sock", "-n", "main", "images", "ls"],
            "stdin": "text",
            "stdout": "REF\n",
            "stderr": "warning\n",
            "exit_code": 1,
            "tty": False,
            "note": "",
            "seconds": 0.012,
        }
    ]


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        recorder(tmp_path / "r").write(LS, gave(LS))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "r").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "r" / "001-images-ls.json").stat().st_mode) == 0o600


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir(mode=0o755)
    recorder(tmp_path / "r")
    assert stat.S_IMODE((tmp_path / "r").stat().st_mode) == 0o755


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        ("ctr -n main tasks ls -q", "001-tasks-ls.json"),
        ("ctr --version", "001-version.json"),
        ("ctr version", "001-version.json"),
        ("ctr -n main ../../etc a/b", "001-etc-a_b.json"),
        ("ctr é", "001-call.json"),
        ("ctr", "001-call.json"),
        (f"ctr {'a' * 99}", f"001-{'a' * 51}.json"),
    ],
)
def test_a_file_is_named_after_noun_and_verb(tmp_path: Path, argv: str, name: str) -> None:
    call = Call(tuple(argv.split()))
    recorder(tmp_path / "r").write(call, gave(call))
    assert [path.name for path in (tmp_path / "r").iterdir()] == [name]


def test_a_folder_with_recordings_is_refused_unless_appended_to(tmp_path: Path) -> None:
    recorder(tmp_path).write(LS, gave(LS))
    with pytest.raises(UsageError) as caught:
        recorder(tmp_path)
    assert caught.value.message == f"the directory {tmp_path} already has recordings"
    assert "--record-append" in (caught.value.hint or "")
    (tmp_path / "041-x.json").touch()
    recorder(tmp_path, append=True).write(LS, gave(LS))
    assert (tmp_path / "042-images-ls.json").exists()


def test_a_number_that_nobody_counted_to_is_none(tmp_path: Path) -> None:
    (tmp_path / f"{'9' * 200}-x.json").touch()
    recorder(tmp_path, append=True).write(LS, gave(LS))
    assert (tmp_path / "001-images-ls.json").exists()


def test_two_that_append_at_once_take_different_numbers(tmp_path: Path) -> None:
    one, other = recorder(tmp_path), recorder(tmp_path)
    for each in (one, other, one):
        each.write(LS, gave(LS))
    assert [path.name[:3] for path in sorted(tmp_path.iterdir())] == ["001", "002", "003"]


def test_the_version_is_asked_once_and_may_be_unknown(tmp_path: Path) -> None:
    asked = []

    def version() -> str:
        asked.append(1)
        raise KukeCtrError("no ctr")

    unknown = Recorder(tmp_path, append=False, mask_env=mask_all, version=version)
    assert not asked
    unknown.write(LS, gave(LS))
    unknown.write(LS, gave(LS))
    assert [each["version"] for each in read(tmp_path)] == ["", ""]
    assert len(asked) == 1


def test_streams_by_descriptor_are_sizes(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"12345")
    with (tmp_path / "in").open() as source, (tmp_path / "out").open("wb") as target:
        target.write(b"1234567")
        target.flush()
        by_file = Call(("ctr", "a"), stdin=source.fileno(), stdout=target.fileno())
        recorder(tmp_path / "r").write(by_file, gave(by_file))
    read_end, write_end = os.pipe()
    by_pipe = Call(("ctr", "b"), stdin=read_end, stdout=write_end)
    recorder(tmp_path / "r", append=True).write(by_pipe, gave(by_pipe))
    os.close(read_end)
    os.close(write_end)
    assert [(each["stdin"], each["stdout"], each["sizes"]) for each in read(tmp_path / "r")] == [
        (None, "", {"stdin": 5, "stdout": 7}),
        (None, "", {"stdin": None, "stdout": None}),
    ]


def test_a_long_stdin_is_a_size(tmp_path: Path) -> None:
    short, long = b"x" * SHORT_STDIN, b"x" * (SHORT_STDIN + 1)
    for text in (short, long):
        call = Call(("ctr",), stdin=text)
        recorder(tmp_path, append=True).write(call, gave(call))
    assert [(each["stdin"], each.get("sizes")) for each in read(tmp_path)] == [
        (short.decode(), None),
        (None, {"stdin": SHORT_STDIN + 1}),
    ]


# masking


def info(*env: object, key: str = "Spec") -> str:
    """What `containers info` prints, in the spelling of Go."""
    process = {"args": ["a=b"], "env": list(env), "note": "less < & more"}
    text = json.dumps({"ID": "c1", "Labels": {"env": "prod"}, key: {"process": process}}, indent=4)
    return text.replace("<", "\\u003c").replace("&", "\\u0026") + "\n"


def test_masking_the_environment_leaves_every_other_byte() -> None:
    masked = mask_environment(info("PATH=/bin", "TOKEN=a=b\n<&>", "EMPTY="))
    assert masked == info("PATH=***", "TOKEN=***", "EMPTY=***")


@pytest.mark.parametrize(
    "argv",
    [
        "ctr -n main containers info c1",
        "ctr -a /x -n main container info --spec c1",
        "k3s ctr c info c1",
        "nerdctl --namespace main inspect --mode native c1",
    ],
)
def test_no_secret_of_a_containers_environment_is_stored(tmp_path: Path, argv: str) -> None:
    call = Call(tuple(argv.split()))
    recorder(tmp_path).write(call, gave(call, info("TOKEN=secret", "A=B").encode()))
    (stored,) = read(tmp_path)
    assert stored["stdout"] == info("TOKEN=***", "A=***")


def test_what_of_the_environment_is_kept_is_for_others_to_say(tmp_path: Path) -> None:
    call = Call(("ctr", "-n", "main", "containers", "info", "c1"))

    def some(argv: Sequence[str], text: str) -> str | None:
        assert argv[-1] == "c1"
        return mask_environment(text, lambda name: name == "TOKEN")

    printed = info("TOKEN=secret", "A=B")
    recorder(tmp_path, mask_env=some).write(call, gave(call, printed.encode()))
    assert read(tmp_path)[0]["stdout"] == info("TOKEN=***", "A=B")


def test_what_can_not_be_masked_is_not_stored(tmp_path: Path) -> None:
    call = Call(("ctr", "-n", "main", "containers", "info", "c1"))
    recorder(tmp_path).write(call, gave(call, b'{"env": ["TOKEN=secret"]', stderr=b"odd\n"))
    (stored,) = read(tmp_path)
    assert "secret" not in json.dumps(stored)
    assert stored["stderr"] == "odd\n"
    assert stored["sizes"] == {"stdout": 24}
    with pytest.raises(Unreadable) as caught:
        Player(tmp_path).answer(call)
    assert "environment variables could not be masked" in (caught.value.hint or "")


def test_a_password_in_the_argv_is_hidden_and_the_call_is_found(tmp_path: Path) -> None:
    call = Call(("ctr", "-n", "main", "images", "pull", "--user", "me:secret", "x"))
    recorder(tmp_path).write(call, gave(call, b"pulled"))
    assert read(tmp_path)[0]["argv"][6] == "me:***"
    assert Player(tmp_path).answer(call).stdout == b"pulled"


# folders that can't be used


def test_a_folder_without_recordings_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    for folder in (tmp_path, tmp_path / "missing", tmp_path / "notes.txt"):
        with pytest.raises(UsageError):
            Player(folder)


def test_a_file_is_no_folder_to_record_into(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UsageError, match="cannot record into"):
            recorder(folder)


def test_a_folder_of_somebody_else_is_forbidden(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    folder.mkdir()
    folder.chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        with pytest.raises(Forbidden, match="cannot record into"):
            recorder(folder)
        with pytest.raises(Forbidden, match="cannot replay"):
            Player(folder)
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o700)


def test_a_full_disk_is_one_sentence_and_leaves_no_half_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    first = recorder(tmp_path)
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(KukeCtrError) as caught:
        first.write(LS, gave(LS))
    monkeypatch.undo()
    assert caught.value.message == f"cannot record into {tmp_path}: No space left on device"
    assert caught.value.hint is not None
    assert list(tmp_path.iterdir()) == []


def test_a_recording_of_nerdctl_has_nerdctls_version(tmp_path: Path) -> None:
    writes = recorder(tmp_path / "new")
    for words, said in ((("--version",), b"nerdctl version 2.1.6\n"), (("ps",), b"")):
        call = Call(("/opt/nerdctl", "--namespace", "main", *words))
        writes.write(call, gave(call, said))
    writes.write(LS, gave(LS))
    assert [one["version"] for one in read(tmp_path / "new")] == ["2.1.6", "2.1.6", "1.7.24"]
