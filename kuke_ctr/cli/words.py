"""The words after `kuke-ctr`: nouns, verbs, their other names, and the modules that have them.

These tables are all that a start-up knows of the commands that were not typed.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kuke_ctr.names import ALIASES


class Entry(NamedTuple):
    """A word after `kuke-ctr`: its one-line help, its modules under `commands/`, its other names.

    Each module stands with the verbs that it has: only the one that is asked for is imported. One
    with no verbs is the command itself; `same` is the command's name there, where that is another.
    The short help page leaves `rare` words out, and those that stand under a noun as well.
    """

    help: str
    modules: Mapping[str, tuple[str, ...]]
    aliases: tuple[str, ...] = ()
    same: str = ""
    rare: bool = False

    @property
    def verbs(self) -> tuple[str, ...]:
        """The words that may follow; none for a command without a noun."""
        return tuple(verb for verbs in self.modules.values() for verb in verbs)

    @property
    def of_noun(self) -> str:
        """The noun that has this very command as a verb: `tasks` of `kill`; empty for others."""
        (room, *_) = (module.partition(".")[0] for module in self.modules)
        return room if room in ENTRIES and not self.verbs else ""


ENTRIES = {
    "images": Entry(
        "Images of a realm.",
        {
            "images.ls": ("ls",),
            "images.check": ("check", "usage"),
            "images.inspect": ("inspect",),
            "images.find": ("find",),
            "images.copy": ("copy",),
            "images.registry": ("pull", "push"),
            "images.archives": ("import", "export"),
            "images.tag": ("tag", "label", "convert"),
            "images.rm": ("rm", "prune"),
            "images.mount": ("mount", "unmount"),
        },
        ALIASES["images"],
    ),
    "containers": Entry(
        "Containers of a realm.",
        {
            "containers.ls": ("ls", "info"),
            "containers.create": ("create",),
            "containers.rm": ("label", "rm"),
        },
        ALIASES["containers"],
    ),
    "tasks": Entry(
        "Tasks of a realm: the running processes of containers.",
        {
            "tasks.ls": ("ls", "ps", "metrics"),
            "tasks.start": ("start",),
            "everyday.attach": ("attach",),
            "everyday.exec": ("exec",),
            "tasks.kill": ("kill", "pause", "resume"),
            "tasks.rm": ("rm", "checkpoint"),
        },
        ALIASES["tasks"],
    ),
    "ps": Entry("List running containers, with cell, image, pid and age.", {"everyday.ps": ()}),
    "inspect": Entry("Show all that is known of containers or images.", {"everyday.inspect": ()}),
    "run": Entry("Create a container and start it.", {"everyday.run": ()}),
    "exec": Entry("Run a command in a running container.", {"everyday.exec": ()}),
    "attach": Entry(
        "Use a running container's terminal; leaving does not stop it.",
        {"everyday.attach": ()},
    ),
    "logs": Entry("Show what a container has printed.", {"everyday.logs": ()}),
    "cp": Entry("Copy files between a container and this host.", {"everyday.cp": ()}),
    "stop": Entry("Stop containers: a signal, a wait, SIGKILL.", {"everyday.stop": ()}),
    "start": Entry("Start stopped containers again.", {"everyday.start": ()}),
    "restart": Entry("Stop containers and start them again.", {"everyday.restart": ()}),
    "wait": Entry("Wait until containers stop, and print their exit codes.", {"everyday.wait": ()}),
    "kill": Entry("Send a signal to containers.", {"tasks.kill": ()}),
    "pause": Entry("Freeze all processes of containers.", {"tasks.kill": ()}),
    "resume": Entry("Resume paused containers.", {"tasks.kill": ()}, ("unpause",)),
    "rm": Entry("Remove containers with their files.", {"containers.rm": ()}),
    "rmi": Entry("Remove images.", {"images.rm": ()}, same="rm"),
    "stats": Entry(
        "Show what containers use while they run: CPU, memory, I/O.",
        {"everyday.stats": ()},
    ),
    "top": Entry("Show the processes of a container, and what they use.", {"everyday.top": ()}),
    "snapshots": Entry(
        "Snapshots: the file systems of containers and images.",
        {
            "storage.snapshots": ("ls", "usage", "tree", "info", "mounts"),
            "storage.snapshots_prepare": ("prepare", "view", "commit"),
            "storage.snapshots_rm": ("label", "mount", "rm"),
            "storage.snapshots_prune": ("prune",),
        },
        ALIASES["snapshots"],
    ),
    "content": Entry(
        "List, fetch and remove content (the blobs of images).",
        {
            "storage.content": ("ls", "active", "get"),
            "storage.content_fetch": ("fetch", "ingest"),
            "storage.content_rm": ("label", "rm", "prune"),
        },
    ),
    "leases": Entry(
        "Leases, which protect content and snapshots from removal.",
        {"storage.leases": ("ls",), "storage.leases_create": ("create", "rm")},
        ALIASES["leases"],
        rare=True,
    ),
    "sandboxes": Entry(
        "Sandboxes of a realm.", {"containers.sandboxes": ("ls",)}, ALIASES["sandboxes"], rare=True
    ),
    "events": Entry(
        "Show events as they happen (a container starts, exits, ...).",
        {"everyday.events": ()},
        ALIASES["events"],
    ),
    "namespaces": Entry(
        "containerd's namespaces.",
        {"host.namespaces": ("ls", "create", "label", "rm")},
        ALIASES["namespaces"],
    ),
    "realms": Entry(
        "List realms; show the namespace of a realm, and what it has.",
        {"kukeon.realms": ("ls", "resolve"), "kukeon.realms_show": ("show",)},
        ALIASES["realms"],
    ),
    "cells": Entry(
        "List Kukeon's cells: as recorded, and what runs now.",
        {"kukeon.cells": ("ls", "show")},
        ALIASES["cells"],
    ),
    "tree": Entry("Show realms, stacks, cells and containers as a tree.", {"kukeon.tree": ()}),
    "doctor": Entry(
        "Look for what is wrong on this host, and say what mends it.", {"host.doctor": ()}
    ),
    "df": Entry("Show the disk that each realm takes.", {"host.df": ()}),
    "prune": Entry("Remove what a realm does not need any more.", {"storage.prune": ()}),
    "plugins": Entry(
        "containerd's plugins.", {"host.plugins": ("ls",)}, ALIASES["plugins"], rare=True
    ),
    "deprecations": Entry(
        "List deprecated features that are in use on this host.",
        {"host.deprecations": ("ls",)},
        ALIASES["deprecations"],
        rare=True,
    ),
    "version": Entry("Show the versions of kuke-ctr, ctr and containerd.", {"host.version": ()}),
    "info": Entry("Show information about containerd.", {"host.info": ()}),
    "ctr": Entry("Run any ctr command in the realm's namespace.", {"host.ctr": ()}),
    "nerdctl": Entry(
        "Run any nerdctl command in the realm's namespace.", {"host.nerdctl": ()}, rare=True
    ),
    "parse": Entry(
        "Read a table that ctr printed, for example on another host.", {"host.parse": ()}, rare=True
    ),
    "schema": Entry("Print the JSON Schema of the records.", {"host.schema": ()}, rare=True),
    "help": Entry(
        "Explain a topic, or show the help of a command.",
        {"host.help": ()},
    ),
    "config": Entry(
        "Show kuke-ctr's settings, and where each comes from.", {"host.config": ("show",)}
    ),
    "completion": Entry(
        "Let your shell complete commands, options and names (TAB).",
        {"host.completion": ("bash", "zsh", "fish", "install")},
    ),
}
NAMES = {name: full for full, entry in ENTRIES.items() for name in (full, *entry.aliases)}

VERB_ALIASES = {"list": "ls", "remove": "rm", "delete": "rm", "del": "rm"}


def is_noun(word: str) -> bool:
    """Whether a verb follows this word."""
    return word in NAMES and bool(ENTRIES[NAMES[word]].verbs)


def path_of(line: Sequence[str]) -> str:
    """What of a command line is the command: `kuke-ctr images ls`."""
    known = 2 if line and is_noun(line[0]) else 1 if line and line[0] in NAMES else 0
    return " ".join(["kuke-ctr", *(word for word in line[:known] if not word.startswith("-"))])
