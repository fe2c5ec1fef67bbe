"""`containers create` over a fake ctr: the flags, and what is left of one that failed."""

import os
import shlex

import pytest

from kuke_ctr.cli.main import main
from tests.support.fake_ctr import FakeCtr
from tests.support.runtime_host import Capture, N, changes, run


def test_an_interrupted_create_leaves_no_snapshot(runtime_host: FakeCtr, capsys: Capture) -> None:
    interrupt = f"touch {appears(runtime_host)}; kill -INT $PPID; exec sleep 60"
    runtime_host.answer(*N, "containers", "create", "--", "IMG", "new", first=interrupt)
    code, _, _ = run("containers create IMG new", capsys)
    assert code == 130
    assert shlex.join([*N, "snapshots", "rm", "new"]) in changes(runtime_host)


CREATED = (*N, "containers", "create")


SNAPSHOT = '{"Kind": "Active", "Name": "new", "Created": "2026-11-25T04:43:23.123456789Z"}'


@pytest.fixture
def maker(runtime_host: FakeCtr) -> FakeCtr:
    """A host where nothing has the id or the snapshot `new`."""
    gone = "ctr: snapshot new does not exist: not found\n"
    runtime_host.answer(*N, "snapshots", "info", "new", stderr=gone, exit_code=1)
    runtime_host.answer(*N, "images", "ls", "-q", stdout="docker.io/library/busybox:1.36\n")
    return runtime_host


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("IMG new", "-- IMG new"),
        ("IMG new sh -c 'a b' --realm x", "-- IMG new sh -c 'a b' --realm x"),
        ("IMG new -- sh -c x", "-- IMG new sh -c x"),
        ("--env A=1,2 --env B= IMG new", "--env A=1,2 --env B= -- IMG new"),
        ("--cpus 1.5 IMG new", "--cpu-quota 150000 --cpu-period 100000 -- IMG new"),
        ("--memory-limit 64m IMG new", "--memory-limit 67108864 -- IMG new"),
        ("--cap-add net_admin IMG new", "--cap-add CAP_NET_ADMIN -- IMG new"),
        ("--seccomp-profile /p IMG new", "--seccomp --seccomp-profile /p -- IMG new"),
        ("-u 1000:100 -t IMG new", "--user 1000:100 --tty=true -- IMG new"),
        ("--read-only IMG new sh -c x", "--read-only=true -- IMG new sh -c x"),
        ("--rootfs /r new sh", "--rootfs=true -- /r new sh"),
        ("-c /spec.json --label a=b new", "--config /spec.json --label a=b -- new"),
        ("--extra=--gpus --extra=0 IMG new", "--gpus 0 -- IMG new"),
    ],
)
def test_a_container_is_made_of_typed_flags_and_its_own_words(
    maker: FakeCtr, capsys: Capture, typed: str, words: str
) -> None:
    maker.answer(*CREATED, *shlex.split(words))
    code = main(["containers", "create", "-r", "main", "-x", *shlex.split(typed)])
    out, err = capsys.readouterr()
    assert (code, out) == (0, "new\n")
    assert f"+ env ctr -n kukeon-main containers create {words}\n" in err


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        ("IMG", 2, "an image, and an id"),
        ("IMG 'bad id'", 2, "'bad id' is not a valid container name"),
        (f"IMG {'x' * 77}", 2, "77 characters"),
        ("--env 1=2 IMG new", 2, "'1' is not the name of a variable"),
        ("--env-file /nowhere IMG new", 2, "/nowhere"),
        ("--annotation a IMG new", 2, "'a' is not an annotation"),
        ("--label a IMG new", 2, "'a' is not a label"),
        ("--cpus 1 --cpu-quota 5 IMG new", 2, "cannot be combined"),
        ("--cpus 1 --cpu-quota 0 IMG new", 2, "cannot be combined"),
        ("--memory-limit lots IMG new", 2, "'lots' is not an amount"),
        ("--config /s --env A=b new", 2, "ctr ignores --env"),
        ("--config /s IMG new", 2, "the container's id"),
        ("--rootfs --snapshotter x /r new", 2, "has no effect with --rootfs"),
        ("--runc-root /r IMG new", 1, "it needs ctr 2.0"),
        ("IMG web", 1, "the container web already"),
        ("-o json IMG new", 2, "does not print json"),
        ("--extra=-n --extra=x IMG new", 2, "cannot be passed"),
    ],
)
def test_what_can_not_be_made_is_said_before_anything_runs(
    maker: FakeCtr, capsys: Capture, typed: str, code: int, said: str
) -> None:
    assert main(["containers", "create", "-r", "main", *shlex.split(typed)]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "hint: " in err
    assert changes(maker) == []


def test_a_value_of_our_environment_is_shown_to_nobody(
    maker: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "hunter2")
    before = ["containers", "create", "-r", "main", "--env", "TOKEN", "-e", "A=b"]
    assert main([*before, "--dry-run", "IMG", "new"]) == 0
    out, err = capsys.readouterr()
    file = f"/proc/{os.getpid()}/fd/"
    assert f"containers create --env-file {file}" in out
    assert out.endswith(" --env A=b -- IMG new\n")
    assert main([*before, "-xx", "IMG", "new"]) == 1  # of which the fake one knows nothing
    assert "hunter2" not in out + err + "".join(capsys.readouterr())
    assert "hunter2" not in str(maker.calls)


def test_an_image_that_there_is_not_is_near_to_others(maker: FakeCtr, capsys: Capture) -> None:
    said = 'ctr: image "busybox": not found\n'
    maker.answer(*CREATED, "--", "busybox", "new", stderr=said, exit_code=1)
    assert main(["containers", "create", "-r", "main", "busybox", "new"]) == 3
    assert "the realm has: docker.io/library/busybox:1.36" in capsys.readouterr().err


def appears(maker: FakeCtr) -> str:
    """The snapshot `new` is there once the file is, whose name this gives for a shell."""
    made = shlex.quote(str(maker.folder / "made"))
    gone = "ctr: snapshot new does not exist: not found\n"
    known = f"test -e {made} && echo {shlex.quote(SNAPSHOT)} && exit 0"
    maker.answer(*N, "snapshots", "info", "new", stderr=gone, exit_code=1, first=known)
    maker.answer(*N, "snapshots", "rm", "new")
    return made


@pytest.mark.parametrize("how", ["fails", "hangs"])
def test_a_create_that_fails_leaves_no_snapshot(maker: FakeCtr, capsys: Capture, how: str) -> None:
    made = appears(maker)
    maker.answer(
        *(*CREATED, "--", "IMG", "new"),
        stderr="ctr: open /nope: no such file or directory\n",
        exit_code=1,
        first=f"touch {made}" + ("; exec sleep 60" if how == "hangs" else ""),
    )
    code = main(["containers", "create", "-r", "main", "--timeout", "1", "IMG", "new"])
    assert code == (124 if how == "hangs" else 1)
    assert changes(maker)[-1] == "-n kukeon-main snapshots rm new"
    capsys.readouterr()


def test_a_snapshot_that_was_there_before_is_left_alone(maker: FakeCtr, capsys: Capture) -> None:
    maker.answer(*N, "snapshots", "info", "new", stdout=SNAPSHOT)
    assert main(["containers", "create", "-r", "main", "IMG", "new"]) == 1
    assert "a snapshot new already" in capsys.readouterr().err
    assert changes(maker) == []


def test_what_somebody_else_made_meanwhile_is_left_alone(maker: FakeCtr, capsys: Capture) -> None:
    said = 'ctr: snapshot "new": already exists\n'
    first = f"touch {appears(maker)}"
    maker.answer(*CREATED, "--", "IMG", "new", stderr=said, exit_code=1, first=first)
    assert main(["containers", "create", "-r", "main", "IMG", "new"]) == 1
    assert [line for line in changes(maker) if "rm" in line] == []


def test_a_dry_run_of_create_is_one_line(maker: FakeCtr, capsys: Capture) -> None:
    assert main(["containers", "create", "-r", "main", "--dry-run", "IMG", "new", "sh"]) == 0
    assert capsys.readouterr().out == "env ctr -n kukeon-main containers create -- IMG new sh\n"
    assert changes(maker) == []
