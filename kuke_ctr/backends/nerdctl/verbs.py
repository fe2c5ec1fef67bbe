"""What is known of nerdctl's verbs: which only read, which give an image a name."""

import re
from collections.abc import Iterator

from kuke_ctr.backends.nerdctl.command_line import SWITCHES, WITH_VALUE, Typed

_OF_IMAGES = (
    *("build", "convert", "decrypt", "encrypt", "history", "import", "inspect", "load", "ls"),
    *("list", "prune", "pull", "push", "save", "tag"),
)
_HARMLESS = frozenset(
    (
        *("apparmor", "build", "builder", "completion", "cp", "create", "diff", "events", "exec"),
        *("export", "help", "history", "images", "import", "info", "inspect", "ipfs", "list"),
        *("load", "login", "logout", "logs", "ls", "manifest", "network", "port", "ps", "pull"),
        *("push", "run", "save", "search", "stats", "tag", "top", "version", "volume", "wait"),
        *(f"image {verb}" for verb in _OF_IMAGES),
        *(f"namespace {verb}" for verb in ("create", "inspect", "list", "ls")),
        *("system events", "system info"),
    )
)
"""The verbs that change none of the containers that are there, and remove no image by its name."""

_GUARDED = frozenset(
    (
        *("compose", "rmi", "container prune", "system prune"),
        *("namespace rm", "namespace update"),
    )
)
_NAMING = frozenset(
    (
        *("tag", "commit", "import"),
        *(f"image {verb}" for verb in ("convert", "decrypt", "encrypt", "import", "tag")),
    )
)
_BUILDS = ("build", "image build", "builder")
_COMPOSE_READS = frozenset(
    (
        *("build", "config", "cp", "exec", "images", "logs", "port", "ps", "pull", "push", "top"),
        "version",
    )
)
_COMPOSE_WITH_VALUE = (
    *("--env-file", "-f", "--f", "--file", "--ipfs-address", "--profile", "--project-directory"),
    *("-p", "--project-name", *WITH_VALUE),
)
_PLAIN = re.compile(r"[A-Za-z0-9._:/@+-]+")
_TAG_FLAG = re.compile(r"(?:--tag=|-[A-Za-su-z]*t=?)(?P<name>.+)", re.DOTALL)


def is_known(typed: Typed) -> bool:
    """Whether anybody can say what its verb does: nerdctl 1.7 to 2.1 has it."""
    return typed.changes_containers or typed.verb in _HARMLESS | _GUARDED


def names_something(typed: Typed) -> bool:
    """Whether its words decide what is changed, removed or overwritten."""
    return typed.changes_containers or typed.removes_images or typed.verb in _NAMING


def odd_word(typed: Typed) -> str | None:
    """A word that can't be a name, or None: nerdctl puts words into containerd's filters unquoted.

    `web,id~=app` would be two filters, and `"web"` is web.
    """
    return next((word for word in typed.names if not _PLAIN.fullmatch(word)), None)


def new_names(typed: Typed) -> list[str]:
    """The words that may be the name which an image gets, whatever had it before.

    Not those in an archive that `load` reads, nor those in the file of compose.
    """
    if typed.verb in _BUILDS:
        return list(_tags(typed))
    if typed.verb not in _NAMING:
        return []
    names = list(typed.names)
    return names if typed.verb.endswith("import") else names[1:]  # the first is the source


def compose_changes(typed: Typed) -> bool:
    """Whether it is a compose that starts, stops or removes containers."""
    if typed.verb != "compose":
        return False
    words = list(typed.rest)
    while words and words[0].startswith("-"):
        name, equals, _ = words.pop(0).partition("=")
        if name in _COMPOSE_WITH_VALUE:
            del words[: 0 if equals else 1]
        elif name not in SWITCHES and name[:2] not in ("-f", "-p"):
            return True  # nobody knows where its verb is
    return bool(words) and words[0] not in _COMPOSE_READS


def _tags(typed: Typed) -> Iterator[str]:
    """The values of --tag and -t: `-t NAME`, `-tNAME`, `-qt NAME`."""
    for word, following in zip(typed.rest, (*typed.rest[1:], ""), strict=True):
        found = None if word.startswith("--") and "=" not in word else _TAG_FLAG.fullmatch(word)
        if found is not None:
            yield found["name"]
        elif word == "--tag" or re.fullmatch("-[A-Za-z]*t", word):
            yield following
