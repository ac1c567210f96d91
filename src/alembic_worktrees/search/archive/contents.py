"""What is in the archive, a ref that gc keeps and normal fetch and push ignore (DESIGN, rule 11)?

Its tree holds each migration as `FOLDER@SECTION/HOW/ID/PATH-IN-THE-CHECKOUT`: of which Alembic environment it is, and
how it is known: HOW is `ran@DATABASE` for what has run there through us and is applied still, `seen` for all else that
was applied, `back` for what was taken back since and belongs to nobody. What has run keeps its bytes until something
else runs. Its log says who added what, when, and where. Of what is forgotten, because the published branch has it,
the name stays: `FOLDER@SECTION/merged/ID`.
An archive of version 1 holds `ID/PATH` alone, which is read as seen.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote

from ... import git
from ...project.config import INI

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ...database.applied import VersionTable
    from ...project.project import Project

REF = "refs/alembic-worktrees/applied"
USUAL_TABLE = "alembic_version"
USUAL_PORTS = (None, 5432, 3306)
RAN, SEEN, BACK, MERGED = "ran@", "seen", "back", "merged"


class Archive(NamedTuple):
    """The archive's newest commit, and its files as (blob, path)."""

    commit: str
    files: tuple[tuple[str, str], ...]


class Entry(NamedTuple):
    """A migration of one project in the archive; `database` is where it ran, "" if it was only seen applied."""

    revision: str
    database: str
    blob: str
    path: str  # in the checkout
    stored_at: str  # in the archive
    back: bool = False  # it was taken back since


def read(folder: Path) -> Archive | None:
    """Return what the archive of this repository holds, None if there is none yet."""
    found = git.refs(folder, REF)
    return Archive(found[0].commit, git.files(folder, found[0].commit)) if found else None


def revisions(folder: Path) -> frozenset[str]:
    """Return the ids of all that the archive of this repository holds, of all its projects."""
    found = read(folder)
    paths = (path.split("/") for _, path in found.files) if found else ()
    return frozenset(unquote(parts[2] if "@" in parts[0] else parts[0]) for parts in paths)


def entries(archive: Archive | None, project: Project) -> tuple[Entry, ...]:
    """Return what is this project's, what has run first; of what has run nothing that was only seen."""
    scope = f"{_scope(project)}/"
    files = archive.files if archive else ()
    found = [
        _entry(blob, path, scope) for blob, path in files if path.startswith(scope) and path.count("/") > 2
    ]
    ran = [entry for entry in found if entry.database]
    seen = [*_of_version_1(files, project), *(one for one in found if not one.database)]
    rest = {entry.revision: entry for entry in seen}  # an old one gives way
    known = {entry.revision for entry in ran}
    return (*ran, *(entry for id, entry in rest.items() if id not in known))


def forgotten(archive: Archive | None, project: Project) -> frozenset[str]:
    """Return the ids of what is this project's, and was forgotten."""
    prefix = f"{_scope(project)}/{MERGED}/"
    paths = (path for _, path in archive.files if path.startswith(prefix)) if archive else ()
    return frozenset(unquote(path.removeprefix(prefix)) for path in paths)


def _entry(blob: str, path: str, scope: str) -> Entry:
    how, key, original = path.removeprefix(scope).split("/", 2)
    database = how.removeprefix(RAN) if how.startswith(RAN) else ""
    return Entry(unquote(key), database, blob, original, path, how == BACK)


def _of_version_1(files: Iterable[tuple[str, str]], project: Project) -> Iterator[Entry]:
    for blob, path in files:
        key, _, original = path.partition("/")
        if "@" not in key and _is_ours(original, project):
            yield Entry(unquote(key), "", blob, original, path)


def _is_ours(path: str, project: Project) -> bool:
    """Whether a file of version 1 may be this project's: it lies in its folders, or in one that is no more there."""
    folder = (project.root / path).parent
    if folder == project.root:  # of a version location outside of the checkout only the name is known
        return any(not one.is_relative_to(project.root) for one in project.versions)
    return any(folder.is_relative_to(one) for one in project.versions) or not folder.is_dir()


def database_key(table: VersionTable, project: Project) -> str:
    """Return the name of a database in the archive. SQLite's is a file, which each checkout may have of its own."""
    if table.file:
        return _escaped(f"sqlite-{project.folder / table.file}")
    # One server has many names, of which env.py and `database-url` may each use another.
    server = table.hosts if table.remote else ()
    port = () if table.port in USUAL_PORTS else (table.port,)
    rows = () if table.table == USUAL_TABLE else (table.table,)
    words = (table.dialect, table.database, *server, *port, table.schema, *rows)
    return _escaped("-".join(str(word) for word in words if word))


def _scope(project: Project) -> str:
    """Return the folder of an Alembic environment in the archive: where its config lies, and which section it is."""
    config = project.folder / project.files.ini
    stored_at = os.path.relpath(config.parent if config.name == INI else config, project.root)
    return f"{_escaped('' if stored_at == '.' else stored_at)}@{_escaped(project.files.section)}"


def folder_of(project: Project, how: str, id: str) -> str:
    """Return the folder of a migration in the archive, by how it is known."""
    return f"{_scope(project)}/{how}/{_escaped(id)}"


def _escaped(text: str) -> str:
    """Return a text as the name of a folder; an id may be `..` or hold a slash. None holds the sign @."""
    # Beyond ASCII an escape would be longer than git, which asks for a file of that name, may ask.
    return re.sub("[\0-\x7f]+", lambda found: quote(found[0], safe=""), text).replace(".", "%2E")
