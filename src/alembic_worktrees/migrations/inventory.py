"""What is here? Project → Inventory: the migration files of one checkout, each its own or borrowed."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from .. import git
from ..messages import WARN, Message, _
from ..system.reading import NotReadable, entries, read_directly, read_plain
from .commented import commented_out, uncommented
from .graph import Graph, Node
from .notes import read_notes
from .reasons import why
from .record import Entry, sha256
from .revision import Revision, Unreadable, is_migration_name, read_file
from .sourceless import is_compiled, without_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from ..project.project import Project
    from .notes import Note, Notes
    from .record import Origin


class Migration(NamedTuple):
    """A migration file: it lies in `location`, a version location, at `relative_path`."""

    revision: Revision
    content: bytes
    location: Path
    relative_path: str
    commented_out: bool = False

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.location / self.relative_path

    @property
    def on_disk(self) -> bytes:
        """The bytes of the file there."""
        out = commented_out(self.content, self.path.name) if self.commented_out else None
        return out or self.content


class Borrowed(NamedTuple):
    """A borrowed file as it is, and the entry that says how it came; `record_path` has that entry."""

    migration: Migration
    entry: Entry
    record_path: Path
    staged: bool = False  # in the index, and neither git nor `adopt` has put it there

    @property
    def revision(self) -> str:
        """The id of its revision."""
        return self.entry.revision

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.migration.path

    @property
    def about(self) -> dict[str, object]:
        """What a message may say of it; `origin` is a name."""
        return {"revision": self.revision, "origin": self.entry.origin.name, "path": self.path}

    @property
    def intact(self) -> bool:
        """Whether it has the bytes that were borrowed."""
        return sha256(self.migration.content) == self.entry.sha256


def from_origin(name: str, origin: str) -> Message:
    """Return a revision, or a file, with the name of where it was borrowed from."""
    return Message(_("{revision} (borrowed from {origin})"), {"revision": name, "origin": origin})


class Skipped(NamedTuple):
    """A path that was skipped, and why: a stable word of `reasons.py`, with detail; and what was read there."""

    path: Path
    reason: str
    detail: str = ""
    content: bytes = b""

    @property
    def message(self) -> Message:
        """What to say of it."""
        return Message(_("Skipped {path}: {reason}"), {"path": self.path, "reason": why(self.reason)}, WARN)

    def may_be(self, revision: str) -> bool:
        """Whether this is a file that, once it is mended, may be the migration of this id."""
        named = revision in self.path.name or revision.encode(errors="replace") in self.content
        return named and (is_migration_name(self.path.name) or is_compiled(self.path.name))


class _Found(NamedTuple):
    own: tuple[Migration, ...]  # the checkout's own files, and borrowed ones that were edited here
    borrowed: tuple[Borrowed, ...]  # unchanged since they were borrowed
    edited: tuple[Borrowed, ...]  # changed here since they were borrowed, or staged; also in `own`
    arrived: tuple[Borrowed, ...]  # since tracked by git; also in `own`
    records: tuple[Path, ...]  # every record file, also those with nothing left in them
    skipped: tuple[Skipped, ...]
    others: tuple[Note, ...] = ()  # of files that are not this project's
    whole: bool = True  # the records and the memory know the same
    taken: tuple[Borrowed, ...] = ()  # copies that somebody made by hand; also in `borrowed`


class Inventory(_Found):
    """All that lies in the version locations of one checkout; since it never changes, its graphs are made once."""

    @property
    def copies(self) -> tuple[Borrowed, ...]:
        """All that is borrowed, as it came or edited since."""
        return (*self.borrowed, *self.edited)

    @cached_property
    def origins(self) -> Mapping[str, str]:
        """The name of the one whom each borrowed revision is from."""
        return {row.entry.revision: row.entry.origin.name for row in self.copies}

    @property
    def forgotten(self) -> tuple[Borrowed, ...]:
        """What no record has any more, so that git does not ignore it."""
        rows = (row for row in self.copies if row not in self.taken)
        return tuple(row for row in rows if row.record_path not in self.records and not row.staged)

    def taking_over(self, origins: Mapping[Path, Origin]) -> Inventory:
        """Return the inventory with the own files at these paths as borrowed from there, which is yet to be noted."""
        taken = tuple(
            Borrowed(one, Entry(path.name, one.revision.id, origins[path], sha256(one.content)), path)
            for one in self.own
            if (path := one.path) in origins
        )
        if not taken:
            return self
        own, borrowed = _without(self.own, taken), (*self.borrowed, *taken)
        return self._replace(own=own, borrowed=borrowed, whole=False, taken=taken)

    @cached_property
    def all(self) -> tuple[Migration, ...]:
        """Every migration that Alembic loads here."""
        return self.own + tuple(borrowed.migration for borrowed in self.borrowed)

    @cached_property
    def graph(self) -> Graph:
        """The graph of all that Alembic loads here."""
        return graph_of(self.all)

    @cached_property
    def own_graph(self) -> Graph:
        """The graph of the checkout's own files."""
        return graph_of(self.own) if self.borrowed else self.graph

    @cached_property
    def branch_graph(self) -> Graph:
        """The graph of the checkout's own files, without borrowed ones that were edited here."""
        return graph_of(self.originals) if self.edited else self.own_graph

    @property
    def originals(self) -> tuple[Migration, ...]:
        """The checkout's own files, without borrowed ones that were edited here."""
        return _without(self.own, self.edited)


