"""What is applied is kept in the archive, as it ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import git
from ..messages import Message, _
from ..messages.errors import UserError
from ..search import archive
from .objections import learned

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..database.applied import Applied
    from .situation import Situation


def keep_what_can_be(situation: Situation, applied: Applied, tell: Callable[[Message], None]) -> None:
    """Archive what is applied; that it cannot be is told, and hides no worse failure."""
    try:
        keep(situation, applied)
    except UserError as error:
        tell(error.message)


def keep(situation: Situation, applied: Applied, *, trust_files: bool = False) -> None:
    """Archive what is applied, as it ran. Raises UserError."""
    memory, runs = situation.memory, _runs(situation, applied)
    edited = {row.revision for row in situation.inventory.edited}
    doubtful = edited.difference(*(run.ran for run in runs))  # nobody knows how it was when it ran
    reached = situation.graph.closure(applied.heads).known
    known = {id: situation.loaded[id] for id in sorted(reached - doubtful)}
    changed = known.keys() if trust_files else learned(situation, applied)
    try:
        archive.keep(situation.project, known, runs, changed & known.keys(), memory.archive)
    except git.GitFailed as error:
        text = _(
            "The database has what stands above, but it could not be kept in the archive: "
            "{command} failed in {folder}:\n"
            "{words}\n"
            "  Mend that, then run it again; see what is broken with: git -C {folder:q} fsck"
        )
        raise UserError(text, **error.values) from error


def _runs(situation: Situation, after: Applied) -> tuple[archive.Run, ...]:
    """Return what ran in each database, by its rows before and after."""
    project, reach = situation.project, situation.graph.closure
    before = {archive.database_key(table, project): table.heads for table in situation.applied.tables}
    now = {archive.database_key(table, project): table.heads for table in after.tables}
    return tuple(
        archive.Run(key, reach(rows).known - reach(before[key]).known, reach(rows).known)
        for key, rows in now.items()
        if key in before
    )
