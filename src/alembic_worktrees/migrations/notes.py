"""What is written down as borrowed in a checkout? The records beside the files, and the memory of them.

A record is a `.gitignore`, which git overwrites when a tracked one of that name arrives, and which anybody may remove.
So git's own folder of the worktree has the same entries once more: with paths from the top of the checkout, for all of
its Alembic projects. What only the memory knows goes back into a record at the next run. Reads only.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from .. import git
from ..system.reading import NotReadable, allowed_roots, entries, read_plain
from . import record

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator
    from pathlib import Path

    from ..project.project import Project

MEMORY = "alembic-worktrees.borrowed"


class Note(NamedTuple):
    """One entry: the file that it is about, and the record or memory that it stands in, `record_path`."""

    path: Path
    entry: record.Entry
    record_path: Path


class Notes(NamedTuple):
    """All entries of a checkout, those of the memory first; `records` are the files that look like records of ours."""

    rows: tuple[Note, ...]
    records: tuple[Path, ...]
    memory: Path | None

    def without(self, record_paths: Container[Path]) -> Notes:
        """Return the notes that do not stand in these files."""
        records = tuple(record_path for record_path in self.records if record_path not in record_paths)
        believed = {*records, self.memory}
        return Notes(tuple(row for row in self.rows if row.record_path in believed), records, self.memory)

    def is_whole(self, paths: Iterable[Path]) -> bool:
        """Whether the records and the memory say the same of these files; outside git there is no memory."""
        asked = frozenset(paths)
        rows = [row for row in self.rows if row.path in asked]
        memory = {(row.path, row.entry[1:]) for row in rows if row.record_path == self.memory}
        records = {(row.path, row.entry[1:]) for row in rows if row.record_path != self.memory}
        return self.memory is None or memory == records


def read_notes(project: Project) -> Notes:
    """Read the records in, below and above the version locations, and the memory."""
    roots = allowed_roots(project.root)
    texts = {record_path: _text(record_path, roots) for record_path in _record_paths(project)}
    memory = memory_of(project.root) if project.repository else None
    rows = [Note(project.root / entry.path, entry, memory) for entry in remembered(memory)] if memory else []
    for record_path, text in texts.items():
        rows += [
            Note(record_path.parent / entry.path, entry, record_path) for entry in record.parse(text or "")
        ]
    return Notes(
        tuple(rows), tuple(record_path for record_path, text in texts.items() if text is not None), memory
    )


def memory_of(top: Path) -> Path | None:
    """Return where the memory of the checkout at `top` is, or would be; None if it is no checkout."""
    folder = git.own_folder(top)
    return folder and folder / MEMORY


def remembered(memory: Path) -> tuple[record.Entry, ...]:
    """Return the entries of the memory, with paths from the top of the checkout."""
    return record.parse(_text(memory, allowed_roots(memory.parent)) or "")


def _record_paths(project: Project) -> Iterator[Path]:
    """Yield where a record may be: in each version location, below it, and above it up to the checkout's top."""
    seen: set[Path] = set()
    for location in filter(project.may_read, project.versions):
        for folder in (location, *location.parents):
            if folder in seen or not folder.is_relative_to(project.root):
                break
            seen.add(folder)
            yield folder / record.NAME
        if project.recursive:
            for relative_path, entry in entries(location, recursive=True):
                if "/" in relative_path and entry.name == record.NAME:
                    yield location / relative_path


def _text(path: Path, roots: tuple[str, ...]) -> str | None:
    if os.path.islink(path):
        return None  # git does not read it, and ours never is one
    try:
        text = read_plain(path, roots).decode("utf-8")
    except (NotReadable, UnicodeDecodeError):
        return None
    return text if record.is_record(text) else None