NOTHING = Inventory((), (), (), (), (), ())


def take_inventory(project: Project) -> Inventory:
    """Read every migration file of `project`, and the record of the borrowed ones. Raises OSError."""
    skipped: list[Skipped] = []
    notes = read_notes(project)
    found = tuple(_read_all(project, {note.path: note.entry for note in notes.rows}, skipped))
    tracked = git.tracked(project.root, {*notes.records, *(note.path for note in notes.rows)})
    notes = notes.without(tracked)
    copies = _noted(notes, found)
    in_index = {path: row for path, row in copies.items() if path in tracked}
    staged = _staged(project, in_index, notes.memory)
    arrived = {path: row for path, row in in_index.items() if path not in staged}
    rows = [row._replace(staged=path in staged) for path, row in copies.items() if path not in arrived]
    borrowed = tuple(row for row in rows if row.intact and not row.staged)
    return Inventory(
        own=_without(found, borrowed),
        borrowed=borrowed,
        edited=tuple(row for row in rows if row not in borrowed),
        arrived=tuple(arrived.values()),
        records=notes.records,
        skipped=tuple(skipped),
        others=tuple(note for note in notes.rows if _is_anothers(note.path, project)),
        whole=notes.is_whole(row.migration.path for row in rows if not row.staged),
    )


def _staged(project: Project, tracked: Mapping[Path, Borrowed], memory: Path | None) -> frozenset[Path]:
    """Return which of these copies git has not brought: where its record is gone, `git add` takes one."""
    remembered = [path for path, row in tracked.items() if row.record_path == memory]
    return frozenset(remembered) - git.in_head(project.root, remembered)


def _noted(notes: Notes, found: Iterable[Migration]) -> dict[Path, Borrowed]:
    """Return the files that are written down as borrowed, by path.

    Where a refresh was killed there are two notes of a file: the one of what is there counts.
    """
    lying = {one.path: one for one in found} if notes.rows else {}
    rows = [Borrowed(lying[row.path], row.entry, row.record_path) for row in notes.rows if row.path in lying]
    return {row.migration.path: row for row in sorted(rows, key=lambda row: row.intact)}


def _is_anothers(path: Path, project: Project) -> bool:
    """Whether there is a migration at `path` that another project of this checkout has borrowed."""
    folders = path.parents if project.config.recursive else (path.parent,)
    return is_migration_name(path.name) and not {*folders} & {*project.versions} and path.is_file()


