"""The commands that hints name: for the same namespace and the same containerd."""

from collections.abc import Sequence

from kuke_ctr.processes.shell_words import shell_line


def line_in(namespace: str | None, *words: str, typed: Sequence[str] = ()) -> str:
    """A command to go on with, in backticks, that can be pasted as it stands.

    `typed` are the options that name the host (`--address`, `--ctr`, `--run-path`), as the user
    typed them: what comes from the environment is there anyway. The options of `exec` end at its
    first positional: the scope stands before it there.
    """
    inside = ("--namespace", namespace) if namespace is not None else ()
    scope = (*inside, *typed)
    line = ("exec", *scope, *words[1:]) if words[0] == "exec" else (*words, *scope)
    return f"`kuke-ctr {shell_line(line)}`"
