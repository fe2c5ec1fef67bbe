"""Options of what starts a process: its terminal, its stdin, its environment, its output."""

from dataclasses import dataclass
from typing import Annotated

import typer

from kuke_ctr.commands.shared.gathered import Declared, gathered
from kuke_ctr.errors import UsageError

Tty = Annotated[bool, typer.Option("--tty", "-t", help="Allocate a terminal; implies -i.")]
Interactive = Annotated[bool, typer.Option("--interactive", "-i", help="Keep stdin connected.")]
ForceTty = Annotated[
    bool, typer.Option("--force-tty", help="Allow -t although stdin is not a terminal.")
]
Detach = Annotated[
    bool, typer.Option("--detach", "-d", help="Start it in the background and print its id.")
]
Env = Annotated[
    list[str] | None,
    typer.Option(
        "--env",
        "-e",
        metavar="K[=V]",
        help="NAME=VALUE, or NAME to copy it from this shell without showing it in `ps`.",
    ),
]
EnvFile = Annotated[
    list[str] | None,
    typer.Option("--env-file", metavar="FILE", help="A file with lines NAME=VALUE or NAME."),
]
Entrypoint = Annotated[
    str | None,
    typer.Option(
        "--entrypoint",
        metavar="PROGRAM",
        help="Run this instead of the image's ENTRYPOINT and Cmd; '' for none.",
    ),
]
LogFile = Annotated[
    str | None,
    typer.Option("--log-file", metavar="FILE", help="With -d: write its output to this file."),
]
NullIo = Annotated[bool, typer.Option("--null-io", help="With -d: discard its output.")]
Fifo = Annotated[
    bool,
    typer.Option(
        "--fifo", help="With -d: send its output to FIFOs, for attach; unread, they block it."
    ),
]


@dataclass(frozen=True, slots=True)
class DetachedOutput:
    """Where the output of a detached process goes; a log file of our own unless one is named."""

    log_file: str | None
    null_io: bool
    fifo: bool

    def check(self, *, detach: bool, tty: bool) -> None:
        """Raise UsageError for more than one, or for one that does not fit."""
        given = (("--log-file", self.log_file), ("--null-io", self.null_io), ("--fifo", self.fifo))
        names = [name for name, value in given if value]
        if names and not detach:
            raise UsageError(f"{names[0]} needs -d/--detach", hint="add -d, or redirect stdout")
        if len(names) > 1:
            raise UsageError(f"{' and '.join(names)} cannot be combined", hint="use one of them")
        if tty and names and names != ["--fifo"]:
            raise UsageError(
                f"{names[0]} cannot be combined with a terminal: its output can only be attached "
                "to",
                hint=f"leave out {names[0]}, or the terminal",
            )

    def is_logged(self, *, tty: bool) -> bool:
        """Whether it goes to a log file."""
        return not (tty or self.null_io or self.fifo)


with_detached_output = gathered(
    "output",
    {
        "log_file": Declared(LogFile, None),
        "null_io": Declared(NullIo, False),
        "fifo": Declared(Fifo, False),
    },
    DetachedOutput,
)
"""The function with these options in its signature; it gets them as its argument `output`."""
