"""Names of images: what docker reads a short one as, and what is no name for a registry."""

import pytest

from kuke_ctr.parse.image_names import (
    fault_of,
    is_exact,
    is_short,
    is_untagged,
    other_name,
    whole_name,
)

DIGEST = f"sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("short", "whole"),
    [
        ("busybox", "docker.io/library/busybox:latest"),
        ("busybox:1.36", "docker.io/library/busybox:1.36"),
        ("library/busybox", "docker.io/library/busybox:latest"),
        ("nginx/nginx", "docker.io/nginx/nginx:latest"),
        ("docker.io/nginx", "docker.io/library/nginx:latest"),
        ("docker.io/redis:3.2", "docker.io/library/redis:3.2"),
        ("Docker.io/redis:3.2", "docker.io/library/redis:3.2"),
        ("index.docker.io/library/busybox:1.36", "docker.io/library/busybox:1.36"),
        ("index.docker.io/redis", "docker.io/library/redis:latest"),
        (f"redis@{DIGEST}", f"docker.io/library/redis@{DIGEST}"),
        (f"redis:3.2@{DIGEST}", f"docker.io/library/redis:3.2@{DIGEST}"),
    ],
)
def test_a_short_name_is_told_with_its_whole_one(short: str, whole: str) -> None:
    assert whole_name(short) == whole
    assert is_short(short)
    fault = fault_of(short)
    assert fault is not None
    assert fault.hint == f"use the full name {whole}"
    assert fault_of(whole) is None


@pytest.mark.parametrize(
    "name",
    [
        "docker.io/library/busybox:1.36",
        "docker.io/grafana/loki:2",
        f"docker.io/library/busybox@{DIGEST}",
        f"docker.io/library/busybox:1.36@{DIGEST}",
        "localhost/x:1",
        "host:5000/x:1",
        "127.0.0.1:5000/a/b/c:v1.0_x-y",
        "[::1]:5000/a:1",
        "my_registry.local/a__b/c--d.e:1",
        "registry.example/timeout/x509:1",
    ],
)
def test_a_whole_name_is_whole(name: str) -> None:
    assert fault_of(name) is None
    assert whole_name(name) == name
    assert not is_short(name)


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("https://ghcr.io/a/b:1", "begins with https://", "leave the scheme out: ghcr.io/a/b:1"),
        ("docker://busybox:1.36", "begins with docker://", "docker.io/library/busybox:1.36"),
        ("https://", "begins with https://", "REGISTRY/REPOSITORY:TAG"),
        ("docker.io/library/a@sha256:0123", "the digest in ", "64 hexadecimal digits"),
        ("docker.io/library/a@0123", "the digest in ", "64 hexadecimal digits"),
        ("docker.io/library/a@", "the digest in ", "64 hexadecimal digits"),
        (f"docker.io/library/a@@{DIGEST}", "the digest in ", "64 hexadecimal digits"),
        (f"docker.io/library/a@{DIGEST}@x", "the digest in ", "64 hexadecimal digits"),
        ("/app:1", "is not the name of an image", "REGISTRY/REPOSITORY:TAG"),
        (":1", "is not the name of an image", "REGISTRY/REPOSITORY:TAG"),
        ("", "is not the name of an image", "REGISTRY/REPOSITORY:TAG"),
        ("docker.io/", "is not the name of an image", "REGISTRY/REPOSITORY:TAG"),
        ("a b", "a blank is in it", "REGISTRY/REPOSITORY:TAG"),
        ("docker.io/library/a:1\n", "a blank is in it", "REGISTRY/REPOSITORY:TAG"),
        ("a:", "the tag in a: is empty", "for example docker.io/library/a:latest"),
        ("host:5000/a:", "is empty", "for example host:5000/a:latest"),
        ("docker.io/library/a:1:2", "the tag in ", "letters, digits"),
        (f"docker.io/library/a:{'t' * 129}", "the tag in ", "at most 128"),
        ("host:port/a:1", "the port in ", "HOST:PORT"),
        ("-x.example/a:1", "is not the name of a registry", "REGISTRY/REPOSITORY:TAG"),
        ("ghcr.io/Team/App:1", "has upper-case letters", "for example ghcr.io/team/app:1"),
        ("ghcr.io//app:1", "is not the name of a repository", "REGISTRY/REPOSITORY:TAG"),
        ("ghcr.io/é:1", "is not the name of a repository", "REGISTRY/REPOSITORY:TAG"),
        ("ghcr.io/a:tag/b", "is not the name of a repository", "REGISTRY/REPOSITORY:TAG"),
        ("localhost/x", "has no tag", "for example localhost/x:latest"),
        ("host:5000/x", "has no tag", "for example host:5000/x:latest"),
    ],
)
def test_a_name_that_is_none_says_what_to_write(name: str, message: str, hint: str) -> None:
    fault = fault_of(name)
    assert fault is not None
    assert message in fault.message
    assert hint in fault.hint


def test_a_password_in_a_name_is_not_shown() -> None:
    for name in ("bob:geheim@ghcr.io/a/b:1", "https://bob:geheim@ghcr.io/a/b:1"):
        fault = fault_of(name)
        assert fault is not None
        assert "geheim" not in fault.message + fault.hint
        assert "--user NAME" in fault.hint


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("app:2", "docker.io/library/app:2"),
        ("app", "docker.io/library/app:latest"),
        ("team/app:2", "docker.io/team/app:2"),
        ("docker.io/app:2", "docker.io/library/app:2"),
        ("registry.example/app", "registry.example/app:latest"),
        ("docker.io/library/app:2", None),
        ("localhost/app:2", None),
        ("kukeon.internal/app:1", None),
        (f"app@{DIGEST}", None),
        (DIGEST, None),
        ("import-2026-11-27@sha256:0", None),
        ("https://x/app:2", None),
        ("Some App", None),
        ("", None),
    ],
)
def test_the_name_under_which_an_image_is_looked_for(name: str, other: str | None) -> None:
    assert other_name(name) == other


@pytest.mark.parametrize(
    ("name", "exact", "untagged"),
    [
        ("docker.io/library/busybox:1.36", True, False),
        ("host:5000/x:1", True, False),
        (f"registry.example/x@{DIGEST}", True, True),
        (f"registry.example/x:1@{DIGEST}", False, True),
        ("registry.example/x", False, False),
        ("docker.io/busybox:1", False, False),
        ("kukeon-local:v1", False, False),
        ("index.docker.io/library/busybox:1", False, False),
        (DIGEST, False, True),
        (DIGEST.removeprefix("sha256:"), False, True),
        ("registry.example/Upper:1", False, True),
        ("", False, True),
    ],
)
def test_what_nerdctl_makes_of_a_name(name: str, exact: bool, untagged: bool) -> None:
    assert (is_exact(name), is_untagged(name)) == (exact, untagged)
