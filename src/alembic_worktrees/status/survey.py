"""One look at everything: every checkout, what lies in it, and the database. Project → Landscape; reads only."""

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from .. import git
from ..borrow.preview import last_commit
from ..borrow.situation import Situation, decide
from ..database.client import Database
from ..database.failures import ProbeFailed
from ..messages import Message, Text, _
from ..messages.errors import UserError
from ..migrations.graph import Graph, Node
from ..migrations.inventory import Inventory, Skipped, graph_of, take_inventory, visit
from ..search.archive import applications, runners
from ..search.by_hand import copied_by_hand
from ..search.checkouts import look_around
from ..search.search import Search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ..database.applied import Applied
    from ..migrations.inventory import Migration
    from ..migrations.record import Origin
    from ..project.project import Project
    from ..project.settings import Settings
    from ..search.archive import Application
    from ..search.checkouts import Checkout, Surroundings
    from ..search.sources import Candidate

TIMEOUT = 30.0  # seconds; some hosts never answer, and some applications take twenty to be imported


class Holding(NamedTuple):
    """A checkout and what lies in it; nothing where it has no project."""

    checkout: Checkout
    inventory: Inventory


class Landscape(NamedTuple):
    """What one look found; `applied` is None if the database was not asked or did not answer."""

    project: Project
    holdings: tuple[Holding, ...]  # the main one first
    here: Holding
    applied: Applied | None
    silence: Message | None  # why the database did not answer
    reached: frozenset[str] | None  # all that is applied: the rows and what they lead to; None as `applied`
    found: Mapping[str, Candidate]  # needed, in no checkout's own files, and remembered by git
    graph: Graph  # of all checkouts together, and what was found
    committed: frozenset[Path]  # which of this checkout's own files HEAD has, as they are or as they were
    skipped: tuple[Skipped, ...]
    by_hand: Mapping[Path, Origin]  # own files here that somebody has copied, and who has committed them
    situation: Situation | None  # what an upgrade would find; None as `applied`
    applications: tuple[Application, ...]  # who applied what, where the archive is shared
    apart: frozenset[Path]  # checkouts with a database of their own: SQLite's file lies in each
    abandoned: Mapping[
        str, str
    ]  # applied, and of no checkout, branch or tag any more; and when it was seen last


def survey(
    project: Project,
    settings: Settings,
    environment: Mapping[str, str],
    tell: Callable[[Message], None],
    *,
    ask_database: bool = True,
    verbose: bool = False,
) -> Landscape:
    """Look at every checkout while the project's Alembic starts, then ask the database and, if need be, git.

    `tell` is told when the look goes beyond the checkouts. Writes nothing.
    """
    if not ask_database:
        return _look(project, settings, None, tell)
    with Database(project, settings, environment, directly=True, verbose=verbose, tell=tell) as database:
        return _look(project, settings, database, tell)


def _look(
    project: Project, settings: Settings, database: Database | None, tell: Callable[[Message], None]
) -> Landscape:
    applied = database.directly() if database else None
    silence: Message | None = None
    around = look_around(project, settings.search)
    inventory = take_inventory(project)
    skipped = [*around.skipped, *inventory.skipped]
    here = Holding(around.here, inventory)
    holdings = tuple(
        here if one is around.here else Holding(_on_branch(one), visit(one.project, skipped))
        for one in around.checkouts
    )
    search = Search(project, settings, borrowed=inventory.borrowed, around=around, tell=tell)
    own = frozenset(migration.path for migration in inventory.own)
    committed = git.in_head(project.root, own) if project.repository else own
    if database and not applied:
        applied, silence = _ask(database)
    graph = graph_of(defining([here, *holdings]).values())
    needed = [*(applied.heads if applied else ()), *inventory.graph.nodes]
    found = _remembered(needed, graph, holdings, search)
    graph = graph.joined(Node(one.revision, one.origin.name) for one in found.values())
    closure = graph.closure(applied.heads if applied else ())
    return Landscape(
        project=project,
        holdings=holdings,
        here=here,
        applied=applied,
        silence=silence,
        reached=closure.all if applied else None,
        found=found,
        graph=graph,
        committed=committed,
        skipped=(*skipped, *search.cut_short),
        by_hand=copied_by_hand(project, inventory, lambda: around),
        situation=decide(project, applied, inventory, search) if applied else None,
        applications=applications(project, settings.share) if applied and settings.share else (),
        apart=frozenset(_apart(applied, project, around.others)) if applied else frozenset(),
        abandoned=_abandoned(project, settings, around, found, graph.order(closure.known - _owned(holdings))),
    )


