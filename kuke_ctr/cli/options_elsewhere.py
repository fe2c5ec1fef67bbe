"""Options of docker, kubectl and ctr that kuke-ctr has not, and what does that here."""

from typing import NamedTuple


class Elsewhere(NamedTuple):
    """Names of an option, what does that here, and where: nouns, verbs, commands; none: all."""

    names: str
    hint: str
    where: tuple[str, ...] = ()


_FILTER = "--filter -f"
_LISTS = ("ls", "check", "ps", "metrics")
_RUN = ("run", "containers create")

_OPTIONS = (
    Elsewhere("-v -V", "--version shows the version, -x each ctr command", ("",)),
    Elsewhere("--no-trunc --wide", "-o wide shows every column in full"),
    Elsewhere("--digests", "-o wide shows whole digests", ("images",)),
    Elsewhere(
        "--format -f",
        "-o yaml and -o jsonl are the other forms; `jq` takes a part of the JSON: "
        "`kuke-ctr inspect web | jq '.[0].task.pid'`",
        ("inspect",),
    ),
    Elsewhere(
        "--format -f --json --yaml --template --go-template",
        "-o json, yaml, csv or name chooses the format, --columns the columns",
        ("info", "version", "inspect", "resolve"),
    ),
    Elsewhere(
        "--format --json --yaml --template",
        "-o json, jsonl, yaml, csv or name chooses the format, --columns the columns",
    ),
    Elsewhere("--sort --order-by", "--sort-by COLUMN sorts, --sort-by -COLUMN downwards"),
    Elsewhere("--no-header --noheader --noheadings", "--no-headers leaves the header out"),
    Elsewhere(
        "--selector -l --label",
        "a filter is an argument: `kuke-ctr images ls 'labels.\"team\"==a'`",
        ("images ls",),
    ),
    Elsewhere(
        "--selector -l --label",
        "a filter is an argument: `kuke-ctr containers ls 'labels.\"team\"==a'`",
        ("containers ls",),
    ),
    Elsewhere(
        _FILTER, "a filter is an argument: `kuke-ctr images ls 'name~=busybox'`", ("images ls",)
    ),
    Elsewhere(
        _FILTER,
        "a filter is an argument: `kuke-ctr containers ls 'image~=busybox'`",
        ("containers ls",),
    ),
    Elsewhere(
        _FILTER, "a filter is an argument: `kuke-ctr content ls 'labels.team==a'`", ("content ls",)
    ),
    Elsewhere(_FILTER, "a filter is an argument: `kuke-ctr leases ls id==NAME`", ("leases ls",)),
    Elsewhere(_FILTER, "a filter is an argument: `kuke-ctr events 'topic~=/tasks/'`", ("events",)),
    Elsewhere(
        _FILTER,
        "a filter is an argument: `kuke-ctr plugins ls 'type~=snapshotter'`",
        ("plugins ls",),
    ),
    Elsewhere(_FILTER, "`-o jsonl` or `-o name` and `grep` find a row", ("tasks ps",)),
    Elsewhere(
        _FILTER,
        "--cell, --space and --stack choose containers; `kuke-ctr containers ls 'image~=busybox'` "
        "takes other filters",
        ("ps",),
    ),
    Elsewhere(_FILTER, "ctr filters nothing here; `-o jsonl` or `-o name` and `grep` do", ("ls",)),
    Elsewhere("-a --all --show-all --last --latest", "leave it out: lists show everything", _LISTS),
    Elsewhere("--all-namespaces", "-A lists all realms"),
    Elsewhere(
        "--size -s",
        "--columns chooses the columns, `kuke-ctr snapshots usage` shows sizes",
        ("containers ls",),
    ),
    Elsewhere("-v --volumes", "leave it out: there are no volumes to remove", ("containers rm",)),
    Elsewhere(
        "-f --force", "--yes does not ask for confirmation", ("rm", "prune", "kill", "commit")
    ),
    Elsewhere("--all", "--images removes unused images, too", ("prune",)),
    Elsewhere("--volumes", "leave it out: there are no volumes to remove", ("prune",)),
    Elsewhere("-a", "--all means all", ("rm", "prune")),
    Elsewhere(
        "-t --time --timeout",
        "it does not wait; `kuke-ctr stop -t SECONDS CONTAINER` does, and then kills",
        ("kill",),
    ),
    Elsewhere(
        "--since --until --timestamps -t --details",
        "the log has no times; --tail LINES shows its end, -f follows it",
        ("logs",),
    ),
    Elsewhere(
        "--privileged", "`kuke-ctr run --privileged` sets it when a container is made", ("exec",)
    ),
    Elsewhere(
        "-p --publish -P --publish-all --expose --network --net --link --dns --ip",
        "ctr makes no networks: --net-host uses the host's, without it there is a loopback only",
        _RUN,
    ),
    Elsewhere(
        "--restart", "ctr restarts nothing; a systemd unit with `kuke-ctr run --rm` can", _RUN
    ),
    Elsewhere("--memory -m", "--memory-limit 256m limits the memory", _RUN),
    Elsewhere("--pull", "`kuke-ctr images pull IMAGE` fetches an image; run does not", _RUN),
    Elsewhere("--tag -t", "`kuke-ctr images tag IMAGE NAME` gives an image a name", ("images",)),
    Elsewhere(
        "-i --input", "the archive is an argument: `kuke-ctr images import FILE`", ("import",)
    ),
    Elsewhere(
        "--output", "the archive is an argument: `kuke-ctr images export FILE IMAGE`", ("export",)
    ),
    Elsewhere(
        "--all-tags --quiet-pull --disable-content-trust",
        "leave it out: one image is fetched, by its whole name",
        ("pull", "push"),
    ),
    Elsewhere(
        "--user --login", "`--user NAME` belongs to `images pull` and `images push`", ("fetch",)
    ),
    Elsewhere(
        "-v --verbose -d -D --debug", "-x shows each ctr command, -xx its time and exit code"
    ),
    Elsewhere(
        "-H --host --socket --runtime-endpoint --containerd-address",
        "--address /run/containerd/containerd.sock names containerd's socket",
    ),
    Elsewhere("--connect-timeout --request-timeout", "--timeout 5m limits a call"),
    Elsewhere(
        "--show-completion --install-completion",
        "`kuke-ctr completion install` sets it up, `kuke-ctr completion bash` prints the script",
        ("",),
    ),
    Elsewhere("-h", "--help shows the usage"),
)


def hint_for(name: str, command: str) -> str | None:
    """What does that here, for an option of a command (`images ls`); None for an unknown one."""
    places = {command, *command.split()}  # none: the root has the place ""
    for one in _OPTIONS:
        if name in one.names.split() and (not one.where or not places.isdisjoint(one.where)):
            return one.hint
    return None
