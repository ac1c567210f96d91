"""What is said of an upgrade that did not come to its end?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import Message, _
from ..messages.errors import Interrupted, UserError
from .keeping import keep_what_can_be

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..database.client import Database, Outcome
    from ..project.project import Project
    from .situation import Situation


def not_loaded(situation: Situation, outcome: Outcome) -> UserError | None:
    """Return what to say of a copy that cannot be imported here, None if that is not why Alembic failed."""
    owners = situation.owners
    borrowed = {one.path: one.revision.id for one in situation.migrations if one.revision.id in owners}
    revision = next((borrowed[path] for path in outcome.importing if path in borrowed), None)
    if revision is None:
        return None
    branches = {one.name: one.branch for one in situation.search.surroundings.checkouts if one.worktree}
    origin = owners[revision]
    text = _(
        "Alembic imports every migration, and this branch, or its Python, cannot import the borrowed {revision}: "
        "{reason}\n"
        "  If {origin} has what is lacking: git merge --autostash {branch:q}\n"
        "  To have only this branch's own migrations here until then: alembic-worktrees return"
    )
    about = {"revision": revision, "reason": outcome.reason, "origin": origin}
    return UserError(text, **about, branch=branches.get(origin) or origin)


def failed(project: Project, target: str, outcome: Outcome) -> UserError:
    """Return what to say where a migration failed, or Alembic itself."""
    again = {"folder": project.folder, "command": project.command("upgrade", target)}
    if outcome.migration is None:
        text = _(
            "Alembic could not upgrade; see its message above. See it again with: cd {folder:q} && {command}"
        )
        return UserError(text, **again)
    revision, path = outcome.migration
    text = _(
        "Alembic could not upgrade: {revision} failed, see its message above: {path}. See it "
        "again with: cd {folder:q} && {command}"
    )
    return UserError(text, revision=revision, path=path, **again)


def interrupted(situation: Situation, database: Database, tell: Callable[[Message], None]) -> Interrupted:
    """Return what to say after ^C: what was done, and what was not."""
    applied = database.after_interruption()
    if applied is None:
        return cannot_tell(situation.project)
    keep_what_can_be(situation, applied, tell)
    order = situation.graph.order(situation.pending)
    left = situation._replace(applied=applied).pending
    parts = ([one for one in order if one not in left], [one for one in order if one in left])
    done, not_done = (tuple(part) or (Message(_("none")),) for part in parts)
    text = _("Interrupted. In {database:list} applied before that: {done:list}; not applied: {left:list}.")
    return Interrupted(text, database=applied.names, done=done, left=not_done)


def cannot_tell(project: Project) -> Interrupted:
    """Return what to say where nobody knows how far Alembic came."""
    text = _(
        "Interrupted. Alembic did not stop in order and was ended; its server may still be at "
        "work on the last statement. See what is applied with: cd {folder:q} && {command}"
    )
    return Interrupted(text, folder=project.folder, command=project.command("current"))
