"""An image as a tree of lines: what `images inspect` shows to people."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from kuke_ctr.parse.units import in_units
from kuke_ctr.processes.shell_words import shell_line
from kuke_ctr.records.image_details import (
    HistoryStep,
    ImageConfig,
    ImageDetails,
    ImageLayer,
    ImageNode,
    NodeKind,
)
from kuke_ctr.render import escape

_SHORT_DIGEST = len("sha256:") + 12
_SHORT_STEP = 60


@dataclass(slots=True)
class _Branch:
    """A line, lines of details below it, and branches below those."""

    title: str
    details: list[tuple[str, str]] = field(default_factory=list)
    below: "list[_Branch]" = field(default_factory=list)


def tree_lines(image: ImageDetails, *, wide: bool) -> Iterator[str]:
    """The lines; digests, annotations, and the steps of the build are whole with `wide`."""
    yield from _draw(_Painter(image.missing, wide=wide).image(image), "", "")


def _draw(branch: _Branch, first: str, rest: str) -> Iterator[str]:
    """A branch with what is below it: `first` stands before its title, `rest` before the rest."""
    yield f"{first}{escape(branch.title)}"
    bar = f"{rest}│  " if branch.below else f"{rest}   "
    width = max((len(name) for name, _ in branch.details), default=0)
    for name, value in branch.details:
        yield f"{bar}{name:<{width}}  {escape(value)}"
    for one in branch.below:
        last = one is branch.below[-1]
        corner, stem = ("└─ ", "   ") if last else ("├─ ", "│  ")
        yield from _draw(one, rest + corner, rest + stem)


class _Painter:
    def __init__(self, missing: Collection[str], *, wide: bool) -> None:
        self._missing = missing
        self._wide = wide

    def image(self, image: ImageDetails) -> _Branch:
        """The whole image."""
        details = [("digest", image.digest)]
        if image.platforms:
            details.append(("platforms", ", ".join(image.platforms)))
        details.append(("size", _exact(image.size_bytes)))
        details += [("label", f"{name}={value}") for name, value in image.labels.items()]
        details.append(("complete", "yes" if image.complete else "NO"))
        return _Branch(image.ref, details, [self._node(image.target)])

    def _node(self, node: ImageNode) -> _Branch:
        size = _exact(node.size_bytes) if node.size_bytes is not None else ""
        words = [node.kind.value, node.platform or "", self._digest(node.digest), size]
        if node.digest in self._missing:
            words.append("MISSING")
        elif not (node.pulled or self._lacks_parts(node)):
            words.append("not pulled")
        details: list[tuple[str, str]] = []
        if self._wide or node.kind is NodeKind.OTHER:
            details.append(("type", node.media_type))
        if node.artifact_type is not None:
            details.append(("artifact", node.artifact_type))
        if node.subject is not None:
            details.append(("subject", self._digest(node.subject)))
        if self._wide:
            details += [("annotation", f"{k}={v}") for k, v in node.annotations.items()]
        details += [("PROBLEM", problem) for problem in node.problems]
        below = [self._config(node.config)] if node.config is not None else []
        below += [self._layer(i, layer) for i, layer in enumerate(node.layers, start=1)]
        below += [self._node(one) for one in node.manifests]
        return _Branch(_joined(words), details, below)

    def _lacks_parts(self, node: ImageNode) -> bool:
        return node.config is not None and node.config.digest in self._missing

    def _config(self, config: ImageConfig) -> _Branch:
        words = ["config", self._digest(config.digest), _exact(config.size_bytes)]
        if config.digest in self._missing:
            words.append("MISSING")
        pairs = [
            ("created", config.created),
            ("author", config.author),
            ("entrypoint", _argv(config.entrypoint)),
            ("command", _argv(config.command)),
            *(("env", one) for one in config.environment),
            ("directory", config.working_dir),
            ("user", config.user),
            ("signal", config.stop_signal),
            ("ports", ", ".join(config.exposed_ports)),
            ("volumes", ", ".join(config.volumes)),
            *(("label", f"{name}={value}") for name, value in config.labels.items()),
        ]
        if self._wide:
            pairs += [("type", config.media_type)]
            pairs += [("history", _step(step)) for step in config.history]
        return _Branch(_joined(words), [(name, value) for name, value in pairs if value])

    def _layer(self, number: int, layer: ImageLayer) -> _Branch:
        words = [f"layer {number}", self._digest(layer.digest), _exact(layer.size_bytes)]
        words.append(layer.compression or layer.media_type)
        if layer.digest in self._missing:
            words.append("MISSING")
        step = layer.created_by
        if step is not None and not self._wide:
            words.append(step if len(step) <= _SHORT_STEP else f"{step[:_SHORT_STEP]}…")
        details: list[tuple[str, str]] = []
        if self._wide:
            details = [("type", layer.media_type)]
            details += [("unpacked", layer.diff_id)] if layer.diff_id is not None else []
            details += [("created by", step)] if step is not None else []
            details += [("annotation", f"{k}={v}") for k, v in layer.annotations.items()]
        return _Branch(_joined(words), details)

    def _digest(self, digest: str) -> str:
        return digest if self._wide else digest[:_SHORT_DIGEST]


def _joined(words: Sequence[str]) -> str:
    return "  ".join(word for word in words if word)


def _exact(size: int) -> str:
    """`1028710 bytes (1004.6 KiB)`."""
    return f"{size} bytes" if size < 1024 else f"{size} bytes ({in_units(size)})"  # noqa: PLR2004


def _argv(words: Sequence[str] | None) -> str | None:
    return None if words is None else shell_line(words)


def _step(step: HistoryStep) -> str:
    parts = (step.created, step.created_by or step.comment, "(no layer)" * step.empty_layer)
    return _joined([part or "" for part in parts])
