"""`nerdctl images` and `nerdctl image inspect`."""

from collections.abc import Collection, Iterable, Sequence

from kuke_ctr.backends.ctr import images as of_ctr
from kuke_ctr.backends.ctr.client import Ctr, lines_of
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.tables import listing
from kuke_ctr.backends.nerdctl.asking import outputs
from kuke_ctr.backends.nerdctl.client import Nerdctl
from kuke_ctr.backends.nerdctl.versions import numbers
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.parse.nerdctl.images import (
    ImageRow,
    NativeImage,
    image_of,
    parse_image_rows,
    parse_native_images,
)
from kuke_ctr.processes.calls import Result
from kuke_ctr.records import Image, Listing, Refused

_LS = ("images", "--no-trunc", "--format", "json")
_HIDES = (2, 0, 3)
"""The first nerdctl that can be told, in nerdctl.toml, to hide images of Kubernetes."""

_TOGETHER = 8
"""Images in one call: nerdctl 2.x gives itself five seconds for all of them."""

_BY_DOCUMENT = frozenset(("media_type", "labels", "labels_text"))
"""The fields that only the document of an image has."""


def ls(nerdctl: Nerdctl, namespace: str) -> tuple[str, ...]:
    """The words of the list of a namespace: of all its images, whatever nerdctl.toml says."""
    hides = namespace == "k8s.io" and numbers(nerdctl) >= _HIDES
    return (*_LS, "--kube-hide-dupe=false") if hides else _LS


def fetch(
    nerdctl: Nerdctl, ctr: Ctr, namespaces: Sequence[str], wanted: Collection[str] | None = None
) -> list[Listing[Image] | KukeCtrError]:
    """The images of each namespace, in the order of their references; an error stands in its place.

    nerdctl leaves out images whose content is not complete here: what `ctr images ls -q` has beside
    it comes from ctr, with a note. `wanted` are the fields that are needed (None: all): without
    media type and labels, `image inspect` is only run for images of several platforms.
    """
    every = wanted is None or not _BY_DOCUMENT.isdisjoint(wanted)
    calls = [nerdctl.call(*ls(nerdctl, one), namespace=one) for one in namespaces]
    results = nerdctl.processes.run_all(calls)
    names = _names(ctr, namespaces)
    return [
        _listing(nerdctl, Scope(ctr, namespace), result, of_ctrs, every=every)
        for namespace, result, of_ctrs in zip(namespaces, results, names, strict=True)
    ]


def find(nerdctl: Nerdctl, scope: Scope, refs: Sequence[str]) -> list[Image | None]:
    """The image of each reference, None where there is none; probes, they run in a dry run too.

    What nerdctl does not show comes from ctr (`ctr images ls name==REF`), with a note.
    """
    if not refs:
        return []
    said = nerdctl.run(*ls(nerdctl, scope.namespace), namespace=scope.namespace, probe=True)
    rows = [row for row in _rows(said)[0] if row.name in refs]
    found = {image.ref: image for image in _images(nerdctl, scope.namespace, rows).records}
    missing = [ref for ref in refs if ref not in found]
    for image in filter(None, of_ctr.find(scope, missing)):
        nerdctl.notice(f"note: nerdctl does not show {image.ref}; ctr does")
        found[image.ref] = image
    return [found.get(ref) for ref in refs]


def _names(ctr: Ctr, namespaces: Sequence[str]) -> Sequence[Result | None]:
    """What ctr says of the references; None in a dry run, and where a recording lacks it."""
    if ctr.processes.dry_run:
        return [None for _ in namespaces]
    return ctr.answers([ctr.call("images", "ls", "-q", namespace=one) for one in namespaces])


def _listing(
    nerdctl: Nerdctl, scope: Scope, result: Result, of_ctrs: Result | None, *, every: bool
) -> Listing[Image] | KukeCtrError:
    try:
        rows, refused = _rows(nerdctl.checked(result))
        images = _images(nerdctl, scope.namespace, rows, every=every)
        known = lines_of(scope.ctr.checked(of_ctrs).stdout) if of_ctrs is not None else ()
        listed = {row.name for row in rows}
        hidden = [name for name in known if name not in listed] if not refused else []
        more = [image for image in of_ctr.find(scope, hidden) if image is not None]
    except KukeCtrError as error:
        return error
    if more:
        names = ", ".join(image.ref for image in more[:3])
        rest = f" and {len(more) - 3} more" if len(more) > 3 else ""  # noqa: PLR2004
        nerdctl.notice(
            f"note: nerdctl does not list {names}{rest}, whose content is not complete; ctr does"
        )
    records = sorted((*images.records, *more), key=lambda image: image.ref.encode(errors="replace"))
    return Listing(tuple(records), (*refused, *images.refused))


def _rows(result: Result) -> tuple[list[ImageRow], list[Refused]]:
    """The lines that nerdctl printed, the good ones and the refused ones apart."""
    found = list(parse_image_rows(lines_of(result.stdout)))
    good = [one for one in found if not isinstance(one, Refused)]
    return good, [one for one in found if isinstance(one, Refused)]


def _images(
    nerdctl: Nerdctl, namespace: str, rows: Iterable[ImageRow], *, every: bool = True
) -> Listing[Image]:
    """The records of these lines, with their labels and media types if `every` one needs them."""
    by_name: dict[str, list[ImageRow]] = {}
    for row in rows:
        by_name.setdefault(row.name, []).append(row)
    asked = {name: one[0].digest for name, one in by_name.items() if every or len(one) > 1}
    natives = _natives(nerdctl, namespace, asked)
    found: list[Image | Refused] = []
    for name, its in by_name.items():
        native = natives.get(name)
        if name in asked and (native is None or native.digest != its[0].digest):
            found.append(Refused(0, name, "nerdctl: `image inspect` does not show this image"))
        else:
            found.append(image_of(its, native))
    return listing(found)


def _natives(nerdctl: Nerdctl, namespace: str, wanted: dict[str, str]) -> dict[str, NativeImage]:
    """The native documents of images (name -> digest), by name.

    nerdctl 2.x shows all that have the same digest where one is asked for, and reads
    `kukeon-local:v1` as `docker.io/library/kukeon-local:v1`: such images are found by their digest.
    """
    found: dict[str, NativeImage] = {}

    def look(words: Iterable[str]) -> None:
        for text in outputs(nerdctl, namespace, list(words), _TOGETHER, _inspect):
            found.update({one.name: one for one in parse_native_images(text)})

    look({digest: name for name, digest in reversed(wanted.items())}.values())
    look([name for name in wanted if name not in found])
    look(dict.fromkeys(digest for name, digest in wanted.items() if name not in found))
    return found


def _inspect(names: Sequence[str]) -> tuple[str, ...]:
    return ("image", "inspect", "--mode", "native", *names)
