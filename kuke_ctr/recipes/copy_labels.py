"""The labels that go with an image: those that somebody has given it, not containerd's or CRI's."""

from kuke_ctr.backends.ctr import filters, images
from kuke_ctr.backends.ctr.client import lines_of
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import Unreadable
from kuke_ctr.records import Image

_OF_CONTAINERD = ("containerd.io/", "io.cri-")


def own_labels(image: Image) -> dict[str, str]:
    """The labels that are the image's own."""
    return {
        key: value
        for key, value in image.labels.items()
        if key and value and not key.startswith(_OF_CONTAINERD)
    }


def copy_labels(source: Scope, image: Image, target: Scope, name: str, *, force: bool) -> bool:
    """Give an image of the target the labels of one in the source; whether it lacked any.

    `ctr images label`. A label that it has already keeps its value, unless `force`. Raises
    Unreadable for labels that ctr's list does not show exactly.
    """
    own = own_labels(image)
    if not own:
        return False
    exactly = [
        filters.equal("name", image.ref),
        *(filters.equal_label(key, value) for key, value in own.items()),
    ]
    said = source.run("images", "ls", "-q", ",".join(exactly), probe=True)
    if image.ref not in lines_of(said.stdout):
        raise Unreadable(
            f"the labels of {image.ref} are not clear in ctr's list: {image.labels_text}",
            hint=f"to set them: {target.line('images', 'label', name, 'KEY=VALUE')}",
        )
    (there,) = images.find(target, [name])
    has = there.labels if there is not None else {}
    wanted = [
        f"{key}={value}"
        for key, value in own.items()
        if key not in has or (force and has[key] != value)
    ]
    if wanted:
        target.change("images", "label", *images.positional(name, *wanted))
    return bool(wanted)
