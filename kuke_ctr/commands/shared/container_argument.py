"""The arguments of commands that take a container or its task, and what a shell completes there."""

from typing import Any

import typer

from kuke_ctr.errors import KukeCtrError
from kuke_ctr.session import Session, SharedOptions

_WORDS = "id, or [[SPACE/]STACK/]CELL[/CONTAINER] of a Kukeon cell"
_PATIENCE = 0.3
"""Seconds that a call may take while somebody waits for a completion."""

_FIELDS = ("realm", "namespace", "address", "run_path", "manifest", "ctr")


def one_container(metavar: str = "CONTAINER", what: str = "container") -> Any:
    """For `Annotated[str, ...]`: a container by any word that names it."""
    return typer.Argument(
        metavar=metavar, help=f"The {what}: its {_WORDS}.", autocompletion=completed
    )


def several_containers(metavar: str = "CONTAINER", more: str = "") -> Any:
    """For `Annotated[list[str], ...]`: the same for several; `more` goes on in the sentence."""
    return typer.Argument(
        metavar=metavar,
        help=f"The containers, each by its {_WORDS}{more}.",
        autocompletion=completed,
    )


def completed(ctx: typer.Context, incomplete: str) -> list[str]:
    """The containers of the realm that was typed so far; without containerd those of the records.

    A prompt is no place for messages: whatever fails, there is less to choose from.
    """
    typed = {field: values[-1] for field in _FIELDS if (values := ctx.params.get(field))}
    try:
        return _beginning(SharedOptions(**typed, timeout=_PATIENCE), incomplete)
    except KukeCtrError:
        return []


def _beginning(options: SharedOptions, front: str) -> list[str]:
    from kuke_ctr.backends.ctr import containers
    from kuke_ctr.commands.shared.kukeon import members_of
    from kuke_ctr.kukeon.lookup import Names

    realm = Session(options).realm(lenient=True)
    try:
        existing = containers.names(realm.scope)
    except KukeCtrError:
        existing = []
    return Names(existing, members_of(realm).recorded).beginning(front)
