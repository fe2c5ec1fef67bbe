"""`ctr containers`."""

from collections.abc import Sequence

from kuke_ctr.backends.ctr.client import Ctr, lines_of
from kuke_ctr.backends.ctr.tables import ListCall
from kuke_ctr.parse.container_info import ContainerInfo, parse_container_info
from kuke_ctr.parse.containers import parse_containers
from kuke_ctr.processes.calls import Result

LS = ListCall(("containers", "ls"), parse_containers, filter_by="id")

CNI = "ctr.cni-containerd.metadata"
"""The extension of a container that `ctr run --cni` made."""


def names(ctr: Ctr, namespace: str) -> list[str]:
    """The ids of a namespace (`ctr containers ls -q`); a probe, it runs in a dry run too."""
    said = ctr.run("containers", "ls", "-q", namespace=namespace, probe=True)
    return [line for line in lines_of(said.stdout) if line]


def facts(ctr: Ctr, namespace: str, name: str) -> ContainerInfo:
    """What is in `ctr containers info ID`; a probe, it runs in a dry run too. NotFound."""
    said = ctr.run("containers", "info", name, namespace=namespace, probe=True)
    return parse_container_info(said.stdout.decode(errors="surrogateescape"))


def info(ctr: Ctr, namespace: str, name: str, *, spec: bool = False) -> Result:
    """`ctr containers info ID`: a JSON document, of the OCI spec alone with `spec`; NotFound."""
    flags = ("--spec",) if spec else ()
    return ctr.run("containers", "info", *flags, name, namespace=namespace)


def has_extension(ctr: Ctr, namespace: str, name: str, extension: str) -> bool:
    """Whether `ctr containers info ID` shows this extension; a probe. NotFound."""
    import json

    said = ctr.run("containers", "info", name, namespace=namespace, probe=True)
    try:
        return extension in (json.loads(said.stdout).get("Extensions") or {})
    except (ValueError, AttributeError):  # not for us to judge here
        return False


def create(ctr: Ctr, namespace: str, flags: Sequence[str], words: Sequence[str]) -> Result:
    """`ctr containers create [FLAG]... -- WORD...`.

    Without `--`, ctr to 1.6 takes the flags of the container's own command for its own.
    """
    return ctr.change("containers", "create", *flags, "--", *words, namespace=namespace)


def label(
    ctr: Ctr, namespace: str, name: str, labels: Sequence[str], flags: Sequence[str] = ()
) -> Result:
    """`ctr containers label ID KEY=VALUE...`; `KEY=` removes one. NotFound."""
    return ctr.change("containers", "label", *flags, name, *labels, namespace=namespace)


def remove(ctr: Ctr, namespace: str, name: str, flags: Sequence[str] = ()) -> Result:
    """`ctr containers rm [FLAG]... ID`; NotFound."""
    return ctr.change("containers", "rm", *flags, name, namespace=namespace)


def discard(ctr: Ctr, namespace: str, name: str) -> Result:
    """`ctr containers rm ID`, with its snapshot; any exit code is a result."""
    return ctr.processes.run(ctr.call("containers", "rm", name, namespace=namespace))
