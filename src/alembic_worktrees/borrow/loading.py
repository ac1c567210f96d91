"""Can Alembic load what is borrowed? It imports also what has run already, which may import code of its own branch."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from ..database.client import Outcome
from ..messages import OK, Message, _
from ..messages.errors import UserError
from .apply import comment_out

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ..database.client import Database
    from ..migrations.inventory import Migration
    from .situation import Situation
    from .work import Work

_IMPORT = re.compile(rb"^(?:import|from)[ \t]+(\w+)([^\n]*)", re.MULTILINE)
_EVERYWHERE = sys.stdlib_module_names | {"alembic", "sqlalchemy"}


def make_loadable(situation: Situation, work: Work, whole: Collection[str] = ()) -> None:
    """Comment out each copy that has run and cannot be imported here, but for those that are to stay `whole`.

    Alembic is asked only where there is one that imports more than everybody has. Raises UserError.
    """
    doubtful = [one.path for one in may_not_load(situation) if one.revision.id not in whole]
    while doubtful:
        outcome = _loaded(work.database)
        failed = next((path for path in outcome.importing if path in doubtful), None)
        if failed is None or not comment_out(failed):
            return
        text = _("{path} is commented out here: it has run, and this branch cannot import it: {reason}")
        work.audience.tell(Message(text, {"path": failed, "reason": outcome.reason}, OK))


def _loaded(database: Database) -> Outcome:
    try:
        return database.load()
    except UserError:  # where there is no Alembic nobody can tell
        return Outcome(done=True)


def may_not_load(situation: Situation) -> Iterator[Migration]:
    """Yield what is borrowed as it came, has run in each database, and imports more than everybody has."""
    edited = {row.revision for row in situation.inventory.edited}
    for id in situation.owners.keys() - situation.pending - edited:
        one = situation.loaded[id]
        if not one.commented_out and _imports_more(one.content):
            yield one


def _imports_more(content: bytes) -> bool:
    return any(
        b"," in rest.partition(b" import")[0] or top.decode() not in _EVERYWHERE
        for top, rest in _IMPORT.findall(content)
    )
