"""Checks of images: is all of their content here, and are they where somebody looks for them."""

from collections.abc import Iterator

from kuke_ctr.recipes.doctor.facts import Facts, finding, listed
from kuke_ctr.recipes.doctor.realms import MOST_COPIES, copy_line
from kuke_ctr.records import Finding, Severity

_EXPECTED = ("moby", "k8s.io")
"""Namespaces of other programs, whose images are theirs."""


def incomplete(facts: Facts) -> Iterator[Finding]:
    """Images with missing content; one that is unpacked still runs."""
    for name in sorted(facts.spaces):
        space = facts.spaces[name]
        for image in space.image_checks:
            if image.status == "complete" and image.problem is None:
                continue
            pulls = facts.line(name, "images", "pull", image.ref)
            source = who_has(facts, image.ref, besides=name)
            yield finding(
                Severity.WARNING if image.unpacked else Severity.ERROR,
                "image-incomplete",
                f"image {image.ref} lacks content ({image.status} {image.blobs}): "
                + ("only what is unpacked can run" if image.unpacked else "it can't run"),
                realm=space.realm,
                namespace=name,
                names=(image.ref,),
                hint="an archive of it helps, too: `kuke-ctr images import FILE`",
                fix=(copy_line(facts, source, name, image.ref) if source else pulls,),
                found_by=(facts.ran(name, "images", "check", f'name=="{image.ref}"'),),
            )


def who_has(facts: Facts, ref: str, besides: str) -> str | None:
    """Another namespace that has an image, and has it whole as far as that is known."""
    for name, space in sorted(facts.spaces.items()):
        broken = {one.ref for one in space.image_checks if one.status != "complete"}
        if name != besides and ref not in broken and any(one.ref == ref for one in space.images):
            return name
    return next((name for name, refs in sorted(facts.elsewhere.items()) if ref in refs), None)


def elsewhere(facts: Facts) -> Iterator[Finding]:
    """Images in a namespace of no realm that no realm has: imported without a namespace, mostly."""
    realms = [one for one in facts.realms if one.exists]
    own = {image.ref for space in facts.of_realms() for image in space.images}
    for name, refs in sorted(facts.elsewhere.items()):
        lost = tuple(ref for ref in refs if ref not in own)
        if not lost or not realms:
            continue
        mine = name in _EXPECTED
        target = next((one for one in realms if one.name == "default"), realms[0])
        are = "image is" if len(lost) == 1 else "images are"
        yield finding(
            Severity.INFO if mine else Severity.WARNING,
            "image-elsewhere",
            f"{len(lost)} {are} in namespace {name}, and in no realm: {listed(lost)}",
            namespace=name,
            names=lost,
            hint=None
            if mine
            else f"this copies into realm {target.name}; --namespace names another target",
            fix=()
            if mine
            else tuple(copy_line(facts, name, target.namespace, ref) for ref in lost[:MOST_COPIES]),
            found_by=(facts.ran(name, "images", "ls", "-q"),),
        )
