"""images pull, push, import, export over a fake ctr; credentials, files, what ctr prints."""

import os
import stat
import sys
from pathlib import Path

import pytest

from kuke_ctr.backends.ctr.transfer import transfer_failure
from kuke_ctr.cli.main import main
from kuke_ctr.errors import Forbidden, KukeCtrError, NotFound, TimeLimit, UsageError
from kuke_ctr.kukeon.credentials import LONGEST, check_secret, of_realm, registry_of
from kuke_ctr.parse.transfers import parse_import
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.recipes import transfers
from kuke_ctr.recipes.whole_file import whole_or_nothing
from kuke_ctr.records import Image
from kuke_ctr.terminals.pexpect_door import answer_password, watch
from tests.support.fake_ctr import FakeCtr

Capture = pytest.CaptureFixture[str]
NS = ("-n", "kukeon-main")
DIGEST = "sha256:" + "0123456789abcdef" * 4
REF = "registry.example/a:1"


def image(ref: str, *platforms: str, media: str = "application/x.index.v1+json") -> Image:
    return Image(
        ref=ref,
        media_type=media,
        digest=DIGEST,
        size="1.0 MiB",
        size_bytes=1 << 20,
        size_approximate=True,
        platforms=platforms,
        labels={},
        labels_text="-",
    )


# what ctr prints


def test_what_is_unpacked_is_named_whole() -> None:
    said = f"unpacking a b:1 ({DIGEST})...done\nunpacking c:1 ({DIGEST})...done\n"
    written = parse_import(said)
    assert written.whole == {"a b:1", "c:1"}
    assert written.has("c:1")
    assert not written.has("d:1")


@pytest.mark.parametrize(
    ("ref", "drawn"),
    [
        ("a:1", "a:1"),
        ("example.com/my-app:1", "example.com/my app:1"),
        ("example.com/" + "long/" * 9 + "x:1", ("example.com/" + "long/" * 9)[:40]),
        (f"x-{DIGEST}", f"x ({DIGEST[7:19]})"),
    ],
)
def test_what_is_drawn_is_cut_and_has_blanks(ref: str, drawn: str) -> None:
    said = f"\x1b[1A\x1b[2K\r{drawn:40}\tsaved\t\napplication/x {DIGEST}\n"
    written = parse_import(said)
    assert written.has(ref)
    assert not written.has("other:1")
    assert not parse_import("a:1   \tsaving\t\nImporting\telapsed: 0.1 s\t\n")


@pytest.mark.parametrize(
    ("wanted", "lacks"),
    [
        ("linux/amd64", False),
        ("amd64", False),
        ("linux/x86_64", False),
        ("linux/arm64", False),
        ("linux/arm/v7", True),
        ("linux/s390x", True),
        ("windows/amd64", True),
    ],
)
def test_an_index_lacks_what_no_platform_of_it_serves(wanted: str, lacks: bool) -> None:
    index = image("a:1", "linux/amd64", "linux/arm64/v8")
    assert transfers.lacking(index, [wanted]) == ([wanted] if lacks else [])
    assert transfers.lacking(image("a:1", media="application/x.index"), [wanted]) == []
    single = image("a:1", "linux/amd64", media="application/x.manifest.v1+json")
    assert transfers.lacking(single, [wanted]) == []


# which flags which ctr gets


def version(fake: FakeCtr, client: str, server: str | None = None) -> None:
    fake.answer("--version", stdout=f"ctr containerd.io {client}\n")
    told = f"Client:\n  Version:  {client}\n  Revision: x\n  Go version: go1\n\n"
    told += f"Server:\n  Version:  {server or client}\n  Revision: x\n  UUID: y\n"
    fake.answer("version", stdout=told)


