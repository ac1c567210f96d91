"""`archive`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from ... import git
from ...messages import OK, _, _n
from ...messages.errors import DONE, UserError
from ...messages.quoting import aligned, one_line
from ...migrations.inventory import take_inventory
from ...search import archive as archives
from ...search.git_memory import Remembered
from .call import Call, open_call
from .working import open_database

if TYPE_CHECKING:
    import argparse

    from ...database.applied import Applied
    from ..printer import Printer


def archive(options: argparse.Namespace, printer: Printer) -> int:
    """Fetch what others have applied, forget what is merged, push what was applied here, list it; in this order."""
    call = open_call(options, printer)
    if options.fetch:
        _team(call).must_fetch()
    if options.prune:
        _prune(call)
    if options.push:
        _team(call).must_push()
    if options.list or not (options.fetch or options.prune or options.push):
        _list(call)
    return DONE


def _team(call: Call) -> archives.Team:
    team = archives.team_of(call.project, call.settings, call.printer.tell)
    if team is None:
        text = _(
            "The archive is shared with nobody. To share it over a git remote, put this under "
            '[tool.alembic-worktrees] in pyproject.toml: share = "origin"'
        )
        raise UserError(text)
    return team


def _list(call: Call) -> None:
    """Print what was applied, the oldest first: when, what, where it ran, by whom."""
    found = archives.applications(call.project, call.settings.share)
    rows = [one._replace(database=unquote(one.database)) for one in found]
    if call.options.json:
        call.printer.document({"applications": [row._asdict() for row in rows]})
        return
    for row in aligned([[one_line(cell) or "–" for cell in row] for row in rows]):
        call.printer.data("  ".join(row))


def _prune(call: Call) -> None:
    """Forget what the published branch has, and what every row of the database is past."""
    project, branch = call.project, call.settings.published or git.published_branch(call.project.root)
    found = Remembered(project.root, project).named(branch) if branch and project.repository else None
    if found is None:
        text = _(
            "Nothing here says which branch is published, so nothing can be forgotten. Let git ask "
            "the remote: git remote set-head origin --auto"
        )
        raise UserError(text)
    merged = {one.revision.id for one in found}
    with open_database(call) as database:
        applied = database.probe()
    databases = {archives.database_key(table, project) for table in applied.tables}
    gone = archives.forget(project, merged & _past(applied, call), databases)
    told = _n(
        "Forgotten: {n} migration that {branch} has, and that every row of the database is past",
        "Forgotten: {n} migrations that {branch} has, and that every row of the database is past",
        len(gone),
        {"branch": branch},
        OK,
    )
    call.printer.tell(told)


def _past(applied: Applied, call: Call) -> frozenset[str]:
    """Return what every row of the database comes after, as far as it is here."""
    graph = take_inventory(call.project).graph
    rows = [row for table in applied.tables for row in table.heads]
    return (
        frozenset.intersection(*(graph.closure([row]).known - {row} for row in rows)) if rows else frozenset()
    )
