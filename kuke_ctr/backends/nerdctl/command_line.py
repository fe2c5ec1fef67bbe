"""The words of a nerdctl command that somebody typed: where its verb is, and what they would do."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_NAMESPACE = ("--namespace", "--n", "-n")
_ADDRESS = ("--address", "--host", "--a", "--H", "-a", "-H")
WITH_VALUE = (
    *(*_NAMESPACE, *_ADDRESS),
    *("--snapshotter", "--storage-driver", "--cni-path", "--cni-netconfpath", "--data-root"),
    *("--cgroup-manager", "--hosts-dir", "--host-gateway-ip", "--bridge-ip", "--cdi-spec-dirs"),
    *("--userns-remap", "--global-dns", "--global-dns-opts", "--global-dns-search"),
)
"""nerdctl's global flags that take a value, as the help texts of 1.7 to 2.1 have them."""

SWITCHES = ("--debug", "--debug-full", "--experimental", "--insecure-registry", "--kube-hide-dupe")
"""Its global flags that take none."""

_SHORT = ("-n", "-a", "-H")
_NOUNS = ("container", "image", "system", "namespace")
_SYNONYMS = {"remove": "rm", "ns": "namespace"}
_CHANGES = frozenset(
    (
        *("start", "stop", "restart", "kill", "rm", "pause", "unpause", "update", "rename"),
        *("commit", "attach", "checkpoint", "healthcheck"),
    )
)
"""The verbs that change a container, stop it for a moment, or send it signals."""

_HAS_H = ("run", "create")
"""The verbs whose -h is --hostname."""

_HAS_PROGRAM = (*_HAS_H, "exec", "compose")
"""The verbs with words for a program in a container; these may follow a `--`."""

_NO_VALUE = re.compile(
    r"-[diqt]+|--(?:detach|init|interactive|no-healthcheck|oom-kill-disable|privileged|quiet"
    r"|read-only|rm|rootfs|tty)"
)
"""Their flags that take no value: behind another one `--` may be the value of it."""

_NO_CONTAINERD = ("login", "logout", "completion", "help", "--help", "-h", "--version", "-v")


class Typed(NamedTuple):
    """A nerdctl command: its `verb` (`stop`, `image rm`, `compose`), and the words behind it.

    `flags` are the global flags before the verb: name and value.
    """

    flags: tuple[tuple[str, str], ...]
    verb: str
    rest: tuple[str, ...]

    @property
    def changes_containers(self) -> bool:
        """Whether it changes the containers that it names."""
        return self.verb in _CHANGES

    @property
    def prunes_containers(self) -> bool:
        """Whether it removes all containers that do not run."""
        return self.verb in ("container prune", "system prune")

    @property
    def prunes_images(self) -> bool:
        """Whether it removes images without naming them: those without a tag, in use or not."""
        return self.verb in ("image prune", "system prune")

    @property
    def prunes_all_images(self) -> bool:
        """Whether it removes every image that no container uses, also those with a tag."""
        return self.prunes_images and self._has("--all", "a")

    @property
    def removes_images(self) -> bool:
        """Whether it removes the images that it names."""
        return self.verb == "rmi"

    @property
    def needs_containerd(self) -> bool:
        """Whether it speaks to containerd at all."""
        asks = ("--help",) if self.verb in _HAS_H else ("--help", "-h")
        helps = any(word in asks for word in self.rest[:1])
        last = self.verb.rpartition(" ")[2]  # `image --help`
        return bool(last) and last not in _NO_CONTAINERD and not helps

    @property
    def changes_namespaces(self) -> bool:
        """Whether it removes or labels the namespaces that it names."""
        return self.verb in ("namespace rm", "namespace update")

    @property
    def names(self) -> tuple[str, ...]:
        """The words behind the verb that can be names: a flag's value is one, too.

        Behind a `--` also what begins with a dash.
        """
        end = self.rest.index("--") if "--" in self.rest else len(self.rest)
        plain = (word for word in self.rest[:end] if not word.startswith("-"))
        return (*plain, *(word for word in self.rest[end:] if word != "--"))

    def others(self, namespace: str, address: str) -> list[str]:
        """The flags that name another namespace or another containerd than these.

        nerdctl takes the long ones behind its verb as well, up to a `--`; the last one counts.
        """
        same = {
            **dict.fromkeys(_NAMESPACE, frozenset((namespace,))),
            **dict.fromkeys(_ADDRESS, frozenset((address, f"unix://{address}"))),
        }
        given = (*self.flags, *self._long_ones())
        return [name for name, value in given if value not in same.get(name, (value,))]

    def unknown_flag(self) -> str | None:
        """A flag before the verb that is not known: the next word might be its value.

        Then nobody knows which word is the verb. Before a verb -v and -h are flags of that verb:
        `-v rm web` is `rm -v web`.
        """
        last = self.verb.rpartition(" ")[2]
        if last.startswith("-") and self.rest:
            return last
        known = (*WITH_VALUE, *SWITCHES)
        return next((name for name, _ in self.flags if name not in known), None)

    def password_flag(self) -> str | None:
        """The flag that has a password for everybody to read; None where there is none."""
        if self.verb != "login":
            return None
        for word in self.rest:
            if word.partition("=")[0] == "--password" or word.startswith("-p"):
                return "--password" if word.startswith("--") else "-p"
        return None

    def _long_ones(self) -> Iterator[tuple[str, str]]:
        words, last = list(self.rest), ""
        while words:
            before, last = last, words[0]
            name, equals, value = words.pop(0).partition("=")
            if last == "--" and self._ends_flags(before):
                return
            if name in ("--namespace", "--address", "--host"):
                yield name, value if equals else (words.pop(0) if words else "")

    def _ends_flags(self, before: str) -> bool:
        """Whether a `--` behind this word is followed by a program's words.

        It is not where the word is a flag that may have it as its value.
        """
        closed = not before.startswith("-") or "=" in before or _NO_VALUE.fullmatch(before)
        return self.verb in _HAS_PROGRAM and bool(closed)

    def _has(self, name: str, letter: str) -> bool:
        short = (word for word in self.rest if word.startswith("-") and not word.startswith("--"))
        long = (word.partition("=")[0] for word in self.rest)
        return name in long or any(letter in word for word in short)


def read(args: Sequence[str]) -> Typed:
    """The command in the words behind `nerdctl`."""
    words = list(args)
    flags = _taken_flags(words)
    verb = words.pop(0) if words else ""
    verb = _SYNONYMS.get(verb, verb)
    if verb in _NOUNS:
        flags += _taken_flags(words)
        verb = _of_noun(verb, words.pop(0) if words else "")
    return Typed(tuple(flags), verb, tuple(words))


def _taken_flags(words: list[str]) -> list[tuple[str, str]]:
    """The global flags at the beginning, which are taken away: name and value."""
    flags = []
    while words and words[0].startswith("-") and words[0] not in _NO_CONTAINERD:
        word = words.pop(0)
        name, equals, value = word.partition("=")
        if word[:2] in _SHORT and len(word) > len("-n"):
            name, value = word[:2], word[2:].removeprefix("=")  # -nNAME, -n=NAME
        elif not equals and name in WITH_VALUE and words:
            value = words.pop(0)
        flags.append((name, value))
    return flags


def _of_noun(noun: str, verb: str) -> str:
    """`container stop` and `image rm` are `stop` and `rmi`."""
    verb = _SYNONYMS.get(verb, verb)
    if noun == "container" and verb != "prune":
        return verb
    return "rmi" if (noun, verb) == ("image", "rm") else f"{noun} {verb}"
