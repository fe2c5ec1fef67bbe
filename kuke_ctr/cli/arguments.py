"""The words of a command line, before Typer parses them: where the shared options stand."""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from kuke_ctr.commands.shared.option_table import BY_NAME, TIME, SharedOption
from kuke_ctr.kukeon.addresses import ADDRESS_OPTION, checked_address
from kuke_ctr.pages import TOPICS


def is_shared(names: Sequence[str]) -> bool:
    """Whether these are the names of a shared option."""
    return any(name in BY_NAME for name in names)


def typed(names: Sequence[str], words: Sequence[str]) -> bool:
    """Whether an option may be among the words of a command line; --help asks for all of them."""
    long = tuple(name for name in names if name.startswith("--"))
    short = [name[1] for name in names if not name.startswith("--")]
    return any(
        word == "-h"
        or word.startswith((*long, "--help"))
        or (word[:1] == "-" and word[1:2] != "-" and any(letter in word for letter in short))
        for word in words
    )


def shared_among(words: Sequence[str], known: Sequence[str]) -> str | None:
    """The first shared option among the words that is not one of the known names."""
    for word in words:
        if word == "--":
            return None
        name = word.partition("=")[0] if word.startswith("--") else word[:2]
        if name in BY_NAME and name not in known:
            return name
    return None


_WHOLE_HOST = "it is about the whole host; `kuke-ctr realms ls` shows the namespace of each realm"
_WHY_NOT = {
    **dict.fromkeys(
        ("--realm", "-r", "--namespace", "-n", "--manifest", "--run-path"), _WHOLE_HOST
    ),
    **dict.fromkeys(("--record", "--record-append", "--record-env"), "it cannot be recorded"),
    **dict.fromkeys(
        ("--hosts", "--fanout", "--no-fold"),
        "only commands that show what there is ask many hosts; here: "
        "`for host in web1 web2; do kuke-ctr ... --host $host; done`",
    ),
    "--replay": "it needs a containerd that answers: a recording is not enough",
}


def why_not(name: str, known: Sequence[str]) -> str:
    """Why a command with the `known` options has not this shared one; empty where none is known."""
    if name in ("--all-realms", "-A"):
        return "it works in one realm: name it with --realm" if "--realm" in known else _WHOLE_HOST
    if name in ("--namespace", "-n") and "--realm" in known:
        return "it is about a realm: name that"
    if "--to" in known and name in ("--realm", "-r", "--namespace", "-n"):
        return "--to REALM is where the image goes, --from REALM where it is"
    return _WHY_NOT.get(name, "")


def hoist(words: Sequence[str], is_noun: Callable[[str], bool]) -> list[str]:
    """The command line with the shared options that stand before the verb moved behind it.

    `-r main images ls` becomes `images ls --realm main`, so that an option is declared in one place
    only, whichever side it is typed on. It gets its long name, for its letter may mean something
    else behind the verb. `is_noun` tells whether a word is followed by a verb.
    """
    before: list[str] = []
    command: list[str] = []
    rest = list(words)
    wanted = 1
    while rest and len(command) < wanted:
        taken = _shared_words(rest)
        if taken:
            before += _checked(_long(rest[:taken]))
            del rest[:taken]
        elif rest[0].startswith("-"):
            break  # --help, or something unknown: the parser knows what to say
        else:
            command.append(rest.pop(0))
            wanted = 2 if is_noun(command[0]) else 1
    return [*command, *before, *rest]


def help_of_command(line: Sequence[str], is_command: Callable[[str], bool]) -> list[str]:
    """`help images ls` as `images ls --help`; a page of `help` and other words stay as they are."""
    first, *rest = line or [""]
    if first == "help" and rest and is_command(rest[0]) and rest[0] not in TOPICS:
        return [*rest, "--help"]
    return [*line]


def refuse_option_as_address(words: Sequence[str]) -> None:
    """Raise UsageError where an option stands where `-a` has its value: docker's -a was meant."""
    for word, following in pairwise(words):
        if word == "--":
            return
        if word in (ADDRESS_OPTION, "-a") and following.startswith("-"):
            checked_address(following, ADDRESS_OPTION)


def _checked(words: list[str]) -> list[str]:
    """The words of a shared option."""
    refuse_option_as_address(words[-2:])
    return words


def begins_with_shared(words: Sequence[str]) -> bool:
    """Whether a shared option stands where, after `hoist`, a command should."""
    return bool(words) and _shared_words(words) > 0


def _shared_words(words: Sequence[str]) -> int:
    """How many words a shared option at the front takes; 0 where there is none."""
    name, equals, _ = words[0].partition("=")
    option = BY_NAME.get(name)
    if option is not None:
        needs_next = option.metavar is not None and not equals
        return min(2 if needs_next and not _is_alone(option, words) else 1, len(words))
    if not re.fullmatch(r"-[a-zA-Z].+", words[0]):
        return 0
    for index, letter in enumerate(words[0][1:], start=2):  # a cluster: -xq, -rmain, -xxrmain
        option = BY_NAME.get(f"-{letter}")
        if option is None:
            return 0
        if option.metavar is not None:
            is_whole = index < len(words[0]) or _is_alone(option, words)
            return 1 if is_whole else min(2, len(words))
    return 1


def _long(words: Sequence[str]) -> list[str]:
    """The words that a shared option takes, letters as long names: `-xr main`, `-xrmain`."""
    name, *values = words
    option = BY_NAME.get(name)
    if option is not None:
        return [option.names[0], *(values or _left_out(option))]
    if name.startswith("--"):
        return [*words]
    found: list[str] = []
    for index, letter in enumerate(name[1:], start=2):
        option = BY_NAME[f"-{letter}"]
        found.append(option.names[0])
        if option.metavar is not None:
            return [*found, *([name[index:]] if index < len(name) else values or _left_out(option))]
    return found


def _is_alone(option: SharedOption, words: Sequence[str]) -> bool:
    """Whether an option, the first of the words, has no value, which it may leave out."""
    return option.alone is not None and not (words[1:] and re.fullmatch(TIME, words[1]))


def _left_out(option: SharedOption) -> list[str]:
    return [option.alone] if option.alone is not None else []


def with_values(words: Sequence[str], known: Sequence[str], flags: Sequence[str]) -> list[str]:
    """The words with a value for each option, of those `known`, that was typed without it.

    `--watch` becomes `--watch=2` where no time follows, `-Aw` becomes `-Aw2`. `flags` are the
    command's options that take none.
    """
    # a command may have the short name for an option of its own: `exec -w DIR`
    may = {
        name: one
        for name, one in BY_NAME.items()
        if one.alone is not None and one.names[0] in known
    }
    if not may:
        return list(words)
    found: list[str] = []
    rest = list(words)
    while rest and rest[0] != "--":
        option = may.get(rest[0]) or may.get(_last_letter(rest[0], flags))
        if option is not None and _is_alone(option, rest):
            found.append(f"{rest[0]}{'=' if rest[0].startswith('--') else ''}{option.alone}")
        else:
            found.append(rest[0])
        del rest[0]
    return [*found, *rest]


def _last_letter(word: str, flags: Sequence[str]) -> str:
    """The last option of a cluster of letters whose others are flags: `-w` of `-Aw`."""
    is_cluster = re.fullmatch(r"-[a-zA-Z]{2,}", word) is not None
    others_are_flags = all(f"-{letter}" in flags for letter in word[1:-1])
    return f"-{word[-1]}" if is_cluster and others_are_flags else ""
