"""`ctr NOUN ls -q`: the names alone, from which nothing has to be parsed."""

from kuke_ctr.backends.ctr.client import Ctr, lines_of
from kuke_ctr.backends.ctr.scope import Scope


def names(scope: Scope, noun: str, *filters: str) -> list[str]:
    """The names that a namespace has of a noun (`ctr images ls -q [FILTER...]`).

    It is a probe: it runs in a dry run too. `noun` is one of ctr's whose `ls` has `-q`. What one of
    several filters lets through counts.
    """
    said = scope.run(noun, "ls", "-q", *filters, probe=True)
    return [line for line in lines_of(said.stdout) if line]


def namespaces(ctr: Ctr) -> frozenset[str]:
    """Every namespace there is (`ctr namespaces ls -q`): a probe, it runs in a dry run too."""
    said = ctr.run("namespaces", "ls", "-q", probe=True)
    return frozenset(line.strip() for line in lines_of(said.stdout) if line.strip())
