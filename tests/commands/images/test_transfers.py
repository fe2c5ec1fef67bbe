"""images pull, push, import, export over a fake ctr; credentials, files, what ctr prints."""

import os
import sys
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.parse.transfers import parse_import
from kuke_ctr.recipes import transfers
from kuke_ctr.records import Image
from tests.support.fake_ctr import FakeCtr

Capture = pytest.CaptureFixture[str]


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
    assert [call for call in fake_ctr.calls if "namespaces" not in call] == [["--version"]]


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


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("write /dev/stdout: no space left on device", "hint: that disk is full"),
        (
            "failed to lease: write: no space left on device",
            "`kuke-ctr content prune --dry-run --namespace kukeon-main`",
        ),
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


def test_a_planned_export_to_a_file_ends_in_the_file(fake_ctr: FakeCtr, capsys: Capture) -> None:
    words = ["images", "export", "-n", "a", "a b.tar", REF, "--dry-run"]
    assert main(words) == 0
    assert capsys.readouterr().out == f"env ctr -n a images export - {REF} > 'a b.tar'\n"
