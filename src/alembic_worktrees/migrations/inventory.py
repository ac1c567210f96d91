"""What is here? Project → Inventory: the migration files of one checkout, each its own or borrowed."""

from __future__ import annotations

import os
from contextlib import closing
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .. import git
from ..messages import WARN, Message, _
from ..system.reading import MAX_ENTRIES, MAX_TOTAL_BYTES, Folder, NotReadable, allowed_roots, entries
from .notes import read_notes
from .reasons import why
from .record import Entry, sha256
from .revision import File, Revision, Unreadable, is_migration_name, may_say, read_file
from .sourceless import is_compiled, without_source

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from ..project.project import Project
    from .graph import Graph
    from .notes import Note, Notes
    from .record import Origin


from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


from .graph import Graph, Node


class _Lying(NamedTuple):
    revision: Revision
    content: bytes
    location: Path
    relative_path: str


class Migration(_Lying):
    """A migration file: it lies in `location`, a version location, at `relative_path`."""

    @cached_property
    def path(self) -> Path:
        """Where it lies; of the thousands that a search reads only a few are asked."""
        return self.location / self.relative_path


class Borrowed(NamedTuple):
    """A borrowed file as it is, and the entry that says how it came; `place` is the record or memory of that entry."""

    migration: Migration
    entry: Entry
    place: Path
    staged: bool = False  # in the index, and neither git nor `adopt` has put it there

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


