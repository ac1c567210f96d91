"""Where does each checkout stand, and each database? Landscape → Standing. Pure."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from ..search.archive import database_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..database.applied import VersionTable
    from ..messages import Message
    from ..migrations.record import Origin
    from ..search.archive import Application
    from .survey import Holding, Landscape

    Held = Mapping[str, tuple[list[str], list[str]]]


class BorrowedFile(NamedTuple):
    """A borrowed file; `edited` if it was changed since."""

    revision: str
    origin: str
    path: str  # from the top of the checkout
    edited: bool
    staged: bool = False  # so that the next commit would record it


class Row(NamedTuple):
    """How one checkout stands. What depends on the database is None if that did not answer, or is not this one's."""

    name: str
    path: str
    branch: str | None  # None: detached, or no worktree of this repository
    here: bool
    has_project: bool
    heads: tuple[str, ...]  # of its own files
    borrowed: tuple[BorrowedFile, ...]
    lacks: tuple[str, ...] | None  # applied, and no file here
    waiting: tuple[str, ...] | None  # own, and not applied


class Head(NamedTuple):
    """A row of a version table, and who defines it; with no owner it was applied by nobody any more."""

    revision: str
    owners: tuple[str, ...]
    borrowers: tuple[str, ...]
    remembered: Origin | None  # where git still has it, if no checkout owns it
    application: Application | None = None  # who applied it, where the archive is shared
    abandoned: bool = False  # nor a branch, nor a tag
    since: str | None = None  # when an abandoned one was seen last


class Rows(NamedTuple):
    """A version table; `database` is named without user or password."""

    database: str
    heads: tuple[Head, ...]


class Standing(NamedTuple):
    """All checkouts and databases. `databases` is None if none answered; then `silence` says why."""

    checkouts: tuple[Row, ...]
    databases: tuple[Rows, ...] | None
    silence: Message | None
    apart: bool = False  # others have a database of their own

    @property
    def here(self) -> Row:
        """How this checkout stands."""
        return next(row for row in self.checkouts if row.here)


def stand(landscape: Landscape) -> Standing:
    """Draw the conclusions from one look."""
    rows = tuple(_row(holding, landscape) for holding in landscape.holdings)
    databases = None
    if landscape.applied:
        held = holders(landscape.holdings, landscape.applied.heads)
        databases = tuple(_rows(table, held, landscape) for table in landscape.applied.tables)
    return Standing(rows, databases, landscape.silence, bool(landscape.apart))


def holders(holdings: Iterable[Holding], revisions: Iterable[str]) -> Held:
    """Return for each of these the names of the checkouts whose own files define it, and of those that borrow it."""
    held: Held = {revision: ([], []) for revision in revisions}
    for checkout, inventory in holdings:
        for revision in held.keys() & {one.revision.id for one in inventory.all}:
            held[revision][revision in inventory.origins].append(checkout.name)
    return held


def _row(holding: Holding, landscape: Landscape) -> Row:
    checkout, inventory = holding
    own, reached = inventory.branch_graph, landscape.reached
    lacks = waiting = None
    if checkout.project and reached is not None and checkout.path not in landscape.apart:
        present = {migration.revision.id for migration in inventory.all}
        lacks, waiting = tuple(sorted(reached - present)), own.order(own.nodes.keys() - reached)
    return Row(
        name=checkout.name,
        path=str(checkout.path),
        branch=checkout.branch,
        here=holding is landscape.here,
        has_project=checkout.project is not None,
        heads=own.real_heads,
        borrowed=_borrowed_files(holding),
        lacks=lacks,
        waiting=waiting,
    )


def _borrowed_files(holding: Holding) -> tuple[BorrowedFile, ...]:
    checkout, inventory = holding
    return tuple(
        BorrowedFile(
            row.entry.revision,
            row.entry.origin.name,
            os.path.relpath(row.migration.path, checkout.path),
            not row.intact,
            row.staged,
        )
        for row in sorted(inventory.copies, key=lambda row: row.migration.path)
    )


def _rows(table: VersionTable, held: Held, landscape: Landscape) -> Rows:
    database = database_key(table, landscape.project)
    ran = {one.revision: one for one in reversed(landscape.applications) if one.database == database}
    heads = (_head(revision, held, landscape, ran.get(revision)) for revision in sorted(table.heads))
    return Rows(table.name, tuple(heads))


def _head(revision: str, held: Held, landscape: Landscape, application: Application | None) -> Head:
    owners, borrowers = held[revision]
    candidate = None if owners else landscape.found.get(revision)
    return Head(
        revision,
        tuple(owners),
        tuple(borrowers),
        candidate.origin if candidate else None,
        application,
        revision in landscape.abandoned,
        landscape.abandoned.get(revision) or None,
    )
