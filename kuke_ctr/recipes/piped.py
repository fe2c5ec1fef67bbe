"""A program whose output is an archive for ctr: `docker save`, or one that unpacks a file."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from kuke_ctr.errors import CtrFailed, CtrMissing, KukeCtrError, TimeLimit
from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.descriptors import close_all
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.runner import Processes

_SAID = 65536
_ENDS = 2.0


@contextmanager
def piped(
    processes: Processes,
    words: tuple[str, ...],
    failure: Callable[[str], CtrFailed],
    far: Far | None = None,
) -> Iterator[int]:
    """Start a program, on this host or a far one; the descriptor of what it prints.

    A failure of the program is raised at the end, whatever came of its output: `failure` makes the
    error of the last line that it said. Raises CtrMissing.
    """
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        call = Call(words, timeout=None, stdin=nothing, silent=True, far=far)
        pipes = processes.open_pipes(call)
    finally:
        os.close(nothing)
    failed: KukeCtrError | None = None
    try:
        try:
            yield pipes.stdout
        except CtrFailed as error:  # the program's own failure tells more
            failed = error
        if failed is not None:
            with suppress(TimeLimit):
                pipes.wait(_ENDS)
            pipes.kill()
        while os.read(pipes.stdout, _SAID):  # ctr stops at the end mark of the archive
            pass
        code = pipes.wait()
        if code > 0:
            said = os.read(pipes.stderr, _SAID).decode(errors="replace").strip().splitlines()
            raise failure(said[-1] if said else f"exit code {code}")
        if failed is not None:
            raise failed
    finally:
        pipes.kill()
        close_all(pipes.stdout, pipes.stderr)


@contextmanager
def docker_save(processes: Processes, words: tuple[str, ...]) -> Iterator[int]:
    """`docker save REF...`, running: the descriptor of the archive that it writes."""

    def failure(said: str) -> CtrFailed:
        hint = "`docker images` lists docker's images"
        return CtrFailed(f"docker: {said}", hint=hint, command=words)

    with (
        missing("if this host has no docker, run `docker save` elsewhere and import the file"),
        piped(processes, words, failure) as descriptor,
    ):
        yield descriptor


@contextmanager
def unpacked(processes: Processes, words: tuple[str, ...], path: str) -> Iterator[int]:
    """The descriptor of what is in a compressed file, while a program unpacks it."""

    def failure(said: str) -> CtrFailed:
        hint = "was it copied completely?"
        return CtrFailed(f"{path} cannot be unpacked: {said}", hint=hint, command=words)

    with (
        missing(
            f"this ctr cannot read {path} as it is: install {words[0]}, or unpack it elsewhere"
        ),
        piped(processes, words, failure) as descriptor,
    ):
        yield descriptor


@contextmanager
def missing(hint: str) -> Iterator[None]:
    """A program that is not installed has this hint."""
    try:
        yield
    except CtrMissing as error:
        raise error.but(hint=hint) from None
