"""Pull, push and fetch from a registry that fails in many ways, on each version of containerd."""

from collections.abc import Iterator

import pytest

from tests.support.odd_registry import odd_registry
from tests.support.running import Place

AGAIN = "hint: try again later"
SIGN_IN = "hint: --user NAME asks for the password"

PULLS = [
    ("status/429", 1, "is busy", AGAIN),
    ("status/500", 1, "is broken: 500 Internal Server Error", AGAIN),
    ("bearer/503", 1, "sign-in service of {host} is busy or broken: 503", AGAIN),
    ("bearer/404", 1, "sign-in service of {host} does not work: 404", "name of the registry"),
    ("bearer/page", 1, "sign-in service of {host} sent something that is no token", "sign-in page"),
    ("loop/x", 1, "redirects in a circle", "name of a registry"),
    ("text/x", 1, "sent something that is not the manifest of an image", "name correct"),
    ("status/418", 1, "refused: 418 I'm a Teapot", ""),
    ("status/401", 1, "wants a sign-in", SIGN_IN),
    ("basic/x", 1, "wants a sign-in", SIGN_IN),
    ("status/404", 3, "does not have this repository or this tag", "tag correct"),
    ("code/404-name_unknown", 3, "does not have this repository or this tag", "tag correct"),
    ("page/x", 1, "sent a web page instead of an image", "name of a registry"),
    ("cut/layer", 1, "ended in the middle of the image", "run the same command again"),
    ("lacks/x", 1, "lacks a part of the image", "push it again"),
    ("layer/429", 1, "is busy", AGAIN),
    ("other/x", 1, "sent content with another digest", "a proxy"),
    ("close/x", 1, "closed the connection without an answer", "is it a registry?"),
    ("redirect/x", 1, "nothing listens at 127.0.0.1:9 (for {host})", "can this host reach it"),
]


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    """The registry's host and port."""
    with odd_registry() as running:
        yield running


@pytest.mark.parametrize(("kind", "code", "said", "hint"), PULLS)
def test_a_pull_that_fails_says_what_failed(
    any_place: Place, host: str, kind: str, code: int, said: str, hint: str
) -> None:
    done = any_place("images", "pull", "--plain-http", f"{host}/{kind}:1", "-q")
    assert (done.returncode, done.stdout) == (code, "")
    lines = [line for line in done.stderr.splitlines() if not line.startswith("time=")]
    assert said.format(host=host) in lines[0]
    assert hint in lines[1]
    assert "archive" not in "".join(lines[:2])


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("chart/x", "a Helm chart (media type application/vnd.cncf.helm.config.v1+json)"),
        ("wasm/x", "a WebAssembly module (media type application/vnd.wasm.config.v1+json)"),
        ("cosign/x", "a signature of cosign (media type application/vnd.dev.cosign."),
        ("oras/x", "an artifact (media type text/plain)"),
        ("portal/x", "a web page (media type text/html"),
    ],
)
def test_what_is_no_image_is_told_with_what_stays(
    any_place: Place, host: str, kind: str, told: str
) -> None:
    done = any_place("images", "pull", "--plain-http", f"{host}/{kind}:1", "-q")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{host}/{kind}:1 is not a container image but {told}" in done.stderr
    assert f"`kuke-ctr images rm {host}/{kind}:1 --namespace " in done.stderr
    started = any_place("run", "--rm", f"{host}/{kind}:1", "true")
    assert started.returncode in (125, 127)  # a signature has the configuration of an image
    assert any_place("images", "rm", f"{host}/{kind}:1").returncode == 0


@pytest.mark.parametrize("kind", ["damaged/x", "lying/x"])
def test_an_image_that_can_not_be_unpacked_is_told_where_it_stays(
    any_place: Place, host: str, kind: str
) -> None:
    ref = f"{host}/{kind}:1"
    done = any_place("images", "pull", "--plain-http", ref, "-q")
    assert (done.returncode, done.stdout) == (1, "")
    assert "the image could not be unpacked" in done.stderr
    stays = ref in any_place.ctr("images", "ls", "-q").split()
    assert (
        f"the image stays, not unpacked; if it was not there before: `kuke-ctr images rm {ref} "
        in done.stderr
    ) is stays
    if stays:
        assert any_place("images", "rm", ref).returncode == 0


def test_a_web_page_is_not_fetched(any_place: Place, host: str) -> None:
    done = any_place("content", "fetch", "--plain-http", f"{host}/portal/x:1")
    assert (done.returncode, done.stdout) == (1, "")
    assert "is not a container image but a web page" in done.stderr
    assert any_place("images", "rm", f"{host}/portal/x:1").returncode == 0


@pytest.mark.parametrize(
    ("kind", "code", "said"),
    [("status/503", 1, "is broken"), ("status/404", 3, "not have this"), ("cut/x", 1, "middle")],
)
def test_a_fetch_that_fails_says_what_failed(
    any_place: Place, host: str, kind: str, code: int, said: str
) -> None:
    done = any_place("content", "fetch", "--plain-http", f"{host}/{kind}:1")
    assert done.returncode == code
    assert said in done.stderr


@pytest.mark.parametrize(
    ("kind", "code", "said"),
    [
        ("status/429", 1, "is busy"),
        ("status/500", 1, "is broken"),
        ("basic/x", 1, "wants a sign-in"),
        ("status/404", 3, "has no such repository"),
    ],
)
def test_a_push_that_fails_says_what_failed(
    any_place: Place, host: str, kind: str, code: int, said: str
) -> None:
    image = any_place.ctr("images", "ls", "-q").split()[0]
    done = any_place("images", "push", "--plain-http", f"{host}/{kind}:1", image)
    assert done.returncode == code
    assert f"{host} {said}" in done.stderr


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("busybox", "docker.io/library/busybox:latest"),
        ("redis:3.2", "docker.io/library/redis:3.2"),
        ("library/redis", "docker.io/library/redis:latest"),
        ("docker.io/nginx", "docker.io/library/nginx:latest"),
        ("index.docker.io/redis:3.2", "docker.io/library/redis:3.2"),
        ("{host}/good/app:", "for example {host}/good/app:latest"),
        ("{host}/Good/app:1", "for example {host}/good/app:1"),
        ("https://{host}/good/app:1", "leave the scheme out: {host}/good/app:1"),
        ("{host}/good/app@sha256:0123", "64 hexadecimal digits"),
        ("{host}/good/app", "{host}/good/app:latest"),
    ],
)
def test_a_name_that_is_none_says_how_one_is_written(
    place: Place, host: str, name: str, hint: str
) -> None:
    """ctr is not asked to pull it, so its version makes no difference."""
    done = place("images", "pull", "--plain-http", name.format(host=host))
    assert done.returncode == 1
    assert hint.format(host=host) in done.stderr


def test_a_registry_without_tls_is_one_that_speaks_http(any_place: Place, host: str) -> None:
    elsewhere = host.replace("127.0.0.1", "0.0.0.0")
    done = any_place("images", "pull", f"{elsewhere}/good/app:1")
    assert done.returncode == 1
    assert "speaks http, not https" in done.stderr
    assert "add --plain-http" in done.stderr
