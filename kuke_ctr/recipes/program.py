"""What a new container runs: the image's ENTRYPOINT and the words that were typed, as in docker.

ctr alone runs typed words instead of ENTRYPOINT and Cmd.
"""

from collections.abc import Sequence

from kuke_ctr.backends.ctr import content, images
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import KukeCtrError, UsageError
from kuke_ctr.parse.manifest import Config, Descriptor, kind_of, read_config, read_document
from kuke_ctr.recipes.platforms import host_platform, serves
from kuke_ctr.records.image_details import NodeKind

_DEEPEST = 4
"""Documents on the way to a configuration; a real image has an index and a manifest."""


def program_of(
    scope: Scope,
    image: str,
    command: Sequence[str],
    entrypoint: str | None = None,
    platform: str | None = None,
) -> list[str]:
    """The program and its arguments for ctr; empty where ctr takes all of it from the image.

    `image` is empty for a container without one. `entrypoint` stands in place of the image's, and
    of its Cmd; an empty one is none at all. To read the image's takes `ctr images ls` and two or
    three times `ctr content get`, all of them probes. What can't be read is left to ctr, which says
    what is wrong. UsageError where nothing is left to run.
    """
    if entrypoint is not None:
        words = [*([entrypoint] if entrypoint else []), *command]
        if not words:
            raise UsageError(
                "with an empty --entrypoint there is nothing to run",
                hint="write the program and its arguments after IMAGE",
            )
        return words
    if not command or not image:
        return list(command)
    platform = platform or host_platform(scope.ctr)
    try:
        config = config_of(scope, image, platform)
    except KukeCtrError:
        config = None
    own = config.entrypoint if config is not None else None
    return [*(own or ()), *command]


def config_of(scope: Scope, image: str, platform: str) -> Config | None:
    """The configuration of an image for a platform; None where that, or a part of it, is not here.

    Raises the KukeCtrErrors of the calls.
    """
    (found,) = images.find(scope, [image])
    if found is None:
        return None
    at: Descriptor | None = Descriptor(found.media_type, found.digest)
    for _ in range(_DEEPEST):
        if at is None:
            return None
        (data,) = content.read(scope, [at.digest])
        if data is None:
            return None
        document = read_document(data, at)
        if document.kind is NodeKind.INDEX:
            at = _for_platform(document.manifests, platform)
        elif document.config is not None:
            (config,) = content.read(scope, [document.config.digest])
            return read_config(config) if config is not None else None
        else:
            return None
    return None


def _for_platform(manifests: Sequence[Descriptor], platform: str) -> Descriptor | None:
    """The manifest that ctr takes: of that very platform, else one that serves it."""
    fits = [
        one
        for one in manifests
        if kind_of(one) is not NodeKind.ATTESTATION
        and (one.platform is None or serves(platform, one.platform))
    ]
    exact = [one for one in fits if one.platform == platform]
    return next(iter((*exact, *fits)), None)
