"""Small YAML and JSON files of Kukeon's and ours, read with care.

On this host or, where the path is one of another host (`far_files.py`), as they were fetched.
"""

import stat
from collections.abc import Callable, Mapping
from json import JSONDecodeError
from pathlib import Path

from kuke_ctr.errors import Forbidden, UsageError
from kuke_ctr.parse.json_text import read_json
from kuke_ctr.processes.regular_files import read_regular

LIMIT = 1 << 20
"""The biggest file that is read, in bytes: settings and records have a few hundred."""


def read_text(path: Path) -> str | None:
    """The text of a small regular file; None where there is none.

    Raises Forbidden where it may not be read, UsageError where it is a folder, a FIFO, a device,
    too big or not UTF-8. Nothing but a regular file is opened.
    """
    try:
        return _text_of(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        hint = "run the same command with --sudo"
        raise Forbidden(f"permission denied reading {named(path)}", hint=hint) from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(
            f"{path} is not a text file in UTF-8", hint=f"`file {path}` shows what it is"
        ) from None


def named(path: Path) -> str:
    """The path for a message; that of another host as scp has it: `web3:/opt/kukeon`."""
    far = getattr(path, "far", None)
    return str(path) if far is None else f"{far}:{path}"


def who_may(path: Path) -> str:
    """Advice for somebody who may not read it."""
    far = getattr(path, "far", None) is not None
    return "connect as a user who may read it" if far else "try --sudo"


def _text_of(path: Path) -> str:
    fetched: Callable[[], str] | None = getattr(path, "fetched_text", None)
    if fetched is not None:
        return fetched()
    return read_regular(path, LIMIT, "a settings file or a realm's record").decode()


def is_there(path: Path) -> bool:
    """Whether there is something of this name, be it a link that leads nowhere."""
    try:
        path.lstat()
    except (OSError, ValueError):
        return False
    return True


def is_folder(path: Path) -> bool:
    """Whether this is a folder and no link to one; PermissionError where that can't be told."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except PermissionError:
        raise
    except OSError:
        return False


def documents(path: Path, text: str) -> list[object]:
    """The documents in a YAML or JSON text; UsageError where it is neither, or a trap.

    A trap is what costs more than its length (aliases of aliases, numbers without an end), and a
    key that stands twice: two readers would take another one of them each.
    """
    if text.lstrip().startswith("{"):
        try:
            return [read_json(text, pairs=_without_duplicates)]
        except (JSONDecodeError, _KeyTwice):  # YAML, or its reader tells the line
            pass
        except ValueError as error:
            raise UsageError(f"{path}: {error}") from None
    from kuke_ctr.kukeon.yaml_text import BadYaml, read_yaml

    try:
        return read_yaml(text)
    except BadYaml as error:
        line = f" (line {error.line})" if error.line is not None else ""
        raise UsageError(f"{path} {error.problem}{line}") from None


class _KeyTwice(ValueError):
    """A JSON object has a key twice; YAML has the same rule, and knows lines."""


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _KeyTwice
    return found


def mapping_in(path: Path) -> Mapping[object, object] | None:
    """The one mapping in a file; None where the file does not exist or holds nothing."""
    text = read_text(path)
    if text is None:
        return None
    found = [document for document in documents(path, text) if document is not None]
    if not found:
        return None
    if len(found) > 1 or not isinstance(found[0], dict):
        raise UsageError(f"{path} must be a YAML mapping (`key: value`)")
    return found[0]
