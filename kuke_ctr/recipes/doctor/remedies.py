"""The commands that bring an image into a namespace that lacks it, or part of it."""

from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.recipes.doctor.facts import Facts
from kuke_ctr.recipes.missing_image import to_words

MOST_COPIES = 3
"""Commands of one kind in one finding: whoever needs more sees how they go on."""

_BUILT_HERE = ("kukeon.internal/", "localhost/")
"""No registry has these: they were built on some host."""


def copy_line(facts: Facts, source: str, target: str, ref: str, *flags: str) -> str:
    """The command that brings an image from one namespace into another."""
    realm = next((one for one in facts.realms if one.namespace == target), None)
    to = ("--to-namespace", target) if realm is None else to_words(Resolution.of(realm))
    return facts.line(None, "images", "copy", ref, "--from-namespace", source, *to, *flags)


def image_again(facts: Facts, namespace: str, ref: str) -> tuple[str | None, tuple[str, ...]]:
    """Hint and commands for an image that a namespace lacks: from another one, else a registry."""
    source = who_has(facts, ref, besides=namespace)
    if source is not None:
        return f"namespace {source} has it", (copy_line(facts, source, namespace, ref),)
    imports = facts.line(namespace, "images", "import", "FILE")
    if ref.startswith(_BUILT_HERE):
        return (
            f"it was built on a host, no registry has it: `{imports}` takes an archive",
            (),
        )
    pulls = facts.line(namespace, "images", "pull", ref)
    return f"if no registry has it: `{imports}` takes an archive", (pulls,)


def who_has(facts: Facts, ref: str, besides: str) -> str | None:
    """Another namespace that has an image, and has it whole as far as that is known."""
    for name, space in sorted(facts.spaces.items()):
        broken = {one.ref for one in space.image_checks if one.status != "complete"}
        if name != besides and ref not in broken and any(one.ref == ref for one in space.images):
            return name
    return next((name for name, refs in sorted(facts.elsewhere.items()) if ref in refs), None)
