"""What the words of a nerdctl command would do."""

import shlex

import pytest

from kuke_ctr.backends.nerdctl.command_line import Typed, read


def typed(line: str) -> Typed:
    return read(shlex.split(line))


@pytest.mark.parametrize(
    ("line", "verb", "rest"),
    [
        ("stop web", "stop", ["web"]),
        ("--debug --snapshotter native stop web", "stop", ["web"]),
        ("-nkukeon-main --data-root=/x container stop -t 1 web", "stop", ["-t", "1", "web"]),
        ("container --snapshotter native stop web", "stop", ["web"]),
        ("container rm -f web", "rm", ["-f", "web"]),
        ("container prune -f", "container prune", ["-f"]),
        ("image rm app", "rmi", ["app"]),
        ("image remove app", "rmi", ["app"]),
        ("image ls", "image ls", []),
        ("ns ls", "namespace ls", []),
        ("ns rm team", "namespace rm", ["team"]),
        ("namespace remove -c team", "namespace rm", ["-c", "team"]),
        ("--n kukeon-main --a /c.sock --H=/c.sock stop web", "stop", ["web"]),
        ("system prune -a", "system prune", ["-a"]),
        ("compose up -d", "compose", ["up", "-d"]),
        ("container", "", []),
        ("", "", []),
    ],
)
def test_the_verb_is_found(line: str, verb: str, rest: list[str]) -> None:
    found = typed(line)
    assert (found.verb, list(found.rest)) == (verb, rest)


@pytest.mark.parametrize(
    ("line", "others"),
    [
        ("-n kukeon-main -a /c.sock ps", []),
        ("--namespace=kukeon-main --host unix:///c.sock ps", []),
        ("-n other ps", ["-n"]),
        ("-nother ps", ["-n"]),
        ("-H /d.sock ps", ["-H"]),
        ("-n=kukeon-main -a=/c.sock ps", []),
        ("-a/x=y ps", ["-a"]),
        ("--n=kukeon-main --a /c.sock --H unix:///c.sock ps", []),
        ("--a=/d.sock --n=other stop web", ["--a", "--n"]),
        ("--n other rmi x", ["--n"]),
        ("--H /d.sock rmi x", ["--H"]),
        ("ps --namespace other", ["--namespace"]),
        ("ps --namespace", ["--namespace"]),
        ("container --namespace=other ls", ["--namespace"]),
        ("ps --address=tcp://x --host y", ["--address", "--host"]),
        ("logs -n 5 web", []),
        ("ps -n 3 -a", []),
        ("run -- app tool --namespace other", []),
        ("run app tool --namespace other", ["--namespace"]),
        ("stop -s -- --namespace other web", ["--namespace"]),
        ("update --cpuset-cpus -- --host=y web", ["--host"]),
        ("exec -e -- --namespace other web hostname", ["--namespace"]),
        ("exec -e -- -- --namespace other web", ["--namespace"]),
        ("run -it --rm -- app tool --namespace other", []),
        ("exec --env=a -- web tool --address x", []),
    ],
)
def test_another_namespace_or_containerd_is_noticed(line: str, others: list[str]) -> None:
    assert typed(line).others("kukeon-main", "/c.sock") == others


@pytest.mark.parametrize(
    ("line", "flag"),
    [
        ("login -u me -p x registry.example", "-p"),
        ("login -u me -px registry.example", "-p"),
        ("login --password=x", "--password"),
        ("login --password x", "--password"),
        ("login --password-stdin -u me", None),
        ("run -p 80:80 app", None),
    ],
)
def test_a_password_in_the_words_is_noticed(line: str, flag: str | None) -> None:
    assert typed(line).password_flag() == flag


def test_what_changes_containers_and_images() -> None:
    for verb in ("stop", "start", "rm", "kill", "update", "container pause", "attach", "commit"):
        assert typed(f"{verb} web").changes_containers
    for verb in ("ps", "exec", "logs", "inspect", "top", "container ls", "cp", "compose stop"):
        assert not typed(f"{verb} web").changes_containers
    for line in ("container prune", "system prune -f", "--debug system prune"):
        assert typed(line).prunes_containers
    assert not typed("image prune -a").prunes_containers
    every = ("image prune -a", "image prune -fa", "system prune --all", "image prune --all=true")
    for line in every:
        assert typed(line).prunes_images
        assert typed(line).prunes_all_images
    for line in ("image prune -f", "system prune", "image prune --force"):
        assert typed(line).prunes_images
        assert not typed(line).prunes_all_images
    assert not typed("image ls -a").prunes_images
    assert typed("image rm x").removes_images
    for line in ("namespace remove x", "ns rm x", "--debug namespace rm -c x", "ns update x"):
        assert typed(line).changes_namespaces
    assert not typed("namespace ls").changes_namespaces


@pytest.mark.parametrize(
    ("line", "flag"),
    [
        ("--unheard-of stop web", "--unheard-of"),
        ("-x stop web", "-x"),
        ("-- stop web", "--"),
        ("--help=false stop web", "--help"),
        ("-v rm -f web", "-v"),
        ("container -h run web", "-h"),
        ("container --unheard-of=1 stop web", "--unheard-of"),
        ("--debug-full --kube-hide-dupe=false --cni-path /x stop --unheard-of web", None),
    ],
)
def test_a_flag_before_the_verb_that_is_not_known(line: str, flag: str | None) -> None:
    assert typed(line).unknown_flag() == flag


@pytest.mark.parametrize(
    "line",
    [
        *("login", "logout x", "--help", "-v", "build --help", "stop -h", "", "help", "image"),
        *("image --help", "namespace -h", "run --help", "image ls -h"),
    ],
)
def test_what_needs_no_containerd(line: str) -> None:
    assert not typed(line).needs_containerd


@pytest.mark.parametrize("line", ["build .", "run -h web app", "container create -h web app"])
def test_what_needs_containerd(line: str) -> None:
    """The -h of run and create is --hostname."""
    assert typed(line).needs_containerd


def test_what_can_be_a_name() -> None:
    assert typed("stop -t 10 web db").names == ("10", "web", "db")
    assert typed("stop -- -x web").names == ("-x", "web")
