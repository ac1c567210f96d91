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
    before, now = _reached(situation, situation.applied), _reached(situation, applied)
    runs = [archive.Run(key, now[key] - before[key], now[key]) for key in now if key in before]
    edited = {row.revision for row in situation.inventory.edited}
    doubtful = edited.difference(*(run.ran for run in runs))  # nobody knows how it was when it ran
    known = {id: situation.loaded[id] for id in sorted(situation.reached_by(applied.heads) - doubtful)}
    changed = known.keys() if trust_files else learned(situation) & known.keys()
    try:
        archive.keep(situation.project, known, runs, changed, situation.memory.archive)
    except git.GitFailed as error:
        text = _(
            "The database has what stands above, but it could not be kept in the archive: "
            "{command} failed in {folder}:\n"
            "{words}\n"
            "  Mend that, then run it again; see what is broken with: git -C {folder:q} fsck"
        )
        raise UserError(text, **error.values) from error


def _reached(situation: Situation, applied: Applied) -> dict[str, frozenset[str]]:
    """Return what is applied in each database, by its name in the archive."""
    return {
        archive.database_key(table, situation.project): situation.reached_by(table.heads)
        for table in applied.tables
    }
