"""Who applied what, and when? As the archives say it: ours, and those of others that were fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ... import git
from .contents import entries, read
from .team import others

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...project.project import Project
    from .contents import Archive


class Application(NamedTuple):
    """That a migration ran in a database, or, if that is "", was seen to be applied: when, and by whom."""

    date: str
    revision: str
    database: str
    who: str


def applications(project: Project, share: str | None) -> tuple[Application, ...]:
    """Return one of each migration and database, the oldest first; of what ran nothing that was only seen.

    Ours says best what we did: a database of this machine may be called as one of another.
    """
    if project.repository is None:
        return ()
    own = read(project.root)
    rows = sorted(_in(own, project)) if own else []
    rows += sorted(row for other in others(project.repository, share) for row in _in(other.archive, project))
    first = {(one.revision, one.database): one for one in reversed(rows)}
    ran = {revision for revision, database in first if database}
    return tuple(sorted(one for one in first.values() if one.database or one.revision not in ran))


def runners(project: Project, share: str | None) -> dict[str, str]:
    """Return who of the others has run what, and not taken it back: it may be in a checkout of theirs."""
    rows = others(project.repository, share) if project.repository else ()
    return {
        entry.revision: one.person
        for one in rows
        for entry in entries(one.archive, project)
        if entry.database and not entry.back
    }


def _in(archive: Archive, project: Project) -> Iterator[Application]:
    commits = git.last_commits(project.root, archive.commit)
    for entry in entries(archive, project):
        if (made := commits.get(entry.stored_at)) and not entry.back:
            yield Application(made.date, entry.revision, entry.database, made.author)