def _without(migrations: tuple[Migration, ...], rows: Iterable[Borrowed]) -> tuple[Migration, ...]:
    gone = {row.migration.path for row in rows}
    return tuple(one for one in migrations if one.path not in gone) if gone else migrations


def visit(project: Project | None, skipped: list[Skipped]) -> Inventory:
    """Take the inventory of a neighbour; one that cannot be looked at, or has no project, has nothing.

    What was skipped is added to `skipped`.
    """
    if project is None:
        return NOTHING
    try:
        inventory = take_inventory(project)
    except OSError as error:
        skipped.append(_denied(project, error))
        return NOTHING
    skipped += inventory.skipped
    return inventory


def names_in(project: Project | None, skipped: list[Skipped]) -> list[str]:
    """Return the migration files of a neighbour by name, none if it cannot be looked at."""
    if project is None:
        return []
    try:
        return sorted(row.relative_path for row in _listed(project))
    except OSError as error:
        skipped.append(_denied(project, error))
        return []


def _denied(project: Project, error: OSError) -> Skipped:
    reason = "denied" if isinstance(error, PermissionError) else "failing"
    return Skipped(project.root / (error.filename or ""), reason, error.strerror or "")


def contents(project: Project) -> Iterator[tuple[str, bytes]]:
    """Yield the base name and the bytes of each migration file that can be read. Raises OSError."""
    for row in _listed(project):
        try:
            yield os.path.basename(row.relative_path), row.read(project)
        except NotReadable:
            continue


class _Row(NamedTuple):
    """A file in a version location."""

    location: Path
    relative_path: str
    is_link: bool

    def read(self, project: Project) -> bytes:
        """Return its bytes. Raises NotReadable."""
        path = os.path.join(self.location, self.relative_path)
        return read_plain(path, project.allowed_roots) if self.is_link else read_directly(path)


def _listed(project: Project) -> Iterator[_Row]:
    """Yield each file that Alembic would load, in Alembic's order.

    A file that two names lead to counts once, as in ScriptDirectory._load_revisions.
    """
    seen: set[str] = set()
    for location in filter(project.may_read, project.versions):
        found = dict(entries(location, recursive=project.config.recursive, caches=project.config.sourceless))
        compiled = {*without_source(found)} if project.config.sourceless else ()
        top = os.path.realpath(location)
        for path, entry in found.items():
            is_link, real = entry.is_symlink(), os.path.join(top, path)
            if is_link:
                real = os.path.realpath(real)
            if real not in seen and (is_migration_name(entry.name) or path in compiled):
                seen.add(real)
                yield _Row(location, path, is_link)


def _read_all(project: Project, entered: Mapping[Path, Entry], skipped: list[Skipped]) -> Iterator[Migration]:
    """Yield every migration file in Alembic's order; add what was skipped to `skipped`.

    A borrowed one is still that if it was broken here.
    """
    skipped += (Skipped(one, "location-outside") for one in project.versions if not project.may_read(one))
    for row in _listed(project):
        location, relative_path, _ = row
        try:
            lying = row.read(project)
        except NotReadable as error:
            skipped.append(Skipped(location / relative_path, error.reason))
            continue
        name = os.path.basename(relative_path)
        content = uncommented(lying)
        try:
            file = read_file(content, name)
            yield Migration(file.revision, file.content, location, relative_path, content != lying)
        except Unreadable as error:
            path = location / relative_path
            skipped.append(Skipped(path, error.reason, error.detail, content))
            if entry := entered.get(path):
                revision = Revision(entry.revision, (), (), (), opaque=True)
                yield Migration(revision, content, location, relative_path)


def graph_of(migrations: Iterable[Migration]) -> Graph:
    """Return the graph of these files."""
    return Graph(Node(one.revision, os.path.join(one.location, one.relative_path)) for one in migrations)
