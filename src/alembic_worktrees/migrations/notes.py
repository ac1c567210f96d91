"""What is written down as borrowed in a checkout? The records beside the files, and the memory of them.

A record is a `.gitignore`, which git overwrites when a tracked one of that name arrives, and which anybody may remove.
So git's own folder of the worktree has the same entries once more: with paths from the top of the checkout, for all of
its Alembic projects. What only the memory knows goes back into a record at the next run. Reads only.
"""

from __future__ import annotations

import os
from itertools import chain
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
    found = {path: noted(path, path.parent, roots) for path in _record_paths(project)}
    records = {path: rows for path, rows in found.items() if rows is not None}
    memory = memory_of(project.root) if project.repository else None
    return Notes(
        (*remembered(memory, project.root), *chain.from_iterable(records.values())), tuple(records), memory
    )


def memory_of(top: Path) -> Path | None:
    """Return where the memory of the checkout at `top` is, or would be; None if it is no checkout."""
    folder = git.own_folder(top)
    return folder and folder / MEMORY


def remembered(memory: Path | None, top: Path) -> tuple[Note, ...]:
    """Return what the memory of the checkout at `top` notes."""
    return (memory and noted(memory, top, allowed_roots(memory.parent))) or ()


def noted(record_path: Path, folder: Path, roots: tuple[str, ...]) -> tuple[Note, ...] | None:
    """Return what a record, or the memory, notes of files in this folder; None if it is none of ours."""
    if os.path.islink(record_path):
        return None  # git does not read it, and ours never is one
    try:
        text = read_plain(record_path, roots).decode("utf-8")
    except (NotReadable, UnicodeDecodeError):
        return None
    if not record.is_record(text):
        return None
    return tuple(Note(folder / entry.path, entry, record_path) for entry in record.parse(text))


def _record_paths(project: Project) -> Iterator[Path]:
    """Yield where a record may be: in each version location, below it, and above it up to the checkout's top."""
    seen: set[Path] = set()
    for location in filter(project.may_read, project.versions):
        for folder in (location, *location.parents):
            if folder in seen or not folder.is_relative_to(project.root):
                break
            seen.add(folder)
            yield folder / record.NAME
        if project.config.recursive:
            for relative_path, entry in entries(location, recursive=True):
                if "/" in relative_path and entry.name == record.NAME:
                    yield location / relative_path