def unreadable(place: Path, error: OSError) -> Skipped:
    """Return what to say of a neighbour at `place` that the machine does not let us read."""
    reason = "denied" if isinstance(error, PermissionError) else "failing"
    return Skipped(place / (error.filename or ""), reason, error.strerror or "")


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
        return tuple(row for row in rows if row.place not in self.records and not row.staged)

    def taking_over(self, origins: Mapping[Path, Origin]) -> Inventory:
        """Return the inventory with the own files at these paths as borrowed from there, which is yet to be noted."""
        taken = tuple(
            Borrowed(
                one, Entry(one.path.name, one.revision.id, origins[one.path], sha256(one.content)), one.path
            )
            for one in self.own
            if one.path in origins
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


def take_inventory(project: Project, sought: str | None = None) -> Inventory:
    """Read every migration file of `project`, and the record of the borrowed ones.

    If only what is `sought` matters, a file that cannot be it is passed over.

    Raises NotReadable("too-many") if it is a neighbour's and has no end; OSError.
    """
    locations, outside = _locations(project)
    notes = read_notes(project, locations)
    skipped = [Skipped(location, "location-outside") for location in outside]
    entered = {note.path: note.entry for note in notes.rows}
    found = tuple(_read_all(project, entered, skipped, sought))
    lying = {one.path: one for one in found} if entered else {}
    asked = [*notes.records, *(path for path in entered if path in lying)]
    tracked = git.tracked(project.root, asked) if project.repository else frozenset()
    notes = notes.without(tracked)
    rows, arrived = _sort_out(notes, lying, tracked, project)
    borrowed = tuple(row for row in rows if row.intact and not row.staged)
    return Inventory(
        own=_without(found, borrowed),
        borrowed=borrowed,
        edited=tuple(row for row in rows if not row.intact or row.staged),
        arrived=arrived,
        records=notes.records,
        skipped=tuple(skipped),
        others=tuple(note for note in notes.rows if _is_anothers(note.path, project, locations)),
        whole=notes.is_whole(row.migration.path for row in rows if not row.staged),
    )


def _sort_out(
    notes: Notes, lying: Mapping[Path, Migration], tracked: Collection[Path], project: Project
) -> tuple[tuple[Borrowed, ...], tuple[Borrowed, ...]]:
    """Return the files that are written down as borrowed and are so still, and those that git has brought since.

    What the index has and only the memory knows is not therefore brought by git: where its record is gone, git ignores
    a copy no more, and `git add` takes it.
    """
    rows = [Borrowed(lying[note.path], note.entry, note.place) for note in notes.rows if note.path in lying]
    # Where a refresh was killed there are two for a path: the one of what is there counts.
    best = {row.migration.path: row for row in sorted(rows, key=lambda row: row.intact)}
    taken = [path for path, row in best.items() if path in tracked and row.place == notes.memory]
    staged = frozenset(taken) - git.in_head(project.root, taken)
    arrived = {path: row for path, row in best.items() if path in tracked and path not in staged}
    waiting = (row._replace(staged=path in staged) for path, row in best.items() if path not in arrived)
    return tuple(waiting), tuple(arrived.values())


def _is_anothers(path: Path, project: Project, locations: Sequence[Path]) -> bool:
    """Whether there is a migration at `path` that another project of this checkout has borrowed."""
    folders = path.parents if project.recursive else (path.parent,)
    return is_migration_name(path.name) and not {*folders} & {*locations} and path.is_file()


def _without(migrations: tuple[Migration, ...], rows: Iterable[Borrowed]) -> tuple[Migration, ...]:
    gone = {row.migration.path for row in rows}
    return tuple(one for one in migrations if one.path not in gone) if gone else migrations


def visit(project: Project | None, skipped: list[Skipped], sought: str | None = None) -> Inventory:
    """Take the inventory of a neighbour; one that cannot be looked at, or has no project, has nothing.

    What was skipped is added to `skipped`.
    """
    try:
        inventory = take_inventory(project, sought) if project else NOTHING
    except (NotReadable, OSError) as error:
        skipped.append(_why_not(project, error))
        return NOTHING
    skipped += inventory.skipped
    return inventory


def names_in(project: Project | None, skipped: list[Skipped]) -> list[str]:
    """Return the migration files of a neighbour by name, none if it cannot be looked at."""
    try:
        return sorted(relative_path for _, relative_path in migration_paths(project)) if project else []
    except (NotReadable, OSError) as error:
        skipped.append(_why_not(project, error))
        return []


def _why_not(project: Project | None, error: NotReadable | OSError) -> Skipped:
    root = project.root if project else Path()
    return Skipped(root, error.reason) if isinstance(error, NotReadable) else unreadable(root, error)


def contents(project: Project) -> Iterator[tuple[str, bytes]]:
    """Yield the base name and the bytes of each migration file that can be read.

    Raises NotReadable("too-many") if the project is a neighbour's and holds more than Alembic would ever load; OSError.
    """
    total = 0
    for location, files, _error in _listed(project):
        for relative_path, content in _contents(location, files, _fence(project)):
            if isinstance(content, NotReadable):
                continue
            total += len(content)
            if project.allowed_roots and total > MAX_TOTAL_BYTES:
                raise NotReadable("too-many")
            yield os.path.basename(relative_path), content


def migration_paths(project: Project) -> Iterator[tuple[Path, str]]:
    """Yield (version location, path below it) of each file that Alembic would load, in Alembic's order.

    Raises NotReadable("too-many") if it is a neighbour's and holds more than Alembic would ever load.
    """
    return ((location, relative_path) for location, names, _ in _listed(project) for relative_path in names)


def _listed(project: Project) -> Iterator[tuple[Path, dict[str, bool], list[str]]]:
    """Yield each version location, its files, and the folders that look like files at first sight.

    Of each file is told whether it is a plain one. A file that two names lead to counts once, as in
    ScriptDirectory._load_revisions, and not by a link if it can be helped.
    """
    seen: set[str] = set()
    left = MAX_ENTRIES if project.allowed_roots else None
    for location in _locations(project)[0]:
        found = list(entries(location, recursive=project.recursive, limit=left, caches=project.sourceless))
        left = left and left - len(found)
        compiled = (
            {*without_source([relative_path for relative_path, _ in found])} if project.sourceless else ()
        )
        named = [row for row in found if is_migration_name(row[1].name) or row[0] in compiled]
        folders = [relative_path for relative_path, entry in named if entry.is_dir(follow_symlinks=False)]
        top = os.path.join(os.path.realpath(location), "")
        files: dict[str, bool] = {}
        for relative_path, entry in sorted(named, key=lambda row: row[1].is_symlink()):
            real = os.path.realpath(entry.path) if entry.is_symlink() else top + relative_path
            if real not in seen and relative_path not in folders:
                seen.add(real)
                files[relative_path] = entry.is_file(follow_symlinks=False)
        yield location, files, folders


def _locations(project: Project) -> tuple[list[Path], list[Path]]:
    """Return the version locations that may be looked at, and those of a neighbour that lie outside of it."""
    inside: list[Path] = []
    outside: list[Path] = []
    for location in dict.fromkeys(project.versions):
        real = os.path.join(os.path.realpath(location), "")
        (
            inside if project.allowed_roots is None or real.startswith(project.allowed_roots) else outside
        ).append(location)
    return inside, outside


def _read_all(
    project: Project,
    entered: Mapping[Path, Entry],
    skipped: list[Skipped],
    sought: str | None,
) -> Iterator[Migration]:
    """Yield every migration file in Alembic's order; add what was skipped to `skipped`."""
    inside, total = _fence(project), 0
    for location, files, folders in _listed(project):
        # Alembic passes over folders too.
        skipped += (Skipped(location / relative_path, "not-a-file") for relative_path in folders)
        found = []
        for relative_path, content in _contents(location, files, inside):
            if isinstance(content, NotReadable):
                skipped.append(Skipped(location / relative_path, content.reason))
                continue
            total += len(content)
            if project.allowed_roots and total > MAX_TOTAL_BYTES:
                raise NotReadable("too-many")
            try:
                file = _file(relative_path.rpartition("/")[2], content, sought)
            except Unreadable as error:
                skipped.append(Skipped(location / relative_path, error.reason, error.detail, content))
                file = None
            if file := file or _as_recorded(location, relative_path, content, entered):
                found.append(Migration(file.revision, file.content, location, relative_path))
        yield from sorted(found, key=_alembic_order)


def _alembic_order(migration: Migration) -> tuple[list[str], str]:
    """Files first, then folders, one by one."""
    folder, _, name = migration.relative_path.rpartition("/")
    return folder.split("/"), name


def _file(name: str, content: bytes, sought: str | None) -> File | None:
    """Return what a file declares, None if that does not matter. Raises Unreadable."""
    return read_file(content, name) if sought is None or may_say(content, name, sought) else None


def _as_recorded(
    location: Path, relative_path: str, content: bytes, entered: Mapping[Path, Entry]
) -> File | None:
    """Return a file as the one that was borrowed, which it still is if it was broken here; None if none was."""
    entry = entered.get(location / relative_path) if entered else None  # a path takes longer than all else
    return File(content, Revision(entry.revision, (), (), (), opaque=True)) if entry else None


def _contents(
    location: Path, files: Mapping[str, bool], inside: tuple[str, ...]
) -> Iterator[tuple[str, bytes | NotReadable]]:
    """Yield what each file holds, or why it cannot be read; `files` tells which are plain ones."""
    for parent, group in groupby(files, _folder_of):
        names = [(relative_path, relative_path[len(parent) :]) for relative_path in group]
        try:
            folder = Folder(os.path.join(location, parent), inside)
        except NotReadable as error:
            yield from ((relative_path, error) for relative_path, _ in names)
            continue
        with closing(folder):
            for relative_path, name in names:
                try:
                    yield relative_path, folder.read(name, plain=files[relative_path])
                except NotReadable as error:
                    yield relative_path, error


def _folder_of(relative_path: str) -> str:
    return relative_path[: relative_path.rfind("/") + 1]


def _fence(project: Project) -> tuple[str, ...]:
    return project.allowed_roots or allowed_roots(project.root, *project.versions)


def graph_of(migrations: Iterable[Migration]) -> Graph:
    """Return the graph of these files."""
    return Graph(Node(one.revision, os.path.join(one.location, one.relative_path)) for one in migrations)
