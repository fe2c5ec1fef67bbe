"""Failures of ctr: the same words mean something else for another command, or other flags."""

import pytest

from kuke_ctr.backends.ctr.failures import failure_of, reader_gone
from kuke_ctr.backends.ctr.failures.asked import Asked, asked
from kuke_ctr.errors import (
    CtrFailed,
    Forbidden,
    KukeCtrError,
    NotFound,
    NotStarted,
    OwnFailure,
    Reason,
    TimeLimit,
)
from kuke_ctr.processes.calls import Result


def error_of(command: str, said: str, typed: tuple[str, ...] = ()) -> KukeCtrError:
    """The error of a call (`images pull --user x r/a:1`) that printed this."""
    argv = ("ctr", "-n", "team-a", *command.split())
    return failure_of(Result(argv, 1, b"", f"ctr: {said}\n".encode(), 0.1), typed=typed)


PULL = "images pull r.example/app:1"


@pytest.mark.parametrize(
    ("command", "said", "words"),
    [
        (PULL, "failed to read: unexpected EOF", "ended in the middle of the image"),
        ("images import x.tar", 'failed to ingest "b": unexpected EOF', "archive ends too early"),
        ("content get sha256:aa", "unexpected EOF", "ctr: unexpected EOF"),
        (PULL, 'Head "https://r.example/v2/": dial tcp: context deadline exceeded', "not answer"),
        ("content ls", "context deadline exceeded", "ctr: context deadline exceeded"),
    ],
)
def test_the_same_words_are_another_failure_for_another_command(
    command: str, said: str, words: str
) -> None:
    assert words in error_of(command, said).message


def test_a_silent_registry_is_no_time_limit_and_a_silent_daemon_is() -> None:
    assert type(error_of(PULL, "failed to do request: context deadline exceeded")) is CtrFailed
    assert type(error_of("images ls", "context deadline exceeded")) is TimeLimit
    assert type(error_of(PULL, 'failed to dial "/s": context deadline exceeded')) is TimeLimit


@pytest.mark.parametrize("status", ["429 Too Many Requests", "500 Internal Server Error"])
@pytest.mark.parametrize("end", ["", " - Server message: toomanyrequests: slow down"])
def test_a_registry_that_fails_is_not_one_that_lacks_the_image(status: str, end: str) -> None:
    said = f'failed to resolve reference "r.example/app:1": unexpected status: {status}{end}'
    error = error_of(PULL, said)
    assert (type(error), error.exit_code, error.hint) == (CtrFailed, 1, "try again later")


@pytest.mark.parametrize(
    ("command", "said", "hint"),
    [
        ("images export - a:1", "content digest sha256:aa: not found", "`kuke-ctr images pull a:1"),
        (
            "images export --all-platforms - a:1",
            "content digest sha256:aa: not found",
            "leave --all-platforms out",
        ),
        ("run -- a:1 c", "unable to set memory limit to 1", "the memory limit is too small"),
        (
            "run --memory-limit 1 -- a:1 c",
            "unable to set memory limit to 1",
            "--memory-limit is too small",
        ),
        (PULL, "unexpected status: 400 Bad Request", None),
        (
            "images pull --plain-http r.example/app:1",
            "unexpected status: 400 Bad Request",
            "leave --plain-http out",
        ),
        (PULL, "tls: x509: unknown authority", "--tlscacert FILE"),
        ("content fetch r.example/app:1", "tls: x509: unknown authority", "--skip-verify"),
        ("images import a.tar", "image might be filtered out", "--all-platforms imports"),
        ("snapshots mounts /x a", "requested snapshot n/3/a not active or view", "create a view"),
        ("snapshots commit k a", 'snapshot "n/3/a" is not active', "only a writable snapshot"),
        ("snapshots rm a", 'failed to remove "a": not active', None),
        ("snapshots rm a", "cannot remove snapshot with child", "remove them first"),
        ("images import --all-platforms a.tar", "image might be filtered out", None),
    ],
)
def test_a_hint_is_about_flags_that_were_given_or_would_help(
    command: str, said: str, hint: str | None
) -> None:
    found = error_of(command, said).hint
    assert (found is None) is (hint is None)
    assert hint is None or hint in str(found)


