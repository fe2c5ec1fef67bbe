"""The commands that hints name: for the same namespace and the same containerd."""

import shlex


def line_in(namespace: str | None, *words: str, address: str | None = None) -> str:
    """A command to go on with, in backticks, that can be pasted as it stands.

    `address` is the one that the user typed: one from the environment is there anyway. The options
    of `exec` end at its first positional: the scope stands before it there.
    """
    inside = ("--namespace", namespace) if namespace is not None else ()
    at = ("--address", address) if address is not None else ()
    scope = (*inside, *at)
    line = ("exec", *scope, *words[1:]) if words[0] == "exec" else (*words, *scope)
    return f"`kuke-ctr {shlex.join(line)}`"