@pytest.mark.parametrize(
    ("client", "server", "line", "ran"),
    [
        ("1.6.20", "1.6.20", f"pull {REF}", f"pull {REF}"),
        ("1.6.20", "1.6.20", f"pull --local {REF}", f"pull {REF}"),
        ("1.7.24", "1.7.24", f"pull --local {REF}", f"pull --local {REF}"),
        ("2.1.9", "2.1.9", f"pull {REF}", f"pull {REF}"),
        ("2.1.9", "1.7.24", f"pull {REF}", f"pull --local {REF}"),
        ("2.1.9", "1.6.20", f"pull {REF}", f"pull --local {REF}"),
        ("2.1.9", "1.6.20", f"push {REF} b:1", f"push --local {REF} b:1"),
        ("2.1.9", "1.6.20", "import -", "import --local -"),
        ("2.1.9", "2.1.9", "import -", "import -"),
        ("2.1.9", "2.1.9", "export - b:1", "export --local - b:1"),
        ("1.7.24", "1.7.24", "export - b:1", "export - b:1"),
        ("2.1.9", "2.1.9", f"pull -k {REF}", f"pull --local --skip-verify {REF}"),
        ("1.6.20", "1.6.20", f"pull -k {REF}", f"pull --skip-verify {REF}"),
        (
            *("2.1.9", "2.1.9", f"pull {REF} -- --max-concurrent-downloads 3"),
            f"pull --local --max-concurrent-downloads 3 {REF}",
        ),
        (
            *("2.1.9", "2.1.9", f"push {REF} --tlscacert ca.pem --hosts-dir h"),
            f"push --local --hosts-dir h --tlscacert ca.pem {REF}",
        ),
        (
            *("2.1.9", "2.1.9", "import - --no-unpack --label a=b --label c=d --index-name i:1"),
            "import --index-name i:1 --no-unpack --label a=b --label c=d -",
        ),
        (
            *("1.6.20", "1.6.20", f"pull {REF} --platform a --platform b --snapshotter native"),
            f"pull --platform a --platform b --snapshotter native {REF}",
        ),
    ],
)
def test_the_flags_are_those_that_this_ctr_knows_and_needs(
    fake_ctr: FakeCtr, capsys: Capture, client: str, server: str, line: str, ran: str
) -> None:
    version(fake_ctr, client, server)
    verb, *rest = line.split()
    cut = rest.index("--") if "--" in rest else len(rest)
    words = [*rest[:cut], "-n", "kukeon-main", "--dry-run", *rest[cut:]]
    assert main(["images", verb, *words]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"env ctr -n kukeon-main images {ran}"


@pytest.mark.parametrize(
    ("client", "line", "message"),
    [
        ("1.6.20", "import - --label a=b", "it needs ctr 2.0"),
        ("1.6.20", "import - --discard-unpacked-layers", "it needs ctr 1.7"),
        ("1.4.13", "import - --platform linux/amd64", "it needs ctr 1.5.15"),
        ("1.6.20", "import - -- -label=a=b", "it needs ctr 2.0"),
    ],
)
def test_a_flag_that_came_later_is_refused_with_its_version(
    fake_ctr: FakeCtr, capsys: Capture, client: str, line: str, message: str
) -> None:
    version(fake_ctr, client)
    verb, *rest = line.split()
    assert main(["images", verb, "-n", "kukeon-main", *rest]) == 1
    out, err = capsys.readouterr()
    assert (out, message in err) == ("", True)
    assert fake_ctr.calls == [["--version"]]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f"pull {REF} --user name:geheim", "--user takes only a name"),
        (f"pull {REF} --user :geheim", "--user takes only a name"),
        (f"pull {REF} -u name:geheim", "--user takes only a name"),
        (f"pull {REF} -- --user name:geheim", "a password cannot be passed"),
        (f"pull {REF} -- --refresh geheim", "a token cannot be passed"),
        (f"pull {REF} -- -refresh=geheim", "a token cannot be passed"),
        (f"pull {REF} -- -n other", "cannot be passed"),
        (f"pull {REF} --user name -- --http-dump", "--http-dump would print"),
        (f"pull {REF} --password-stdin", "--password-stdin needs --user NAME"),
        (f"pull {REF} --user name", "there is no terminal to ask for it"),
        (f"pull {REF} --user name --realm-credentials", "cannot be combined"),
        (f"pull {REF} --realm-credentials", "--namespace does not name one"),
        (f"pull {REF} --platform a --all-platforms", "cannot be combined"),
        (f"pull {REF} --label a", "'a' is not a label"),
        ("import - --label a", "'a' is not a label"),
        (f"push {REF} --platform a --platform b", "one --platform"),
        ("import", "one source"),
        ("import a.tar --from-docker b", "one source"),
        ("import --from-docker=-oFILE", "-oFILE is not the name of an image"),
        ("import nothing.tar", "the file nothing.tar"),
        ("export a.tar", "missing argument"),
        ("export - b:1 -o json", "stdout is the archive"),
    ],
)
def test_wrong_usage_starts_nothing_and_shows_no_secret(
    fake_ctr: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch, line: str, message: str
) -> None:
    verb, *rest = line.split()
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        assert main(["images", verb, "-n", "kukeon-main", *rest]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err.lower() or message in err
    assert "geheim" not in err
    assert not any("images" in call for call in fake_ctr.calls)


def test_all_realms_is_wrong_usage(capsys: Capture) -> None:
    assert main(["images", "import", "-", "-A"]) == 2
    assert "one realm" in capsys.readouterr().err


# failures


@pytest.mark.parametrize(
    ("said", "argv", "kind", "hint"),
    [
        ("unexpected status: 401 Unauthorized", (), KukeCtrError, "--user NAME asks"),
        (
            "unexpected status: 401 Unauthorized",
            ("--user", "x"),
            KukeCtrError,
            "refused this user name",
        ),
        ('failed to resolve reference "a": a: not found', (), NotFound, "not have this repository"),
        ("archive/tar: invalid tar header", (), KukeCtrError, "docker save"),
        ("something else", (), KukeCtrError, None),
    ],
)
def test_a_failure_has_a_hint_of_its_own(
    said: str, argv: tuple[str, ...], kind: type[KukeCtrError], hint: str | None
) -> None:
    result = Result(("ctr", *argv), 1, b"", f"ctr: {said}\n".encode(), 0.1)
    error = transfer_failure(result)
    assert isinstance(error, kind)
    assert (hint is None) is (error.hint is None)
    assert hint is None or hint in str(error.hint)


def test_a_reader_that_went_away_is_a_broken_pipe() -> None:
    for code, said in ((-13, b""), (1, b"ctr: write /dev/stdout: broken pipe\n")):
        with pytest.raises(BrokenPipeError):
            transfer_failure(Result(("ctr",), code, b"", said, 0.1))


# credentials


@pytest.mark.parametrize(
    ("reference", "host"),
    [
        ("docker.io/library/busybox:1", "docker.io"),
        ("busybox", "docker.io"),
        ("team/app:1", "docker.io"),
        ("127.0.0.1:5000/a", "127.0.0.1:5000"),
        ("localhost/a", "localhost"),
        ("Registry.Example/a@sha256:0", "registry.example"),
    ],
)
def test_the_registry_of_a_reference(reference: str, host: str) -> None:
    assert registry_of(reference) == host


def entry(server: str, user: object = "u", password: object = "p") -> dict[str, object]:
    return {"serverAddress": server, "username": user, "password": password}


def record(*entries: object) -> tuple[Path, dict[str, object]]:
    return Path("/run/metadata.json"), {"spec": {"registryCredentials": list(entries)}}


@pytest.mark.parametrize(
    "server", ["https://index.docker.io/v1/", "docker.io", "registry-1.docker.io", ""]
)
def test_docker_hub_has_several_addresses(server: str) -> None:
    login = of_realm([record(entry("quay.io", "x"), entry(server))], "docker.io/library/a:1")
    assert (login.user, login.secret) == ("u", "p")
    assert "p'" not in repr(login)


def test_credentials_that_there_are_not_name_those_that_there_are() -> None:
    with pytest.raises(NotFound) as caught:
        of_realm([record(entry("quay.io"), "odd")], "ghcr.io/a:1")
    assert "has credentials for: quay.io" in str(caught.value.hint)
    odd: dict[str, object] = {"spec": {"registryCredentials": 3}}
    for document in ({}, odd):
        with pytest.raises(NotFound):
            of_realm([(Path("/x"), document)], "ghcr.io/a:1")
    with pytest.raises(NotFound):
        of_realm([], "ghcr.io/a:1")
    with pytest.raises(UsageError):
        of_realm([record(entry("ghcr.io", password=None))], "ghcr.io/a:1")
    with pytest.raises(NotFound):  # another port is another registry
        of_realm([record(entry("h.example:5000"))], "h.example:5001/a:1")


@pytest.mark.parametrize("secret", ["", "two\nlines", "a\x7fb", "a\x03", "x" * (LONGEST + 1)])
def test_a_secret_that_ctr_would_not_get_whole_is_refused_unseen(secret: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_secret(secret)
    assert len(caught.value.message) < 100
    assert check_secret("x" * LONGEST)


ASKS = """
printf 'Password: '; stty -echo icanon isig icrnl; read -r secret; printf '\\n'
[ "$secret" = {secret} ] && echo signed in; tty; exit {code}
"""


@pytest.mark.parametrize("secret", ["pw", "two  words", "x" * 4000, "$(id) 'q' Ü"])
def test_the_answer_reaches_the_prompt_byte_for_byte(tmp_path: Path, secret: str) -> None:
    expected = tmp_path / "expected"
    expected.write_text(secret)
    script = ASKS.format(secret=f'"$(cat {expected})"', code=3)
    result = answer_password(Call(("sh", "-c", script), timeout=20), secret)
    assert result.exit_code == 3
    assert b"signed in" in result.stdout
    assert b"/dev/pts/" in result.stdout
    assert secret.encode() not in result.stdout + result.stderr


def test_a_ctr_that_does_not_ask_or_never_ends() -> None:
    result = answer_password(Call(("sh", "-c", "echo no >&2; exit 1"), timeout=20), "pw")
    assert (result.exit_code, result.stdout, result.stderr) == (1, b"", b"no\n")
    with pytest.raises(TimeLimit):
        answer_password(Call(("sh", "-c", "sleep 60"), timeout=0.2), "pw")


def test_what_is_watched_is_shown_and_its_end_is_kept(tmp_path: Path) -> None:
    with (tmp_path / "shown").open("wb") as shown:
        call = Call(("sh", "-c", "echo begin; yes | head -c 3000000; echo end; tty"), timeout=30)
        result = watch(call, show=shown.fileno())
    everything = (tmp_path / "shown").read_bytes()
    assert everything.startswith(b"begin\n")
    assert len(everything) > 3_000_000
    assert len(result.stdout) <= 1 << 20
    assert everything.endswith(result.stdout)
    assert b"/dev/pts/" in result.stdout[-20:]


# files


@pytest.fixture(params=["nameless files", "names only"])
def disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file system with or without files that have no name."""
    if request.param == "names only":
        monkeypatch.setattr(os, "O_TMPFILE", os.O_DIRECTORY)
    return str(request.param)


def entries(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_a_file_is_there_when_it_is_whole(tmp_path: Path, disk: str) -> None:
    target = tmp_path / "x.tar"
    with whole_or_nothing(target) as descriptor:
        os.write(descriptor, b"whole")
        assert not target.exists()
        assert len(entries(tmp_path)) == (0 if disk == "nameless files" else 1)
    assert (target.read_bytes(), entries(tmp_path)) == (b"whole", ["x.tar"])
    assert stat.S_IMODE(target.stat().st_mode) & 0o600 == 0o600


@pytest.mark.usefixtures("disk")
def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "x.tar"
    for before in (None, "older"):
        if before is not None:
            target.write_text(before)
        with pytest.raises(KeyboardInterrupt), whole_or_nothing(target) as descriptor:
            os.write(descriptor, b"half")
            raise KeyboardInterrupt
        assert entries(tmp_path) == ([] if before is None else ["x.tar"])
        assert before is None or target.read_text() == before


@pytest.mark.usefixtures("disk")
def test_a_link_stays_a_link_and_a_mode_a_mode(tmp_path: Path) -> None:
    target, link = tmp_path / "real", tmp_path / "link"
    target.write_text("older")
    target.chmod(0o604)
    link.symlink_to("real")
    with whole_or_nothing(link) as descriptor:
        os.write(descriptor, b"new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o604


def test_a_device_is_written_to_and_not_replaced() -> None:
    with whole_or_nothing(Path("/dev/null")) as descriptor:
        os.write(descriptor, b"x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_place_where_no_file_can_be_is_wrong_usage(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none" / "x", tmp_path / "file" / "x"):
        (tmp_path / "file").write_text("")
        with pytest.raises(UsageError), whole_or_nothing(place):
            pass
    if os.geteuid() != 0:
        tmp_path.chmod(0o500)
        with pytest.raises(Forbidden), whole_or_nothing(tmp_path / "x"):
            pass


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("write /dev/stdout: no space left on device", "hint: that disk is full"),
        ("failed to lease: write: no space left on device", "`kuke-ctr content prune`"),
    ],
)
def test_a_full_disk_of_an_export_is_that_of_its_target(
    fake_ctr: FakeCtr, capsys: Capture, tmp_path: Path, said: str, told: str
) -> None:
    version(fake_ctr, "1.7.24")
    words = ("-n", "kukeon-main", "images", "export", "-", "b:1")
    fake_ctr.answer(*words, stderr=f"ctr: {said}\n", exit_code=1)
    target = tmp_path / "x.tar"
    for typed, name in ((str(target), target), ("-", "stdout")):
        assert main(["images", "export", typed, "b:1", "-n", "kukeon-main"]) == 1
        err = capsys.readouterr().err
        assert said.replace("/dev/stdout", str(name)) in err
        assert told in err
    assert not target.exists()
