"""Words of docker, kubectl and ctr that are no commands of kuke-ctr, and what does that here.

Imported when a word was not understood.
"""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from kuke_ctr.cli.words import ENTRIES, NAMES, VERB_ALIASES
from kuke_ctr.commands.shared.hints import in_scope
from kuke_ctr.errors import UsageError
from kuke_ctr.processes.shell_words import shell_line

ELSEWHERE = {
    "checkpoint": "tasks checkpoint",
    "commit": "snapshots commit",
    "convert": "images convert",
    "create": "containers create",
    "delete": "containers rm",
    "export": "images export",
    "fetch": "content fetch",
    "import": "images import",
    "ingest": "content ingest",
    "label": "containers label",
    "list": "containers ls",
    "load": "images import",
    "log": "logs",
    "ls": "containers ls",
    "metrics": "tasks metrics",
    "mount": "images mount",
    "pods": "sandboxes ls",
    "pull": "images pull",
    "push": "images push",
    "remove": "containers rm",
    "resolve": "realms resolve",
    "save": "images export",
    "tag": "images tag",
    "unmount": "images unmount",
}
"""Words without a noun -> the command that does that here."""

OF_NOUN: Mapping[str, Mapping[str, str]] = {
    "images": {
        "cat": "images inspect",
        "commit": "snapshots commit",
        "info": "images inspect",
        "ps": "ps",
        "rename": "images tag",
        "show": "images inspect",
        "tree": "images inspect",
        "unpack": "images mount",
        "untag": "images rm",
    },
    "containers": {
        "export": "images export",
        "inspect": "inspect",
        "prune": "containers rm --all",
        "ps": "ps",
        "show": "containers info",
        "stats": "stats",
        "top": "top",
    },
    "tasks": {
        "create": "containers create",
        "inspect": "inspect",
        "prune": "tasks rm",
        "info": "containers info",
        "show": "containers info",
        "stats": "stats",
        "top": "top",
    },
    "snapshots": {
        "create": "snapshots prepare",
        "du": "snapshots usage",
        "inspect": "snapshots info",
        "show": "snapshots info",
        "umount": "images unmount",
    },
    "content": {
        "cat": "content get",
        "info": "content get",
        "inspect": "content get",
        "pull": "content fetch",
        "show": "content get",
    },
    "leases": {"add": "leases create", "inspect": "leases ls"},
    "namespaces": {"add": "namespaces create", "inspect": "namespaces ls", "info": "namespaces ls"},
    "realms": {"inspect": "realms resolve", "show": "realms resolve", "info": "realms resolve"},
}
"""Words behind a noun -> the command that does that here."""

_OF_ANY_NOUN = {
    *("checkpoint", "fetch", "load", "pull", "push", "save"),
}
"""Those of ELSEWHERE that mean the same behind any noun; `prune` there is that noun's."""

_CTR_HAS = "ctr has this command: `kuke-ctr ctr -- {}` runs it in the realm's namespace"
_NO_NETWORK = "ctr makes no networks: a container has a loopback, or the host's with --net-host"
_SIGN_IN = (
    "nobody stays signed in: `kuke-ctr images pull --user NAME IMAGE` asks for the password each "
    "time"
)

NOT_HERE = {
    "build": "ctr builds no images; `kuke-ctr images import --from-docker IMAGE` takes one that "
    "docker has built, `kuke-ctr images import FILE` an archive",
    "compose": "ctr has no projects; `kuke-ctr run` starts one container",
    "describe": "`kuke-ctr inspect CONTAINER` describes a container",
    "df": "`kuke-ctr snapshots usage` and `kuke-ctr content ls --sort-by -size` show what takes "
    "space",
    "get": "`kuke-ctr containers ls`, `kuke-ctr tasks ls` and `kuke-ctr images ls` list what there "
    "is",
    "history": "`kuke-ctr images inspect -o wide IMAGE` shows the history of an image",
    "login": _SIGN_IN,
    "logout": _SIGN_IN,
    "network": _NO_NETWORK,
    "port": _NO_NETWORK,
    "rename": "containerd renames no container: make a new one with `kuke-ctr run --name`",
    "search": "ctr searches no registry; give the whole name to `kuke-ctr images pull`",
    "sh": "`kuke-ctr exec -it CONTAINER sh` is a shell in a container",
    "shell": "`kuke-ctr exec -it CONTAINER sh` is a shell in a container",
    "system": "`kuke-ctr info` describes containerd, `kuke-ctr df` shows what takes space, "
    "`kuke-ctr prune` removes what is not needed",
    "update": "ctr changes no limits of a container: make a new one with `kuke-ctr run`",
    **dict.fromkeys(
        ("switch", "use"), "`export KUKE_CTR_REALM=NAME` chooses the realm of the commands after it"
    ),
    "volume": "there are no named volumes: `kuke-ctr run --volume /DIR:/DIR` mounts a folder",
    **{word: _CTR_HAS.format(word) for word in ("install", "oci", "pprof", "shim")},
}
"""Words for what no command of kuke-ctr does, or several together do."""

