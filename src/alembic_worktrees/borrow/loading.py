"""Can Alembic load what is borrowed? It imports also what has run already, which may import code of its own branch."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from ..messages import OK, Message, Text, _n
from ..messages.errors import UserError
from ..migrations.commented import commented_out
from .apply import rewrite

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from ..database.client import Database
    from ..migrations.inventory import Migration
    from .situation import Situation
    from .work import Work

_IMPORT = re.compile(rb"^(?:import|from)[ \t]+(\w+)([^\n]*)", re.MULTILINE)
_EVERYWHERE = sys.stdlib_module_names | {"alembic", "sqlalchemy"}
_WHY = Text("{path}: {reason}")


def make_loadable(situation: Situation, work: Work, whole: Collection[str] = ()) -> None:
    """Comment out each copy that has run and cannot be imported here; what is to run, or to be `whole`, is whole again.

    Raises UserError.
    """
    running = situation.pending | {*whole}
    for one in _unedited(situation):
        if one.commented_out and one.revision.id in running:
            rewrite(one._replace(commented_out=False))
    done = [one for one in _unedited(situation) if one.revision.id not in running]
    comment_out(done, work.database, work.audience.tell)


def comment_out(copies: Sequence[Migration], database: Database, tell: Callable[[Message], None]) -> None:
    """Comment out each of these copies that cannot be imported here, if it can be. Raises UserError.

    Alembic is asked only where there is one that imports more than everybody has.
    """
    reasons = _reasons([one.path for one in copies if _is_doubtful(one)], database)
    lacking = (one for one in sorted(copies, key=lambda one: one.path) if one.path in reasons)
    out = [one for one in lacking if commented_out(one.content, one.path.name)]
    for one in out:
        rewrite(one._replace(commented_out=True))
    if out:
        files = (Message(_WHY, {"path": one.path, "reason": reasons[one.path]}) for one in out)
        tell(
            _n(
                "{n} borrowed file is commented out here: it has run, and this branch cannot import it:\n{files:lines}",
                "{n} borrowed files are commented out here: they have run, and this branch cannot import them:\n"
                "{files:lines}",
                len(out),
                {"files": tuple(files)},
                OK,
            )
        )


def _reasons(paths: Collection[Path], database: Database) -> dict[Path, str]:
    try:
        return database.not_loaded(paths)
    except UserError:  # where there is no Alembic nobody can tell
        return {}


def _unedited(situation: Situation) -> Iterator[Migration]:
    edited = {row.revision for row in situation.inventory.edited}
    yield from (situation.loaded[id] for id in sorted(situation.owners.keys() - edited))


def may_not_load(situation: Situation) -> bool:
    """Whether Alembic has to be asked of something that is borrowed as it came, and has run in each database."""
    pending = situation.pending
    return any(one.revision.id not in pending and _is_doubtful(one) for one in _unedited(situation))


def _is_doubtful(one: Migration) -> bool:
    return not one.commented_out and any(
        b"," in rest.partition(b" import")[0] or top.decode() not in _EVERYWHERE
        for top, rest in _IMPORT.findall(one.content)
    )
