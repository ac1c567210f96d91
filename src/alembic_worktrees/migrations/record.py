"""The record of borrowed files: a `.gitignore` that ignores itself and them (DESIGN, rule 7). Text in, text out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ..system.reading import is_sound
from ..system.writing import TEMPORARY

if TYPE_CHECKING:
    from collections.abc import Iterable


NAME = ".gitignore"
_HEADER = """\
# Written by alembic-worktrees: migrations borrowed from other checkouts, because the shared database has them.
# Git ignores them and lets the originals replace them. This file is rewritten at each run; do not edit it.
"""
_OWN_PATTERNS = f"/{NAME}\n{TEMPORARY}*\n"  # the temporary files may lie further down
_SPECIAL = re.compile(r"([\\*?\[\]!#])")
_ORIGIN_KEYS = ("kind", "name", "commit", "path")


class Origin(NamedTuple):
    """Where a copy was found: `kind` is checkout, ref, archive, stash, reflog or unreachable."""

    kind: str
    name: str
    commit: str | None
    path: str


class Entry(NamedTuple):
    """One borrowed file: `path` is relative to the record's folder, `sha256` is of the bytes as borrowed."""

    path: str
    revision: str
    origin: Origin
    sha256: str


def sha256(content: bytes) -> str:
    """Return the hash that the record keeps of a borrowed file."""
    import hashlib

    return hashlib.sha256(content).hexdigest()


def is_record(text: str) -> bool:
    """Tell our record from a `.gitignore` of somebody else."""
    return text.startswith(_HEADER.splitlines()[0])


def render(entries: Iterable[Entry]) -> str:
    """Return the text of the record for `entries`, in the order of their paths."""
    ordered = sorted(entries, key=lambda entry: entry.path)
    return _HEADER + _OWN_PATTERNS + "".join(_render_entry(entry) for entry in ordered)


def _render_entry(entry: Entry) -> str:
    import json

    about = {
        "revision": entry.revision,
        "origin": entry.origin._asdict(),
        "sha256": entry.sha256,
        "path": entry.path,
    }
    return f"# {json.dumps(about)}\n{pattern(entry.path)}\n"  # in ASCII: a folder's name may be any bytes


def pattern(path: str) -> str:
    r"""Return the gitignore line that matches `path` alone: anchored, with `\` before what is special."""
    escaped = _SPECIAL.sub(r"\\\1", path)
    trailing = len(escaped) - len(escaped.rstrip(" "))
    return "/" + escaped.rstrip(" ") + "\\ " * trailing


def can_record(path: str) -> bool:
    """Tell whether a record may name `path`: a `.gitignore` has no way to write a line break; nothing leads out."""
    return path.isprintable() and is_sound(path)


def parse(text: str) -> tuple[Entry, ...]:
    """Return the entries of a record; lines that we did not write are passed over."""
    return tuple(
        entry for line in text.splitlines() if line.startswith("# {") and (entry := _parse_entry(line[2:]))
    )


def _parse_entry(line: str) -> Entry | None:
    import json

    try:
        about = json.loads(line)
        origin = Origin(*(about["origin"][key] for key in _ORIGIN_KEYS))
        entry = Entry(about["path"], about["revision"], origin, about["sha256"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    strings = (entry.path, entry.revision, entry.sha256, origin.kind, origin.name, origin.path)
    sound = all(isinstance(value, str) for value in strings) and isinstance(origin.commit, str | None)
    return entry if sound and can_record(entry.path) else None
