"""containerd's filters, as ctr's lists take them: comparisons of a field.

containerd takes a field that it does not know, and a regular expression that is none, without a
word: nothing matches then (or, with `!=`, everything). So both are refused before ctr is run. What
containerd itself can't parse it says; then the form that works is the hint.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kuke_ctr.errors import UsageError
from kuke_ctr.processes.shell_words import shell_word

# compiled where there is a filter: most lists have none
_PLAIN = r"[A-Za-z0-9][A-Za-z0-9._:/@-]*"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_PART = rf"(?:[A-Za-z][A-Za-z0-9_]*|{_QUOTED})"
_PATH = rf"{_PART}(?:\.{_PART})*"
_SELECTOR = (
    rf"\s*(?P<path>{_PATH})\s*"
    rf"(?:(?P<op>==|!=|~=)\s*(?P<value>{_QUOTED}|/(?:[^/\\]|\\.)*/|\|(?:[^|\\]|\\.)*\||[^\s,\"]+)\s*)?"
)
_ROUGHLY = r"(?s)(?P<no>!?)(?P<path>.*?)(?P<op>==|!=|~=|=)(?P<value>.*)"
# what Python takes and Go (RE2) does not; and what Go alone takes, which Python can't judge
_NOT_IN_GO = r"\(\?(?:[=!>]|<[=!])|(?<!\\)\\[1-9]"
_GO_ONLY = r"\\[pPzQCa]|\[\[:|\(\?[a-zA-Z]*[UP-]"


class Fields(NamedTuple):
    """What a list can be filtered by: `by` is the field that a filter is mostly about, `known` are
    the fields, below `maps` stands any key. `meant` has the names that people type instead."""

    by: str
    known: tuple[str, ...]
    maps: tuple[str, ...] = ("labels",)
    meant: tuple[tuple[str, str], ...] = ()

    @property
    def listed(self) -> str:
        """For a hint."""
        return ", ".join((*self.known, *(f"{one}.KEY" for one in self.maps)))


IMAGES = Fields(
    "name",
    ("name", "target.digest", "target.mediatype"),
    ("labels", "annotations"),
    (
        *(("digest", "target.digest"), ("media_type", "target.mediatype")),
        *((one, "name") for one in ("ref", "reference", "repository", "tag", "id", "image")),
    ),
)
CONTAINERS = Fields(
    "id",
    ("id", "image", "runtime.name"),
    meant=(("name", "id"), ("container", "id"), ("ancestor", "image"), ("runtime", "runtime.name")),
)
CONTENT = Fields("digest", ("digest",), meant=(("id", "digest"), ("name", "digest")))
ACTIVE = Fields("ref", ("ref",), (), (("name", "ref"), ("id", "ref")))
LEASES = Fields("id", ("id",), meant=(("name", "id"),))
PLUGINS = Fields("id", ("id", "type", "platforms", "capabilities"), (), (("name", "id"),))
SANDBOXES = Fields("id", ("id",), ("labels", "extensions", "runtime"), (("name", "id"),))
EVENTS = Fields("topic", ("topic", "namespace"), ("event",), (("type", "topic"),))


def equal(field: str, value: str) -> str:
    """The filter for exactly this value."""
    if re.fullmatch(_PLAIN, value):
        return f"{field}=={value}"
    return f"{field}=={_quoted(value)}"


def equal_label(key: str, value: str) -> str:
    """The filter for exactly this label; joined with commas, filters must all be true."""
    return equal(f"labels.{_quoted(key)}", value)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'"{escaped}"'


def check(fields: Fields | None, words: Sequence[str]) -> None:
    """Raise UsageError for a filter that compares nothing. Flags among the words are no filters."""
    if fields is None:
        return
    for word in words:
        if not word.startswith("-"):
            for selector in _selectors(word):
                _check_field(fields, word, selector)
                _check_regexp(word, selector)


def _selectors(word: str) -> Iterator[re.Match[str]]:
    """The comparisons of a filter; none where containerd will say that it can't parse it."""
    found, position = [], 0
    while True:
        match = re.compile(_SELECTOR).match(word, position)
        if match is None or word[match.end() : match.end() + 1] not in ("", ","):
            return
        found.append(match)
        position = match.end() + 1
        if position > len(word):
            yield from found
            return


