"""Commands of kuke-ctr that a hint or a note names: each says which namespace it is for."""

import shlex


def line_in(namespace: str | None, *words: str) -> str:
    """A command to go on with, in backticks, in the very same namespace.

    The options of `exec` end at its first positional: the namespace stands before it there.
    """
    scope = ("--namespace", namespace) if namespace is not None else ()
    line = ("exec", *scope, *words[1:]) if words[0] == "exec" else (*words, *scope)
    return f"`kuke-ctr {shlex.join(line)}`"
