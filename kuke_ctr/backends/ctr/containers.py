"""`ctr containers`."""

from collections.abc import Sequence

from kuke_ctr.backends.ctr import filters, quiet
from kuke_ctr.backends.ctr.container_flags import before_dashes
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.tables import ListCall
from kuke_ctr.parse.container_info import ContainerInfo, parse_container_info
from kuke_ctr.parse.containers import parse_containers
from kuke_ctr.processes.calls import Result

LS = ListCall(("containers", "ls"), parse_containers, filter_by=filters.CONTAINERS)

CNI = "ctr.cni-containerd.metadata"
"""The extension of a container that `ctr run --cni` made."""


def names(scope: Scope, *filters: str) -> list[str]:
    """The ids of a namespace (`ctr containers ls -q [FILTER...]`); a probe."""
    return quiet.names(scope, "containers", *filters)


def facts(scope: Scope, name: str) -> ContainerInfo:
    """What is in `ctr containers info ID`; a probe, it runs in a dry run too. NotFound."""
    said = scope.run("containers", "info", name, probe=True)
    return parse_container_info(said.stdout.decode(errors="surrogateescape"))


def info(scope: Scope, name: str, *, spec: bool = False) -> Result:
    """`ctr containers info ID`: a JSON document, of the OCI spec alone with `spec`; NotFound."""
    flags = ("--spec",) if spec else ()
    return scope.run("containers", "info", *flags, name)


def create(scope: Scope, flags: Sequence[str], words: Sequence[str]) -> Result:
    """`ctr containers create [FLAG]... -- WORD...`.

    Without `--`, ctr to 1.6 takes the flags of the container's own command for its own.
    """
    return scope.change("containers", "create", *before_dashes(flags), "--", *words)


def label(scope: Scope, name: str, labels: Sequence[str], flags: Sequence[str] = ()) -> Result:
    """`ctr containers label ID KEY=VALUE...`; `KEY=` removes one. NotFound."""
    return scope.change("containers", "label", *flags, name, *labels)


def remove(scope: Scope, name: str, flags: Sequence[str] = ()) -> Result:
    """`ctr containers rm [FLAG]... ID`; NotFound."""
    return scope.change("containers", "rm", *flags, name)


def discard(scope: Scope, name: str) -> Result:
    """`ctr containers rm ID`, with its snapshot; any exit code is a result."""
    return scope.ctr.processes.run(scope.call("containers", "rm", name))
