"""images pull, push over a fake ctr: names that are not sent, and a look at what came."""

import json

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.parse.references import INDEXES, MANIFESTS
from tests.support.fake_ctr import FakeCtr
from tests.support.far_host import FarHost

Capture = pytest.CaptureFixture[str]

DIGEST = "sha256:" + "0123456789abcdef" * 4
REF = "r.example/a:1"
MAIN = ("-n", "kukeon-main")
NAMED = ("images", "ls", f'name=="{REF}"')
REMOVES = f"`kuke-ctr images rm {REF} --namespace kukeon-main` removes it"
HELM = "application/vnd.cncf.helm.config.v1+json"
IMAGE = "application/vnd.oci.image.config.v1+json"


def table(*columns: tuple[str, str]) -> str:
    """A header and a row, as ctr aligns them."""
    widths = [max(len(head), len(cell)) for head, cell in columns]
    lines = zip(*columns, strict=True)
    return "".join(
        f"{' '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))}\n"
        for line in lines
    )


@pytest.fixture
def host(fake_ctr: FakeCtr) -> FakeCtr:
    """A host whose realm has the image after a pull."""
    fake_ctr.answer("namespaces", "ls", "-q", stdout="kukeon-main\n")
    fake_ctr.answer(*MAIN, "images", "pull", REF)
    has(fake_ctr, MANIFESTS[0])
    return fake_ctr


def has(fake: FakeCtr, media_type: str, platforms: str = "-") -> None:
    row = table(
        ("REF", REF),
        ("TYPE", media_type),
        ("DIGEST", DIGEST),
        ("SIZE", "1.0 KiB"),
        ("PLATFORMS", platforms),
        ("LABELS", "-"),
    )
    fake.answer(*MAIN, *NAMED, stdout=row)
    fake.answer(*MAIN, "images", "ls", "-q", NAMED[2], stdout=f"{REF}\n")


def is_made_of(fake: FakeCtr, config: str, layer: str) -> None:
    parts = {"config": {"mediaType": config}, "layers": [{"mediaType": layer}]}
    fake.answer(*MAIN, "content", "get", DIGEST, stdout=json.dumps(parts))


def pull(*words: str) -> int:
    return main(["images", "pull", REF, "-n", "kukeon-main", "-q", *words])


def test_another_host_pulls_for_its_own_platform(
    host: FakeCtr, far_host: FarHost, capsys: Capture
) -> None:
    has(host, INDEXES[0], "linux/arm64/v8")
    far_host.program("uname", "echo aarch64")
    assert pull("-H", "web3") == 0
    far_host.program("uname", "echo ppc64le")
    assert pull("-H", "web3") == 3
    assert "nothing for linux/ppc64le" in capsys.readouterr().err


def test_a_chart_that_was_pulled_is_no_success(host: FakeCtr, capsys: Capture) -> None:
    is_made_of(host, HELM, "application/vnd.cncf.helm.chart.content.v1.tar+gzip")
    assert pull() == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{REF} is not a container image but a Helm chart (media type {HELM})" in err
    assert f"hint: it stays in namespace kukeon-main; {REMOVES}" in err


def test_a_web_page_that_became_an_image_is_no_success(host: FakeCtr, capsys: Capture) -> None:
    has(host, "text/html")
    host.answer(*MAIN, "content", "get", DIGEST, stdout="<html>")
    assert pull() == 1
    assert "is not a container image but a web page (media type text/html)" in (
        capsys.readouterr().err
    )


def test_the_look_costs_one_call_and_none_for_an_index(host: FakeCtr, capsys: Capture) -> None:
    is_made_of(host, IMAGE, "application/vnd.oci.image.layer.v1.tar")
    assert pull() == 0
    assert len([call for call in host.calls if "content" in call]) == 1
    has(host, INDEXES[0])
    assert pull() == 0
    assert capsys.readouterr().out == f"{REF}\n{REF}\n"
    assert len([call for call in host.calls if "content" in call]) == 1


def checked(fake: FakeCtr, unpacked: str) -> None:
    row = table(
        ("REF", REF),
        ("TYPE", MANIFESTS[0]),
        ("DIGEST", DIGEST),
        ("STATUS", "complete (2/2)"),
        ("SIZE", "1.0 KiB/1.0 KiB"),
        ("UNPACKED", unpacked),
    )
    fake.answer(*MAIN, "images", "check", NAMED[2], stdout=row)


@pytest.mark.parametrize(("unpacked", "told"), [("false", True), ("true", False)])
def test_an_image_that_could_not_be_unpacked_stays_and_is_told(
    host: FakeCtr, capsys: Capture, unpacked: str, told: bool
) -> None:
    said = "ctr: failed to extract layer sha256:aa: archive/tar: invalid tar header\n"
    host.answer(*MAIN, "images", "pull", REF, stderr=said, exit_code=1)
    is_made_of(host, IMAGE, "application/vnd.oci.image.layer.v1.tar")
    checked(host, unpacked)
    assert pull() == 1
    err = capsys.readouterr().err
    assert "the image could not be unpacked (ctr: failed to extract layer" in err
    assert ("the image stays, not unpacked; if it was not there before: " in err) is told


def test_a_chart_that_could_not_be_unpacked_is_told_as_one(host: FakeCtr, capsys: Capture) -> None:
    said = "ctr: mismatched image rootfs and manifest layers\n"
    host.answer(*MAIN, "images", "pull", REF, stderr=said, exit_code=1)
    is_made_of(host, HELM, "x")
    assert pull() == 1
    assert f"not a container image but a Helm chart (media type {HELM})" in capsys.readouterr().err


def test_nothing_is_looked_for_where_the_registry_failed(host: FakeCtr, capsys: Capture) -> None:
    said = f'ctr: failed to resolve reference "{REF}": unexpected status: 429 Too Many Requests\n'
    host.answer(*MAIN, "images", "pull", REF, stderr=said, exit_code=1)
    assert pull() == 1
    assert "removes it" not in capsys.readouterr().err
    assert not any("ls" in call for call in host.calls if "images" in call)


def test_a_registry_that_is_silent_is_asked_about(host: FakeCtr, capsys: Capture) -> None:
    host.answer(*MAIN, "images", "pull", REF, first="exec sleep 20")
    host.answer(*MAIN, "content", "active", stdout="REF SIZE AGE\n")
    assert pull("--timeout", "1") == 124
    assert "hint: does r.example answer, or does a firewall" in capsys.readouterr().err


def test_no_namespace_is_made_for_a_name_that_is_not_sent(host: FakeCtr, capsys: Capture) -> None:
    words = ["redis:3.2", "-n", "new", "--create-namespace"]
    for verb in (["images", "pull"], ["content", "fetch"]):
        assert main([*verb, *words]) == 1
        assert "this command makes it" not in capsys.readouterr().err
    assert not any("create" in call for call in host.calls)


@pytest.mark.parametrize("line", ["pull {}", "push {}", "push {} r.example/a:1"])
@pytest.mark.parametrize("name", ["redis:3.2", "docker.io/redis:3.2", "index.docker.io/redis:3.2"])
def test_a_short_name_is_not_sent(host: FakeCtr, capsys: Capture, line: str, name: str) -> None:
    for dry in ([], ["--dry-run"]):
        words = line.format(name).split()
        assert main(["images", *words, "-n", "kukeon-main", *dry]) == 1
        assert "hint: use the full name docker.io/library/redis:3.2" in capsys.readouterr().err
    assert not any("images" in call for call in host.calls)