def _has_its_own(theirs: Project, ours: Project, file: str) -> bool:
    """Whether SQLite's `file` is another one there: named from the project's folder, or from env.py's own place."""
    here = os.path.normpath(ours.folder / file)
    if not os.path.isabs(file):
        return here != os.path.normpath(theirs.folder / file)
    relative_path = os.path.relpath(here, ours.root)
    return not relative_path.startswith(os.pardir) and (theirs.root / relative_path).exists()


def _apart(applied: Applied, ours: Project, checkouts: Iterable[Checkout]) -> Iterator[Path]:
    """Yield the checkouts that this database says nothing of."""
    files = [table.file for table in applied.tables if table.file]
    for path, theirs in ((one.path, one.project) for one in checkouts if files):
        if theirs and theirs.root != ours.root and any(_has_its_own(theirs, ours, file) for file in files):
            yield path


def _on_branch(checkout: Checkout) -> Checkout:
    """Ask a clone for its branch; those of the worktrees are known."""
    if checkout.worktree or not (checkout.path / ".git").exists():
        return checkout
    return checkout._replace(branch=git.branch(checkout.path))


def _ask(database: Database) -> tuple[Applied | None, Message | None]:
    try:
        return database.probe(TIMEOUT, quiet=True), None
    except TimeoutError:
        text = _(
            "Nothing came within {seconds} seconds. If env.py takes that long, the setting database-url asks "
            "without it."
        )
        return None, Message(text, {"seconds": int(TIMEOUT)})
    except ProbeFailed as error:
        return None, Message(Text("{reason:text}"), error.values)
    except UserError as error:
        return None, error.message


def defining(holdings: Iterable[Holding]) -> dict[str, Migration]:
    """Return the file of each revision in these checkouts: own files beat borrowed ones, and the first others'."""
    first: dict[str, Migration] = {}
    inventories = [holding.inventory for holding in holdings]
    own = (one for inventory in inventories for one in inventory.own)
    borrowed = (row.migration for inventory in inventories for row in inventory.borrowed)
    for one in chain(own, borrowed):
        first.setdefault(one.revision.id, one)
    return first


def _owned(holdings: Iterable[Holding]) -> frozenset[str]:
    return frozenset(one.revision.id for holding in holdings for one in holding.inventory.originals)


def _abandoned(
    project: Project,
    settings: Settings,
    around: Surroundings,
    found: Mapping[str, Candidate],
    lonely: Sequence[str],
) -> dict[str, str]:
    """Return which of these, applied and no checkout's own, nobody has; and the date of the last trace in git."""
    theirs = runners(project, settings.share) if lonely else {}
    traces = {id: found.get(id) for id in lonely if id not in theirs}
    commits = {
        id: one and last_commit(one, project.root, around)
        for id, one in traces.items()
        if not (one and one.origin.kind == "ref")
    }
    return {id: commit.date[:10] if commit else "" for id, commit in commits.items()}


def _remembered(
    needed: Iterable[str], graph: Graph, holdings: Iterable[Holding], search: Search
) -> dict[str, Candidate]:
    """Look in git for what is needed and no checkout has as its own, with all ancestors; `graph` is of all of them."""
    owned = _owned(holdings)
    found: dict[str, Candidate] = {}
    reached: set[str] = set()
    pending = set(needed)
    while pending:
        closure = graph.closure(pending, barred=reached)
        reached |= closure.all
        candidates = (
            next((one for one in search.everywhere(word) if one.path is None), None)
            for word in sorted(closure.all - owned)
        )
        new = {one.revision.id: one for one in candidates if one}
        found |= new
        pending = set(new)
        for revision in (one.revision for id, one in new.items() if id not in graph.nodes):
            pending |= {*map(graph.owner, revision.references)}
    return found
