"""The arguments of commands that take a container or its task."""

from typing import Any

import typer

_WORDS = "id, or [[SPACE/]STACK/]CELL[/CONTAINER] of a Kukeon cell"


def one_container(metavar: str = "CONTAINER", what: str = "container") -> Any:
    """For `Annotated[str, ...]`: a container by any word that names it."""
    return typer.Argument(metavar=metavar, help=f"The {what}: its {_WORDS}.")


def several_containers(metavar: str = "CONTAINER", more: str = "") -> Any:
    """For `Annotated[list[str], ...]`: the same for several; `more` goes on in the sentence."""
    return typer.Argument(metavar=metavar, help=f"The containers, each by its {_WORDS}{more}.")
