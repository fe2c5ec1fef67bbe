"""Small YAML and JSON files of Kukeon's and ours, read with care."""

import json
import os
import stat
from pathlib import Path

from kuke_ctr.errors import Forbidden, UsageError

LIMIT = 1 << 20
"""The biggest file that is read, in bytes: settings and records have a few hundred."""


def read_text(path: Path) -> str | None:
    """The text of a small regular file; None where there is none.

    Raises Forbidden where it may not be read, UsageError where it is a folder, a device, too big or
    not UTF-8. A FIFO does not hang.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        hint = "run the same command with sudo"
        raise Forbidden(f"permission denied reading {path}", hint=hint) from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    try:
        _check_kind(path, os.fstat(descriptor))
        return os.read(descriptor, LIMIT).decode()
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not a text file") from None
    finally:
        os.close(descriptor)


def _check_kind(path: Path, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise UsageError(
            f"{path} is a directory, not a file", hint="name the file in this directory"
        )
    if not stat.S_ISREG(found.st_mode):
        raise UsageError(f"{path} is not a regular file")
    if found.st_size > LIMIT:
        size = f"{found.st_size / 1e6:.0f} MB"
        raise UsageError(
            f"{path} has {size}, which is too large for a settings file or a realm's record"
        )


def documents(path: Path, text: str) -> list[object]:
    """The documents in a YAML or JSON text; UsageError where it is neither."""
    if text.lstrip().startswith("{"):
        try:
            return [json.loads(text)]  # most records are JSON: YAML need not be loaded for them
        except ValueError:
            pass
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return list(yaml.load_all(text, Loader=loader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark is not None else ""
        raise UsageError(f"{path} is neither YAML nor JSON{where}") from None


def read_document(path: Path) -> dict[str, object] | None:
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


def text_at(document: object, *keys: str) -> str | None:
    """The text at a path of keys; None where it is missing, empty or no text."""
    for key in keys:
        if not isinstance(document, dict):
            return None
        document = document.get(key)
    return document if isinstance(document, str) and document else None
