"""What does the archive know of what is applied here? Project, files → Known, for each database."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .. import git
from ..messages.errors import UserError
from ..migrations.revision import Unreadable, read_revision
from ..search import archive
from .guard import Known

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..database.applied import VersionTable
    from ..migrations.inventory import Migration
    from ..project.project import Project
    from ..search.archive import Archive, Entry


def _read(project: Project) -> Archive | None:
    """Read the archive; that it is broken is said when it is to be written."""
    try:
        return archive.read(project.root) if project.repository else None
    except UserError:
        return None


class Memory:
    """What the archive of a project holds, read once; of files that are the same here only their hash is taken."""

    def __init__(self, project: Project, here: Mapping[str, Migration]) -> None:
        """Read it for the files that Alembic loads `here`, or would."""
        self._project = project
        self._here = here
        self.archive = _read(project)
        entries = archive.entries(self.archive, project)
        self._entries = [entry for entry in entries if not entry.back]
        self.taken_back = frozenset(entry.revision for entry in entries if entry.back)

    @property
    def ever(self) -> frozenset[str]:
        """The ids of all that was ever applied through us, or seen to be."""
        kept = frozenset(entry.revision for entry in self._entries)
        return kept | archive.forgotten(self.archive, self._project)

    def known(self, table: VersionTable) -> dict[str, Known]:
        """Return what ran in a database, else what was seen: where it differs here, and what it alone has of that."""
        database = archive.database_key(table, self._project)
        rows = sorted(self._entries, key=lambda entry: entry.database == database)
        chosen = {entry.revision: entry for entry in rows}
        known: dict[str, Known] = {}
        wanted = [id for id, entry in chosen.items() if self._differs(entry)]
        while wanted:
            fresh = dict(self._read([chosen[id] for id in wanted], database))
            known |= fresh
            above = {parent for one in fresh.values() for parent in one.revision.references}
            wanted = sorted((above & chosen.keys()) - self._here.keys() - known.keys())
        return known

    def _differs(self, entry: Entry) -> bool:
        here = self._here.get(entry.revision)
        return here is not None and entry.blob not in git.blob_ids(here.content)

    def _read(self, entries: Sequence[Entry], database: str) -> Iterator[tuple[str, Known]]:
        contents = git.small_contents(self._project.root, (entry.blob for entry in entries))
        commit = self.archive.commit[:10] if self.archive else ""
        for entry in entries:
            content = contents.get(entry.blob, b"")
            try:
                revision = read_revision(content, os.path.basename(entry.path))
            except Unreadable:
                continue
            surely, git_name = entry.database == database, f"{commit}:{entry.stored_at}"
            yield entry.revision, Known(revision, content, surely, entry.path, git_name)
