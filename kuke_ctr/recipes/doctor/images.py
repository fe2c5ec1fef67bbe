"""Checks of images: is all of their content here, and are they where somebody looks for them."""

from collections.abc import Iterator, Sequence

from kuke_ctr.kukeon.realm_files import SYSTEM
from kuke_ctr.recipes.doctor.facts import Facts, finding, listed
from kuke_ctr.recipes.doctor.remedies import MOST_COPIES, copy_line, image_again
from kuke_ctr.records import Finding, Realm, Severity

_OTHERS = ("moby", "k8s.io", "buildkit")
"""Namespaces of other programs, whose images are theirs."""

_BY_MISTAKE = "default"
"""Where `ctr images import` and `pull` put an image if no namespace was named."""


def incomplete(facts: Facts) -> Iterator[Finding]:
    """Images with missing content; one that is unpacked still runs."""
    for name in sorted(facts.spaces):
        space = facts.spaces[name]
        for image in space.image_checks:
            if image.status == "complete" and image.problem is None:
                continue
            hint, fix = image_again(facts, name, image.ref)
            yield finding(
                Severity.WARNING if image.unpacked else Severity.ERROR,
                "image-incomplete",
                f"image {image.ref} lacks content ({image.status} {image.blobs}): "
                + ("only what is unpacked can run" if image.unpacked else "it can't run"),
                realm=space.realm,
                namespace=name,
                names=(image.ref,),
                hint=hint,
                fix=fix,
                found_by=(facts.ran(name, "images", "check", f'name=="{image.ref}"'),),
            )


def _likeliest(facts: Facts, realms: Sequence[Realm]) -> Realm:
    """The realm that commands mean without --realm, else the first that is not Kukeon's own."""
    wanted = [one for one in realms if one.name == facts.usual]
    users = [one for one in realms if one.name not in SYSTEM]
    return next(iter([*wanted, *users, *realms]))


def elsewhere(facts: Facts) -> Iterator[Finding]:
    """Images in a namespace of no realm that no realm has: imported without a namespace, mostly."""
    realms = [one for one in facts.realms if one.exists]
    own = {image.ref for space in facts.of_realms() for image in space.images}
    for name, refs in sorted(facts.elsewhere.items()):
        lost = tuple(ref for ref in refs if ref not in own)
        if not lost or not realms:
            continue
        others = name in _OTHERS
        target = _likeliest(facts, realms)
        are = "image is" if len(lost) == 1 else "images are"
        yield finding(
            Severity.WARNING if name == _BY_MISTAKE else Severity.INFO,
            "image-elsewhere",
            f"{len(lost)} {are} in namespace {name}, and in no realm: {listed(lost)}",
            namespace=name,
            names=lost,
            hint=None
            if others
            else f"if you miss it: this copies into realm {target.name}; --to names another",
            fix=()
            if others
            else tuple(copy_line(facts, name, target.namespace, ref) for ref in lost[:MOST_COPIES]),
            found_by=(facts.ran(name, "images", "ls", "-q"),),
        )
