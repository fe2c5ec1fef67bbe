"""Which variables of a container have a value that came from a Secret of Kukeon's.

containerd has the values in the container's spec. The record of the cell says which they are.
"""

import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.cells import find_container
from kuke_ctr.kukeon.files import documents
from kuke_ctr.kukeon.kept import TEMPLATES
from kuke_ctr.kukeon.members import of_id, of_labels
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.parse.far_files import with_texts
from kuke_ctr.parse.json_text import read_json
from kuke_ctr.processes.environments import Hides, is_script, mask_environment, masked, variables
from kuke_ctr.processes.recordings import call_key
from kuke_ctr.records import RealmSource

_KNOWN = frozenset(
    (
        *("PATH", "KUKEON_CELL_NAME", "KUKEON_CONTAINER_ID", "KUKEON_REALM"),
        *("KUKEON_SPACE", "KUKEON_STACK", "KUKEON_CGROUP_PATH"),
    )
)
"""What every container of Kukeon's has, and is no secret."""


class Hidden(NamedTuple):
    """The variables of a container whose values are not shown.

    `recorded`: a record says that they came from Secrets. Without a record that can be read this
    may be any but those that every container of Kukeon's has.
    """

    names: frozenset[str] = frozenset()
    recorded: bool = True

    def hides(self, name: str) -> bool:
        """Whether the value of this variable is not shown."""
        return name in self.names


def hidden_in(run_path: Path, realm: Resolution, container: str, text: str) -> Hidden:
    """What to hide in the JSON of `ctr containers info [--spec] ID`; nothing in other text.

    A container that is not Kukeon's has nothing to hide.
    """
    try:
        document = read_json(text)
    except ValueError:
        return Hidden()
    names = variables(document)
    if not _is_kukeons(container, document, names):
        return Hidden()
    try:
        found = find_container(run_path, realm, container)
    except KukeCtrError:
        found = None
    if found is None or found.secrets is None:
        return Hidden(frozenset(names) - _KNOWN, recorded=False)
    return Hidden(found.secrets.intersection(names))


def masks(
    run_path: Callable[[], Path], *, keep_env: bool
) -> Callable[[Sequence[str], str], str | None]:
    """What a recorder does with environments: masks them, or with `keep_env` secrets alone.

    And with the passwords in files of another host.
    """

    def mask(argv: Sequence[str], text: str) -> str | None:
        if is_script(argv):
            return with_texts(text, partial(_without_secrets, keep_env=keep_env))
        return mask_secrets(run_path(), argv, text) if keep_env else mask_environment(text)

    return mask


def _without_secrets(name: str, text: str, *, keep_env: bool) -> str:
    """A record as JSON, with passwords and environments masked; nothing of what can't be read.

    Of a blueprint or a config only the images are left: it may give any value to a variable.
    """
    hides = _may_be_value if {*TEMPLATES} & {*name.split("/")} else _may_be_secret
    try:
        found = documents(Path("record"), text)
        known = [one if keep_env else masked(one) for one in found if one is not None]
        return "\n---\n".join(json.dumps(_masked(one, hides), default=str) for one in known)
    except (KukeCtrError, ValueError, RecursionError):
        return ""


_SECRET = re.compile(
    r"pass|pwd|token|auth|secret|credential|dockerconfig|(api|access|private)[-_. ]?key",
    re.IGNORECASE,
)


def _may_be_secret(key: str) -> bool:
    return _SECRET.search(key) is not None


def _may_be_value(key: str) -> bool:
    return key != "image"


def _masked(value: object, hides: Hides, key: str = "") -> object:
    """The value with `***` for each text and number whose key hides it, or the `name` beside it."""
    if isinstance(value, list):
        return [_masked(item, hides, key) for item in value]
    if isinstance(value, dict):
        named = {"value": value["name"]} if isinstance(value.get("name"), str) else {}
        return {
            str(each): _masked(item, hides, named.get(each, str(each)))
            for each, item in value.items()
        }
    return value if value is None or isinstance(value, bool) or not hides(key) else "***"


def mask_secrets(run_path: Path, argv: Sequence[str], text: str) -> str | None:
    """What the call `containers info` printed, with the values that came from Secrets masked.

    None for text that is not JSON.
    """
    key = call_key(argv)
    namespace = key[key.index("-n") + 1] if "-n" in key[:-1] else ""
    realm = Resolution(namespace, namespace, RealmSource.FLAG)
    found = hidden_in(run_path, realm, argv[-1], text)
    return mask_environment(text, found.hides)


def _is_kukeons(container: str, document: object, names: Sequence[str]) -> bool:
    labels = document.get("Labels") if isinstance(document, dict) else None
    found = labels if isinstance(labels, dict) else {}
    return (
        of_labels(container, {key: str(value) for key, value in found.items()}) is not None
        or of_id(container) is not None
        or "KUKEON_CONTAINER_ID" in names
    )
