"""Changes of namespaces on real containerds."""

from pathlib import Path

from scripts.lib.containerd import unique
from scripts.lib.kukeon import write_record
from tests.support.changes_host import FOREVER, Host


def test_namespaces_are_made_labelled_and_removed_when_empty(
    changes_host: Host, tmp_path: Path
) -> None:
    namespace = unique("made")
    write_record(tmp_path / "run", "shop", namespace)
    assert changes_host.kuke("namespaces create", namespace, "a=b") == f"{namespace}\n"
    changes_host.kuke("namespaces create", namespace, fails=1, says="already")
    changes_host.kuke("namespaces label", namespace, "a=", "c=d")
    (row,) = [
        row
        for row in changes_host.daemon.ctr("namespaces", "ls").stdout.splitlines()
        if namespace in row
    ]
    assert row.split() == [namespace, "c=d"]
    changes_host.kuke(
        "namespaces label", f"{namespace}x", "a=b", fails=3, says=f"similar: {namespace}"
    )
    changes_host.kuke(
        "namespaces rm", namespace, fails=2, says="realm shop uses it, according to its record"
    )
    groups = [Path("/sys/fs/cgroup") / kind / namespace for kind in ("cpu", "memory")]
    groups = groups if groups[0].parent.is_dir() else [Path("/sys/fs/cgroup") / namespace]
    for group in groups:
        group.mkdir()
    planned = changes_host.kuke("namespaces rm --cgroup --dry-run", namespace, says="plugins ls")
    assert planned.endswith(f"namespaces rm --cgroup {namespace}\n")
    assert changes_host.kuke("namespaces rm --cgroup --yes --kukeon", namespace) == f"{namespace}\n"
    assert namespace not in changes_host.daemon.ctr("namespaces", "ls", "-q").stdout.split()
    assert not any(group.exists() for group in groups)
    names = changes_host.daemon.ctr("namespaces", "ls", "-q").stdout
    assert f"{namespace}x" not in names


def test_a_namespace_that_is_not_empty_says_what_is_in_it(changes_host: Host) -> None:
    changes_host.start(*FOREVER)
    changes_host.kuke(
        *("namespaces rm --yes", changes_host.namespace),
        fails=1,
        says="it has 1 image, 1 container, 1 task, 2 snapshots, ",
    )
    assert (
        changes_host.namespace in changes_host.daemon.ctr("namespaces", "ls", "-q").stdout.split()
    )
    changes_host.kuke(
        "namespaces rm --yes", f"x{changes_host.namespace}", fails=3, says=changes_host.namespace
    )