CTR_ALONE = {
    "content": ("edit", "fetch-blob", "fetch-object", "push-object"),
    "plugins": ("inspect-runtime",),
    "sandboxes": ("create", "rm", "remove", "run"),
    "snapshots": ("diff", "unpack"),
}
"""Noun -> ctr's verbs of it that kuke-ctr has not."""


_NEAR = 0.75
_SCOPE = ("--realm", "-r", "--namespace", "-n", "--address", "--ctr", "--run-path", "--manifest")


def unknown_command(
    word: str, path: str, names: Sequence[str], rest: Sequence[str] = ()
) -> UsageError:
    """The error for a word that is no command, with what was probably meant.

    `path` is what stands before it (`kuke-ctr images`), `names` are those that there are, `rest`
    the words behind it.
    """
    noun = NAMES.get(path.partition(" ")[2])
    hint = _of_noun(word, noun, rest) if noun is not None else _of_root(word, rest)
    if hint is None:
        pool = [name for name in (*names, *(VERB_ALIASES if noun else ())) if len(name) > 1]
        near = [str(VERB_ALIASES.get(one, one)) for one in get_close_matches(word, pool, 1, _NEAR)]
        if near and noun is None:
            near += _verb_of(near[0], rest)
        meant = " ".join([path, *near])
        hint = f"did you mean `{meant}`?" if near else f"`{path} --help` lists the commands"
    return UsageError(f"`{path}` has no command {word!r}", hint=hint)


def _verb_of(noun: str, rest: Sequence[str]) -> list[str]:
    """The verb that follows a noun, or the near one; empty where none does."""
    verbs = ENTRIES[NAMES[noun]].verbs
    found = get_close_matches(rest[0], [*verbs, *VERB_ALIASES], 1, _NEAR) if verbs and rest else []
    return [one for one in (VERB_ALIASES.get(one, one) for one in found) if one in verbs]


def _of_root(word: str, rest: Sequence[str]) -> str | None:
    if word in NOT_HERE:
        return in_scope(NOT_HERE[word], _scope(rest))
    if word in ELSEWHERE:
        return _meant(ELSEWHERE[word], rest)
    if get_close_matches(word, [name for name in NAMES if len(name) > 1], 1, _NEAR):
        return None
    near = get_close_matches(word, ELSEWHERE, 1, _NEAR)
    return _meant(ELSEWHERE[near[0]], rest) if near else None


def _of_noun(word: str, noun: str, rest: Sequence[str]) -> str | None:
    if word in CTR_ALONE.get(noun, ()):
        return in_scope(_CTR_HAS.format(f"{noun} {word}"), _scope(rest))
    known = OF_NOUN.get(noun, {})
    if word in known:
        return _meant(known[word], rest)
    if word in NOT_HERE:
        return in_scope(NOT_HERE[word], _scope(rest))
    # `containers logs`; but `namespaces prune` would not be what `prune` does
    if word in NAMES and not ENTRIES[NAMES[word]].verbs and word not in ("help", "prune"):
        return _meant(NAMES[word], rest)
    return _meant(ELSEWHERE[word], rest) if word in _OF_ANY_NOUN else None


def _meant(command: str, rest: Sequence[str]) -> str:
    """The command, with the words that stood behind the other one where they mean the same."""
    options = [word for word in rest if word.startswith("-") and not word[1:].isdigit()]
    same = all(word in _SCOPE for word in options)
    line = shell_line((*command.split(), *(rest if same else _scope(rest))))
    return f"did you mean `kuke-ctr {line}`?"


def _scope(words: Sequence[str]) -> list[str]:
    """The options among the words that say where something is."""
    found: list[str] = []
    for word, following in zip(words, (*words[1:], ""), strict=False):
        if word == "--":
            break
        if word in _SCOPE and following:
            found += [word, following]
        elif word.partition("=")[0] in _SCOPE and "=" in word:
            found.append(word)
    return found


def unknown_option(
    name: str, path: str, known: Sequence[str], words: Sequence[str] = ()
) -> UsageError:
    """The error for an option that a command has not; `known` are those that it shows."""
    from kuke_ctr.cli.options_elsewhere import hint_for

    hint = hint_for(name, command_of(path))
    if hint is None and name.startswith("--"):
        near = get_close_matches(name, [one for one in known if one.startswith("--")], 1, _NEAR)
        hint = f"did you mean {near[0]}?" if near else f"`{path} --help` shows the options"
    hint = hint or f"`{path} --help` shows the options"
    return UsageError(f"no such option: {name}", hint=in_scope(hint, _scope(words)))


def command_of(path: str) -> str:
    """The command by its full name: `images ls` of `kuke-ctr image list`, `images rm` of `rmi`."""
    words = list(_full(path.split()[1:]))
    noun = ENTRIES[words[0]].of_noun if len(words) == 1 and words[0] in ENTRIES else ""
    return f"{noun} {ENTRIES[words[0]].same or words[0]}" if noun else " ".join(words)


def _full(words: Sequence[str]) -> Iterator[str]:
    if words:
        yield NAMES.get(words[0], words[0])
    for verb in words[1:]:
        yield VERB_ALIASES.get(verb, verb)
