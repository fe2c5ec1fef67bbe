"""`ctr containers`."""

from kuke_ctr.backends.ctr.client import Ctr, lines_of
from kuke_ctr.backends.ctr.tables import Table
from kuke_ctr.calls import Result
from kuke_ctr.parse.container_info import ContainerInfo, parse_container_info
from kuke_ctr.parse.containers import parse_containers

LS = Table(("containers", "ls"), parse_containers)


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


def set_label(ctr: Ctr, namespace: str, name: str, key: str, value: str) -> Result:
    """`ctr containers label ID KEY=VALUE`; NotFound."""
    return ctr.change("containers", "label", name, f"{key}={value}", namespace=namespace)


def remove(ctr: Ctr, namespace: str, name: str) -> Result:
    """`ctr containers rm ID`, with its snapshot; any exit code is a result."""
    return ctr.processes.run(ctr.call("containers", "rm", name, namespace=namespace))