def _check_field(fields: Fields, word: str, selector: re.Match[str]) -> None:
    path = selector["path"].replace('"', "")
    head, dot, rest = path.partition(".")
    if path in fields.known or (head in fields.maps and rest):
        return
    if selector["op"] is None:
        hint = _repaired(fields, word) if "=" in word else hint_for(fields, [word])
        raise UsageError(f"the filter {word!r} compares nothing", hint=hint)
    if head in fields.maps:
        meant = f"{head}.KEY"
    else:
        meant = _meant(fields, path, head, f"{dot}{rest}") or ""
    asks = f"did you mean {shell_word(word.replace(selector['path'], meant, 1))}? " if meant else ""
    raise UsageError(
        f"the filter {word!r} compares {path}, which is not a field of this list",
        hint=f"{asks}fields: {fields.listed}",
    )


def _meant(fields: Fields, path: str, head: str, rest: str) -> str | None:
    from difflib import get_close_matches

    known = dict(fields.meant).get(path.lower())
    if known is not None:
        return known
    lower = {one.lower(): one for one in (*fields.known, *fields.maps)}
    if near := get_close_matches(path.lower(), fields.known, 1):
        return near[0]
    near = get_close_matches(head.lower(), lower, 1)
    return f"{near[0]}{rest}" if near and near[0] in fields.maps and rest else None


def _check_regexp(word: str, selector: re.Match[str]) -> None:
    if selector["op"] != "~=":
        return
    value = selector["value"]
    text = value
    if value[0] in '"/|' and len(value) > 1 and value[-1] == value[0]:
        text = value[1:-1]
        text = re.sub(r'\\(["\\])', r"\1", text) if value[0] == '"' else text
    wrong = _broken(text)
    if wrong is None:
        return
    plain = text.strip("*")
    literal = plain if re.fullmatch(_PLAIN, plain) else _quoted(re.escape(text))
    raise UsageError(
        f"the filter {word!r} has no valid regular expression: {wrong}",
        hint=f"for this very text: {shell_word(selector['path'] + '~=' + literal)}",
    )


def _broken(pattern: str) -> str | None:
    """What is wrong with a regular expression of Go's; None also where nobody can say."""
    if (found := re.search(_NOT_IN_GO, pattern)) is not None:
        return f"containerd's regular expressions have no {found[0]}"
    if re.search(_GO_ONLY, pattern):
        return None
    try:
        re.compile(pattern)
    except re.error as error:
        return None if error.msg.startswith("bad escape \\") else error.msg
    return None


def hint_for(fields: Fields | None, words: Sequence[str]) -> str | None:
    """How to write the first filter that containerd can't parse, or that is no comparison.

    For containerd a plain word is the name of a field, and asks whether that has a value. None
    where nothing is known to be wrong.
    """
    if fields is None:
        return None
    for word in words:
        if word.startswith("-") or (any(_selectors(word)) and "=" in word):
            continue
        if "=" in word:
            return _repaired(fields, word)
        path = word.replace('"', "")
        if path in fields.known or path.partition(".")[0] in fields.maps:
            continue
        exactly = shell_word(equal(fields.by, word))
        part = word if re.fullmatch(_PLAIN, word) else "REGEXP"
        return (
            f"a filter is a comparison: {exactly} for the whole value, {fields.by}~={part} for a "
            "part of it"
        )
    return None


def hint_for_unparsed(fields: Fields | None, words: Sequence[str]) -> str | None:
    """How to write what containerd could not parse; None of a list that takes no filters."""
    if fields is None:
        return None
    return hint_for(fields, words) or (
        f"a filter is FIELD==VALUE, FIELD!=VALUE or FIELD~=REGEXP, values with spaces in double "
        f"quotes: {shell_word(equal(fields.by, 'a b'))}; fields: {fields.listed}"
    )


def _repaired(fields: Fields, word: str) -> str | None:
    """The form of a comparison that containerd can parse."""
    rough = re.fullmatch(_ROUGHLY, word)
    if rough is not None and rough["path"]:
        path = re.sub("[\"']", "", rough["path"].strip())
        head, dot, key = path.partition(".")
        if head in fields.maps and not re.fullmatch(_PATH, path):
            path = f'{head}{dot}"{key}"'
        operator = {"=": "==", "==": "=="}.get(rough["op"], rough["op"])
        operator = "!=" if rough["no"] and operator == "==" else operator
        value = rough["value"].strip()
        if not (value.startswith('"') and re.fullmatch(_QUOTED, value)):
            value = value.strip('"')
            value = value if re.fullmatch(r'[^\s,"]+', value) else _quoted(value)
        repaired = f"{path}{operator}{value}"
        if repaired != word and any(_selectors(repaired)):
            try:
                check(fields, [repaired])
            except UsageError as error:  # `name=web` of a container is no `name==web`
                return error.hint
            return f"the form that works: {shell_word(repaired)}"
    return None
