"""Which image a text means: its name, or its digest as `images ls` shows it."""

import re
from collections.abc import Sequence

from kuke_ctr.backends.ctr import images
from kuke_ctr.backends.ctr.filters import equal
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.tables import fetch, whole
from kuke_ctr.errors import UsageError
from kuke_ctr.parse.image_patterns import repository
from kuke_ctr.records import Image

_FRONT = re.compile(r"(?:sha\d+:)?[0-9a-f]{4,128}")
_OF_NAME = re.compile(r"(?P<name>[^@]+)@(?P<digest>sha\d+:[0-9a-f]{4,128})")
_NO_NAME = re.compile(r"sha\d+:|.*@sha\d+:")
"""What a name starts with that is nothing but a digest, or has one."""

_SHORT_DIGEST = len("sha256:") + 12
_SHOWN = 5


class SeveralNames(UsageError):
    """A digest stands for one of the names of an image, and it is not known for which."""

    def __init__(self, text: str, names: Sequence[str]) -> None:
        super().__init__(
            f"{text} is an image with {len(names)} names: {', '.join(names)}; nothing was changed",
            hint="use the name that you mean",
        )
        self.names = tuple(names)


def whole_ref(scope: Scope, text: str, *, one_name: bool = False) -> str:
    """As `whole_refs`, of one image."""
    return whole_refs(scope, [text], one_name=one_name)[0]


def whole_refs(scope: Scope, texts: Sequence[str], *, one_name: bool = False) -> list[str]:
    """The name of the image that each text means.

    A name that exists always means itself. A digest, the front of one (4 characters or more, with
    or without `sha256:`) and `NAME@DIGEST` mean the image with that digest; of several names a
    tag is taken, or with `one_name` none. Without such a text no call is made. What means nothing
    comes back as it is. UsageError for what means several images.
    """
    asked = [text for text in texts if _FRONT.fullmatch(text) or _OF_NAME.fullmatch(text)]
    if not asked:
        return list(texts)
    existing = images.names(scope)
    found = {text: _name_of(scope, text, one_name) for text in asked if text not in existing}
    return [found.get(text, text) for text in texts]


def digest_filter(word: str) -> str | None:
    """The filter for the images whose digest a word can be; None for a word that is no digest."""
    of_name = _OF_NAME.fullmatch(word)
    if of_name or _FRONT.fullmatch(word):
        return _digest_filter(of_name["digest"] if of_name else word)
    return None


def as_filters(words: Sequence[str]) -> list[str]:
    """The filters for `ctr images ls`, where a digest or the front of one may stand too.

    For containerd a word alone asks whether a field of that name has a value.
    """
    return [one for word in words for one in _as_filters(word)]


def _as_filters(word: str) -> list[str]:
    of_digest = digest_filter(word)
    return [word] if of_digest is None else [equal("name", word), of_digest]


def _digest_filter(digest: str) -> str:
    return f'target.digest~="^{_front(digest)}"'


def _front(digest: str) -> str:
    return digest if ":" in digest else f"sha256:{digest}"


def _name_of(scope: Scope, text: str, one_name: bool) -> str:
    matching = _matching(scope, text)
    if not matching:
        return text
    if len({image.digest for image in matching}) > 1:
        raise UsageError(
            f"{text} is the beginning of the digests of {len(matching)} images",
            hint="type more of the digest, or a name: "
            + ", ".join(
                f"{image.digest[:_SHORT_DIGEST]} ({image.ref})" for image in matching[:_SHOWN]
            ),
        )
    names = sorted((image.ref for image in matching), key=lambda ref: bool(_NO_NAME.match(ref)))
    if one_name and len(names) > 1:
        raise SeveralNames(text, names)
    return names[0]


def _matching(scope: Scope, text: str) -> list[Image]:
    """The images whose digest a text can be (`ctr images ls target.digest~=...`); a probe."""
    of_name = _OF_NAME.fullmatch(text)
    digest = of_name["digest"] if of_name else text
    filters = [_digest_filter(digest)]
    if of_name is None:  # Kubernetes has names that are digests
        filters.append(f'name~="^{_front(digest)}"')
    (answer,) = fetch(scope.ctr, images.LS, [scope.namespace], filters, probe=True)
    rows = whole(answer)
    if of_name is None:
        return list(rows)
    wanted = repository(of_name["name"])
    return [image for image in rows if repository(image.ref) == wanted]
