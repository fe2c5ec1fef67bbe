"""Where else on this host a thing is: one short look into all namespaces, after a failure."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from kuke_ctr.backends.ctr.client import lines_of
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.host import Host
from kuke_ctr.kukeon.places import Place, places

LOOK = 2.0
"""Seconds for all of it: somebody waits for an error."""

_SHOWN = 3


def elsewhere(host: Host, namespace: str, *words: str) -> Mapping[Place, list[str]]:
    """What a list prints in the other namespaces (`images ls -q FILTER`), where it prints anything.

    Probes, side by side. Empty where that can't be known: the failure that led here says more.
    """
    ctr = replace(host.ctr, timeout=min(host.ctr.timeout or LOOK, LOOK), notice=lambda text: None)
    found: dict[Place, list[str]] = {}
    with suppress(KukeCtrError):
        others = [place for place in places(host)[0] if place.namespace != namespace]
        calls = [ctr.call(*words, namespace=place.namespace, probe=True) for place in others]
        for place, result in zip(others, ctr.answers(calls), strict=True):
            names = [line for line in lines_of(result.stdout) if line] if result else []
            if result and result.exit_code == 0 and names:
                found[place] = names
    return found


def told(found: Sequence[Place]) -> str:
    """`realm team (namespace kukeon-team) and namespace default`."""
    shown = [str(place) for place in found[:_SHOWN]]
    if len(found) > _SHOWN:
        shown.append(f"{len(found) - _SHOWN} more")
    *most, last = shown
    return f"{', '.join(most)} and {last}" if most else last


def has(found: Sequence[Place]) -> str:
    """`realm team (...) has`, `realm team (...) and namespace default have`."""
    return f"{told(found)} {'has' if len(found) == 1 else 'have'}"
