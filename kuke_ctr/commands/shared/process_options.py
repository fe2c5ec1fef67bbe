"""Options of what starts a process: its terminal, its stdin, its environment, its output."""

from typing import Annotated

import typer

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