@pytest.mark.parametrize(
    ("command", "said", "reason"),
    [
        ("containers create -- i c", 'snapshot "c": already exists', "exists"),
        ("leases create --id l", 'lease "l": already exists', "exists"),
        ("images usage i", "content digest sha256:aa: not found", "content"),
        ("images usage i", "no match for platform in manifest sha256:aa: not found", "platform"),
        ("snapshots ls", "snapshotter not loaded: x: invalid argument", "snapshotter"),
        ("images ls x", "failed to list images: filters: parse error: [x]", "filter"),
    ],
)
def test_a_program_can_ask_for_the_reason(command: str, said: str, reason: str) -> None:
    reasons = {
        "exists": Reason.ALREADY_EXISTS,
        "content": Reason.MISSING_CONTENT,
        "platform": Reason.NO_PLATFORM,
        "snapshotter": Reason.SNAPSHOTTER_NOT_LOADED,
        "filter": Reason.WRONG_FILTER,
    }
    assert error_of(command, said).reason is reasons[reason]


def test_a_full_disk_says_where_to_look_first() -> None:
    """A hint is pasted: it must not remove what only its owner can judge."""
    said = "write /x: no space left on device"
    for verb in ("pull r.example/a:1", "import a.tar"):
        hint = str(error_of(f"images {verb}", said).hint)
        assert "`kuke-ctr content prune --dry-run --namespace team-a`" in hint
        assert "images prune" not in hint
        of_docker = ("ctr", "-n", "moby", "images", *verb.split())
        result = Result(of_docker, 1, b"", f"ctr: {said}\n".encode(), 0.1)
        assert "prune" not in str(failure_of(result).hint)


def test_a_hint_has_the_namespace_and_the_address_that_was_typed() -> None:
    said = 'lease "l": already exists'
    error = error_of("leases create --id l", said, typed=("--address", "/run/k3s/c.sock"))
    assert "`kuke-ctr leases rm l --namespace team-a --address /run/k3s/c.sock`" in str(error.hint)
    of_host = error_of("snapshots ls", "snapshotter not loaded: x", typed=("--address", "/c.sock"))
    assert "`kuke-ctr plugins ls type==io.containerd.snapshotter.v1 --address /c.sock`" in str(
        of_host.hint
    )


def test_a_hint_about_a_snapshot_names_its_snapshotter() -> None:
    error = error_of("snapshots --snapshotter native prepare a", 'snapshot "a": already exists')
    assert "`kuke-ctr snapshots rm --snapshotter native a --namespace team-a`" in str(error.hint)


def test_noise_of_rpc_is_not_shown() -> None:
    said = "rpc error: code = Unknown desc = cannot pause a stopped container: unknown"
    assert error_of("tasks pause c", said).message == "ctr: cannot pause a stopped container"


@pytest.mark.parametrize(
    ("command", "said", "kind"),
    [
        ("images ls", 'failed to dial "/s": dial unix /s: connect: permission denied', Forbidden),
        ("images import x.tar", "open x.tar: permission denied", Forbidden),
        (PULL, "server message: insufficient_scope: permission denied", CtrFailed),
        ("tasks start c", "OCI runtime create failed: mount: permission denied", CtrFailed),
        ("containers info c", 'container "c" in namespace "n": not found', NotFound),
    ],
)
def test_sudo_is_advised_where_it_helps(command: str, said: str, kind: type[KukeCtrError]) -> None:
    assert type(error_of(command, said)) is kind


def test_a_reader_that_went_away_is_known() -> None:
    for code, said in ((-13, b""), (1, b"ctr: write /dev/stdout: broken pipe\n")):
        assert reader_gone(Result(("ctr",), code, b"", said, 0.1))
    assert not reader_gone(Result(("ctr",), 1, b"", b"ctr: other\n", 0.1))


@pytest.mark.parametrize(
    ("argv", "command", "name", "flags"),
    [
        ("ctr -n run images ls -q", "images ls", "-q", {"-q"}),
        ("k3s ctr -a /s -n x run --rm -- i c sh", "run", "i", {"--rm"}),
        ("ssh host ctr -n x tasks exec --exec-id e -- c sh", "tasks exec", "c", {"--exec-id"}),
        ("ctr -n x snapshots --snapshotter a rm k", "snapshots rm", "k", {"--snapshotter"}),
        ("ctr plugins ls", "plugins ls", "ls", set()),
        ("ctr -n x", "", "", set()),
    ],
)
def test_what_an_argv_asks(argv: str, command: str, name: str, flags: set[str]) -> None:
    found = asked(argv.split())
    assert isinstance(found, Asked)
    assert (found.command, found.name, found.flags) == (command, name, frozenset(flags))


