"""The words of somebody else's program, behind IMAGE or ID, where our own options end."""

from collections.abc import Sequence

from kuke_ctr.commands.shared.option_table import CALLS, SCOPE
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import UsageError

_STRAY = {name for option in (*SCOPE, *CALLS) for name in option.names if name.startswith("--")}

_SHORT = {"-r", "-n"}
"""The short names of what decides where a container is made; programs have such options too."""


def program_words(words: Sequence[str], behind: str, *, quiet: bool = False) -> list[str]:
    """The words without a `--` before them, which kubectl wants there.

    `quiet`: the program does not run yet, so short names are told, too: nothing else will tell.

    Without it, an option that every command of ours has may have been meant for kuke-ctr: a note
    says that the program gets it. `--dry-run` is refused (UsageError), for it would not be one.
    `behind` is the positional before them: IMAGE.
    """
    if words[:1] == ["--"]:
        return list(words[1:])
    stray = [word.partition("=")[0] for word in words]
    if "--dry-run" in stray:
        raise UsageError(
            f"--dry-run stands behind {behind}, so it is an argument of the command, and the "
            "command would really run",
            hint=f"write --dry-run before {behind}; if the command has such an option, write -- "
            "before the command",
        )
    told = _STRAY | _SHORT if quiet else _STRAY
    for name in dict.fromkeys(name for name in stray if name in told):
        note(
            f"note: {name} stands behind {behind}, so the command gets it, and not kuke-ctr "
            "(-- before the command leaves this note out)"
        )
    return list(words)
