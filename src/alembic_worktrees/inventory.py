"""What is here? Project → Inventory: the migration files of one checkout, each its own or borrowed."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from . import git, record
from .files import NotReadable, read_plain, walk
from .revision import Revision, Unreadable, is_migration_name, read_revision

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from .project import Project

read_once = lru_cache(maxsize=None)(read_revision)  # checkouts hold the same files over and over


class Migration(NamedTuple):
    """A migration file: `path` is `location`, a version location, joined with `below`."""

    revision: Revision
    content: bytes
    path: Path
    location: Path
    below: str


class Borrowed(NamedTuple):
    """A borrowed file as it is, and the entry that says how it came; `record` is the file of that entry."""

    migration: Migration
    entry: record.Entry
    record: Path


class Stepped(NamedTuple):
    """A path that was stepped over, and why: a stable word of `messages.py`, with detail."""

    path: Path
    reason: str
    detail: str = ""


def unreadable(place: Path, error: OSError) -> Stepped:
    """Return what to say of a neighbour at `place` that the machine does not let us read."""
    reason = "denied" if isinstance(error, PermissionError) else "failing"
    return Stepped(place / (error.filename or ""), reason, error.strerror or "")


class Inventory(NamedTuple):
    """All that lies in the version locations of one checkout."""

    own: tuple[Migration, ...]  # the checkout's own files, and borrowed ones that were edited here
    borrowed: tuple[Borrowed, ...]  # unchanged since they were borrowed
    edited: tuple[Borrowed, ...]  # changed here since they were borrowed; also in `own`
    arrived: tuple[Borrowed, ...]  # since tracked by git; also in `own`
    records: tuple[Path, ...]  # every record file, also those with nothing left in them
    stepped: tuple[Stepped, ...]

    @property
    def all(self) -> tuple[Migration, ...]:
        """Every migration that Alembic loads here."""
        return self.own + tuple(borrowed.migration for borrowed in self.borrowed)


def take_inventory(project: Project) -> Inventory:
    """Read every migration file of `project`, and the record of the borrowed ones."""
    texts = {path: text for path in _record_paths(project) if (text := _record_text(path)) is not None}
    rows = [
        (place.parent / entry.path, entry, place)
        for place, text in texts.items()
        for entry in record.parse(text)
    ]
    entries = {path: (entry, place) for path, entry, place in rows}
    stepped = [Stepped(path, "not-a-file") for path in _folders_named_as_files(project)]
    migrations = {migration.path: migration for migration in _read_all(project, entries, stepped)}
    for (
        path,
        entry,
        place,
    ) in rows:  # two of a path, where a refresh was killed: the one of what is there counts
        if path in migrations and sha256(migrations[path].content) == entry.sha256:
            entries[path] = entry, place
    listed = [Borrowed(migrations[path], *entry) for path, entry in entries.items() if path in migrations]
    arrived_paths = (
        git.tracked(project.root, [row.migration.path for row in listed]) if project.repository else ()
    )
    arrived = tuple(row for row in listed if row.migration.path in arrived_paths)
    waiting = [row for row in listed if row.migration.path not in arrived_paths]
    edited = tuple(row for row in waiting if sha256(row.migration.content) != row.entry.sha256)
    borrowed = tuple(row for row in waiting if sha256(row.migration.content) == row.entry.sha256)
    not_own = {row.migration.path for row in borrowed}
    own = tuple(migration for migration in migrations.values() if migration.path not in not_own)
    return Inventory(own, borrowed, edited, arrived, tuple(texts), tuple(stepped))


def sha256(content: bytes) -> str:
    """Return the hash that the record keeps of a borrowed file."""
    return hashlib.sha256(content).hexdigest()


def migration_paths(project: Project) -> Iterator[tuple[Path, str]]:
    """Yield (version location, path below it) of each file that Alembic would load, in Alembic's order."""
    seen: set[str] = set()
    for location in project.versions:
        for below in walk(location, recursive=project.recursive):
            if is_migration_name(os.path.basename(below)):
                real = os.path.realpath(location / below)  # as ScriptDirectory._load_revisions does
                if real not in seen:
                    seen.add(real)
                    yield location, below


def _read_all(
    project: Project, entries: Mapping[Path, tuple[record.Entry, Path]], stepped: list[Stepped]
) -> Iterator[Migration]:
    for location, below in migration_paths(project):
        path = location / below
        try:
            content = read_plain(path, project.root)
            yield Migration(read_once(content, path.name), content, path, location, below)
        except NotReadable as error:
            stepped.append(Stepped(path, error.reason))
        except Unreadable as error:
            stepped.append(Stepped(path, error.reason, error.detail))
            if path in entries:  # a copy that was broken here: it is still the one that was borrowed
                revision = Revision(entries[path][0].revision, (), (), (), opaque=True)
                yield Migration(revision, content, path, location, below)


def _folders_named_as_files(project: Project) -> Iterator[Path]:
    """Yield the folders that look like migrations at first sight; Alembic passes over them too."""
    for location in project.versions if not project.recursive else ():
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(location) as entries:
            for entry in entries:
                if is_migration_name(entry.name) and entry.is_dir(follow_symlinks=False):
                    yield location / entry.name


def _record_paths(project: Project) -> Iterator[Path]:
    """Yield where a record may be: in each version location, below it, and above it up to the checkout's top."""
    seen: set[Path] = set()
    for location in project.versions:
        for folder in (location, *location.parents):
            if folder in seen or not folder.is_relative_to(project.root):
                break
            seen.add(folder)
            yield folder / record.NAME
        if project.recursive:
            for below in walk(location, recursive=True):
                if "/" in below and os.path.basename(below) == record.NAME:
                    yield location / below


def _record_text(path: Path) -> str | None:
    try:
        text = read_plain(path, path.parent).decode("utf-8")
    except (NotReadable, UnicodeDecodeError):
        return None
    return text if record.is_record(text) else None