def test_another_error_is_made_and_the_first_stays_as_it_was() -> None:
    first = NotStarted("a", hint="b", exit_code=127, command=("ctr",))
    other = first.but(message="c")
    assert (type(other), str(other), other.message, other.hint) == (NotStarted, "c", "c", "b")
    assert (other.exit_code, other.command, first.message) == (127, ("ctr",), "a")


def test_an_own_failure_keeps_the_words_and_has_another_exit_code() -> None:
    error = OwnFailure.of(NotFound("a", hint="b", command=("ctr",), ran=False))
    assert (error.message, error.hint, error.command, error.ran) == ("a", "b", ("ctr",), False)
    assert error.exit_code == 125


@pytest.mark.parametrize(
    "name",
    [
        "r.example/timeout/app:1",
        "r.example/x509/app:deadline",
        "r.example/toomanyrequests:1",
        "r.example/insufficient_scope:1",
        "r.example/access-denied:503",
    ],
)
@pytest.mark.parametrize("verb", ["images pull", "content fetch"])
def test_the_name_of_an_image_is_no_failure(verb: str, name: str) -> None:
    said = f'failed to resolve reference "{name}": {name}: not found'
    error = error_of(f"{verb} {name}", said)
    assert (type(error), error.exit_code) == (NotFound, 3)
    assert error.message.startswith("r.example does not have this repository or this tag")


@pytest.mark.parametrize("verb", ["images pull", "images push", "content fetch"])
@pytest.mark.parametrize(
    "said",
    [
        "open /root/ca.pem: permission denied",
        "failed to mount /tmp/containerd-mount1: permission denied",
    ],
)
def test_a_file_that_this_user_may_not_read_is_126(verb: str, said: str) -> None:
    error = error_of(f"{verb} r.example/a:1", said)
    assert (type(error), error.hint) == (Forbidden, "run the same command with --sudo")


def test_a_registry_that_denies_something_is_no_matter_of_sudo() -> None:
    for said in ("denied: requested access to the resource is denied", "x: permission denied"):
        assert type(error_of(PULL, said)) is CtrFailed


@pytest.mark.parametrize("verb", ["images pull", "images push", "content fetch"])
def test_a_sign_in_service_that_is_missing_is_no_missing_image(verb: str) -> None:
    asked = "failed to authorize: failed to fetch anonymous token: unexpected status"
    error = error_of(f"{verb} r.example/a:1", f"{asked}: 404 Not Found")
    assert type(error) is CtrFailed
    assert "the sign-in service of r.example does not work: 404 Not Found" in error.message


def test_an_artifact_that_is_run_is_told_as_one() -> None:
    said = "unknown image config media type application/vnd.cncf.helm.config.v1+json"
    error = error_of("containers create r.example/a:1 c1", said)
    assert "this is not a container image" in error.message
    assert error_of("images mount r.example/a:1 /mnt", said).hint is None


def test_a_push_to_what_is_no_registry_says_so() -> None:
    said = 'failed to do request: Put "http:?digest=sha256%3Aaa": http: no Host in request URL'
    error = error_of("images push r.example/a:1", said)
    assert error.message.startswith("r.example does not answer as a registry does")


def test_a_sign_in_with_a_wrong_password_says_so() -> None:
    said = "failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized"
    error = error_of("images pull --user bob r.example/a:1", said)
    assert error.message.startswith("r.example refused this user name and password")
    assert error.hint == "check the user name and the password"


def test_a_daemon_of_another_host_may_be_stopped_as_well() -> None:
    said = 'failed to dial "/s": context deadline exceeded'
    hints = [error_of("images ls", said, ("--host", one)).hint or "" for one in ("web3", "local")]
    assert "is stopped or hanging" in hints[0] and "may be hanging" in hints[1]


def test_the_source_of_a_mount_is_on_the_host_of_containerd() -> None:
    hint = error_of("run x", "error mounting /nope: no such file").hint
    assert hint == "the source of the mount must exist on containerd's host"
