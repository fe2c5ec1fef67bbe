"""YAML from a file that anybody may have written: no bombs, no key twice, no endless numbers."""

from collections.abc import Iterator
from math import isfinite

import yaml

MOST_VALUES = 100_000
"""How many values a file may have, an alias counted as all that it stands for."""

_LONG_TEXT = 64 << 10
"""Characters; the values of a longer text are counted before they take up memory."""

_LONGEST_NUMBER = 40
"""Characters of a number."""

_MOST_TAGS = 100
"""Declarations of tags (`%TAG`): libyaml compares each with all before it."""

_UNUSABLE = "has a value, a tag or a key that cannot be used"

_CParser: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# what PyYAML raises where a value does not fit the tag before it
_UNFIT = (ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError)


class BadYaml(Exception):
    """The text can't be used; `line` counts from 1, None where it is not known."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line


class _Loader(_CParser):  # type: ignore[valid-type, misc]
    """The safe loader, with numbers of a bounded length."""

    def bounded_int(self, node: yaml.ScalarNode) -> int:
        if len(node.value) > _LONGEST_NUMBER:
            raise ValueError("a number is too long")
        return int(self.construct_yaml_int(node))

    def bounded_float(self, node: yaml.ScalarNode) -> float:
        number = float(self.construct_yaml_float(node))
        if len(node.value) > _LONGEST_NUMBER or not isfinite(number):
            raise ValueError("a number is too large")
        return number


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.bounded_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.bounded_float)


def read_yaml(text: str) -> list[object]:
    """The documents in a YAML text; BadYaml where it has none, or such that are not to be used."""
    if text.count("%TAG") > _MOST_TAGS:
        raise BadYaml(f"declares more than {_MOST_TAGS} tags")
    loader = _Loader(text)
    found: list[object] = []
    try:
        if len(text) > _LONG_TEXT:
            _count(text)
        for node in _nodes(loader):
            _check(node)
            try:
                found.append(loader.construct_document(node))
            except _UNFIT:
                raise BadYaml(_UNUSABLE, node.start_mark.line + 1) from None
    except yaml.constructor.ConstructorError as error:
        raise BadYaml(_UNUSABLE, _line(error)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadYaml("is neither YAML nor JSON", _line(error)) from None
    finally:
        loader.dispose()
    return found


def _count(text: str) -> None:
    for count, _ in enumerate(yaml.parse(text, Loader=_CParser)):
        if count > MOST_VALUES:
            raise BadYaml(f"has more than {MOST_VALUES} values")


def _nodes(loader: _Loader) -> Iterator[yaml.Node]:
    while loader.check_node():
        yield loader.get_node()


def _line(error: Exception) -> int | None:
    mark = getattr(error, "problem_mark", None)
    return None if mark is None else mark.line + 1


def _check(top: yaml.Node) -> None:
    """Refuse keys that stand twice, and aliases that stand for too much or for themselves."""
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()
    waiting: list[tuple[yaml.Node, bool]] = [(top, False)]
    while waiting:
        node, done = waiting.pop()
        if id(node) in sizes:
            continue
        children = _children(node)
        if done:
            open_nodes.discard(id(node))
            sizes[id(node)] = 1 + sum(sizes[id(child)] for child in children)
            if sizes[id(node)] > MOST_VALUES:
                raise BadYaml(f"has more than {MOST_VALUES} values", node.start_mark.line + 1)
            continue
        if id(node) in open_nodes:
            raise BadYaml("has an alias that contains itself", node.start_mark.line + 1)
        open_nodes.add(id(node))
        _check_keys(node)
        waiting.append((node, True))
        waiting += [(child, False) for child in children]


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [one for pair in node.value for one in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _check_keys(node: yaml.Node) -> None:
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value in seen:
            raise BadYaml(f"has the key {key.value[:60]!r} twice", key.start_mark.line + 1)
        if isinstance(key, yaml.ScalarNode):
            seen.add(key.value)
