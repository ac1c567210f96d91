"""What is applied and has no file anywhere: what to do then, and to let go of its row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..database.applied import Applied
from ..messages import OK, WARN, Message, _
from ..messages.errors import UserError
from .guard import rows_for
from .obstacles import not_here
from .telling import tell_skipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..database.applied import VersionTable
    from .situation import Situation
    from .work import Work


def forget(
    work: Work, revision: str, at: str, show: Callable[[Message], None], *, dry_run: bool = False
) -> None:
    """Have a version table say `at` where it says `revision`, of which no file is left; with `dry_run` only show it.

    Nothing is run, and what that revision made stays. Raises UserError.
    """
    audience, database = work.audience, work.database
    with work.asked_alone(dry_run=dry_run) as applied:
        situation = work.look(applied)
        tell_skipped(situation, audience)
        tables = _tables(situation, revision, at)
        for table in tables:
            show(_meaning(situation, table, revision, at))
        if dry_run:
            return
        audience.allow(Applied(tables))
        others = {table: [*set(table.heads) - {revision}, at] for table in tables}
        graph = situation.graph
        database.set_rows((table, rows_for(graph.closure(rows).all, graph)) for table, rows in others.items())
        after = database.probe()
        text = _(
            "{revision} is forgotten: {database:list} is now at {heads:list}. Next: alembic-worktrees upgrade"
        )
        audience.tell(Message(text, {"revision": revision, **after.about}, OK))


def _tables(situation: Situation, revision: str, at: str) -> tuple[VersionTable, ...]:
    """Return the version tables that have the row. Raises UserError where none has it, or it is not lost."""
    applied = situation.applied
    tables = tuple(table for table in applied.tables if revision in table.heads)
    if not tables:
        text = _(
            "{revision} is no row of {database:list}, so there is nothing to forget. The rows: {heads:list}"
        )
        raise UserError(text, revision=revision, **applied.about)
    if revision in situation.graph.nodes:
        text = _(
            "{revision} is not lost: {path}. Nothing was changed.\n"
            "  To take it back: alembic-worktrees rollback {revision:q}"
        )
        raise UserError(text, revision=revision, path=situation.loaded[revision].path)
    if at not in situation.graph.nodes:
        raise not_here(at, situation.inventory.branch_graph)
    return tables


def _meaning(situation: Situation, table: VersionTable, revision: str, at: str) -> Message:
    """Say what the row means, and what is taken for applied once it says something else."""
    graph, ever = situation.graph, situation.memory.ever
    before = situation.reached_by(set(table.heads) - {revision})
    counted = tuple(
        Message(_("{revision} (never seen applied)"), {"revision": id}) if ever and id not in ever else id
        for id in graph.order(situation.reached_by([at]) - before)
    )
    text = _(
        "{database} has the row {revision}: it and all that it was built on have run. No file of it is left.\n"
        "  With {at} in its place, from then on this counts as applied, and never runs:\n"
        "{counted:lines}\n"
        "  What {revision} made in the database stays there, and nothing is run now."
    )
    about = {"database": table.name, "revision": revision, "at": at}
    return Message(text, {**about, "counted": counted or (Message(_("none")),)}, WARN)
