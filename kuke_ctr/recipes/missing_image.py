"""What to do about an image that a namespace lacks: its full name, and where else it is."""

from collections.abc import Sequence
from contextlib import suppress

from kuke_ctr.backends.ctr import images, namespaces
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.parse.image_names import is_short, whole_name
from kuke_ctr.recipes.image_names import is_digest


def instead(scope: Scope, image: str, here: Sequence[str], near: str, *, needed: bool) -> str:
    """The hint for an image that is not among those of the namespace, `here`.

    `near` says which images are near. `needed`: the image is to be used, so the hint says how it
    comes here. Probes.
    """
    if is_digest(image):
        return near
    whole = whole_name(image)
    if whole in here and whole != image:
        return f"use the full name {whole}; ctr does not know short names"
    if needed:
        pull = f"to fetch it: {scope.line('images', 'pull', whole)}"
        return _elsewhere(scope, image, whole) or f"{near}; {pull}"
    return f"{image} is short for {whole}; {near}" if is_short(image) else near


def _elsewhere(scope: Scope, image: str, whole: str) -> str | None:
    """How to copy the image from another namespace; None where none has it."""
    for other in sorted(namespaces.names(scope.ctr) - {scope.namespace}):
        source = Scope(scope.ctr, other)
        there = _names(source)
        name = image if image in there else whole
        if name in there:
            return (
                f"namespace {other} has {'it' if name == image else name}; to copy it: "
                f"{source.line('images', 'export', 'FILE', name)}, then "
                f"{scope.line('images', 'import', 'FILE')}"
            )
    return None


def _names(scope: Scope) -> list[str]:
    with suppress(KukeCtrError):
        return images.names(scope)
    return []
