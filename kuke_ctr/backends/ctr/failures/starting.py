"""Whether a process of `run`, `tasks start` or `tasks exec` was started at all, and why not."""

import re
from collections.abc import Sequence

from kuke_ctr.backends.ctr.failures import failure_of
from kuke_ctr.errors import NO_PROGRAM, NOT_EXECUTABLE, KukeCtrError, NotStarted
from kuke_ctr.processes.calls import Call, Result, mask
from kuke_ctr.processes.shell_words import shell_line

_MISSING = re.compile(
    r'OCI runtime .*exec: "(?P<program>[^"]*)": '
    r"(?:executable file not found|stat [^:]*: no such file|no such file)"
)
_REFUSED = re.compile(
    r'OCI runtime .*exec: "(?P<program>[^"]*)": '
    r"(?:permission denied|is a directory|exec format error|stat [^:]*: permission denied)"
)
# runc's last word, in the container already: it is the stderr of the process, not a line of ctr's
_AT_EXEC = re.compile(
    r"exec (?P<program>/[^:\n]*): (?:(?P<missing>no such file or directory)|exec format error)\n?"
)
_WITH_FIFOS = (
    r"OCI runtime \w+ failed|failed to (?:create|start) |cannot exec in a |already exists"
    r"|deadline exceeded|invalid argument|failed precondition|permission denied"
)
_BEFORE = (
    r"failed to mount |mount callback failed|no running task found|not found"
    r"|snapshotter not loaded|flag provided but not defined|failed to dial|connection error|^open "
    r"|invalid mount specification|mount option |mismatched image rootfs|unknown image config"
    r"|unexpected media type"
)
_AT_START = {
    True: re.compile(_WITH_FIFOS),
    None: re.compile(f"{_WITH_FIFOS}|{_BEFORE}"),
    False: re.compile(""),
}
"""What ctr says where it has started nothing, by whether it had FIFOs for a process (`Finish`).

Without FIFOs it has not, whatever it says; with them the process may have said the same itself.
"""
_OF_SHELLS = {
    *("cd", "export", "source", ".", "alias", "ulimit", "umask", "set", "unset", "eval", "read"),
    *("type", "exit", "trap", "wait", "if", "for", "while", "case", "{", "("),
}
"""Words that are no programs: only a shell knows them."""

_OF_CTR = re.compile(r'ctr: |time="|level=|W[ \d]|WARN|DEPRECAT|\d{4}[-/]\d\d[-/]\d\d ')


def start_failure(
    said: bytes, call: Call, command: Sequence[str], opened: bool | None = None
) -> KukeCtrError | None:
    """The error where ctr's last words on stderr are that nothing was started; else None.

    `command` is what was to be run, empty for the image's own. `opened`: whether ctr had FIFOs.
    """
    text = said.decode(errors="replace")
    *before, last = [line for line in text.split("\n") if line.strip()] or [""]
    # a process that has said something itself did start
    if not last.startswith("ctr: ") or not all(map(_OF_CTR.match, before)):
        return failed_at_exec(said, call, command)
    found = not_started_in(last, call)
    if found is not None:
        return found
    message = last.removeprefix("ctr: ")
    if not _AT_START[opened].search(message):
        return None
    return failure_of(Result(call.argv, 1, b"", said, 0.0), typed=call.typed)


def not_started_in(message: str, call: Call) -> NotStarted | None:
    """The error where a message of the runtime says that the program is missing, or no program."""
    for pattern, code in ((_MISSING, NO_PROGRAM), (_REFUSED, NOT_EXECUTABLE)):
        match = pattern.search(message)
        if match is not None:
            return _not_started(match["program"], code, call)
    return None


def failed_at_exec(said: bytes, call: Call, command: Sequence[str]) -> KukeCtrError | None:
    """The error where all that came on stderr is runc's last word: it could not run the program.

    Until then containerd says that the task runs. `command` as in `start_failure`.
    """
    match = _AT_EXEC.fullmatch(said.decode(errors="replace"))
    if match is None or (command and not match["program"].endswith(command[0])):
        return None
    return _not_started(match["program"], NO_PROGRAM if match["missing"] else NOT_EXECUTABLE, call)


def _not_started(program: str, code: int, call: Call) -> NotStarted:
    if code == NO_PROGRAM:
        return NotStarted(
            f"the container has no program {program!r}",
            hint=_why_missing(program),
            exit_code=code,
            command=mask(call.argv),
        )
    return NotStarted(
        f"{program!r} in the container cannot be executed",
        hint="it is a directory, is not executable, or is built for another machine",
        exit_code=code,
        command=mask(call.argv),
    )


def _why_missing(program: str) -> str:
    """The next step for a program that the container lacks, by what was written."""
    if not program.strip():
        return "the name of the program is empty; write the command after IMAGE or ID"
    if program.startswith("-"):
        return (
            "put options of kuke-ctr before the container's ID (for run: before IMAGE), the "
            "command after it"
        )
    if program in _OF_SHELLS:
        return f"`{program}` is a command of the shell; let a shell run it: sh -c '{program} ...'"
    if len(program.split()) > 1:
        return (
            "this is one word for ctr; write the words without quotes around all of them: "
            f"{program} (or let a shell read it: {shell_line(['sh', '-c', program])})"
        )
    return (
        "it is looked for on the PATH of the image; a script needs its interpreter in the "
        "container, and line ends that are LF, not CRLF"
    )
