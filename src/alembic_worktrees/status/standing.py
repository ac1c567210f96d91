"""Where do I stand? Landscape → Standing: each checkout, the database, and the one next step. Pure."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from ..search.archive import database_key
from .next_step import Called, Case, Step, next_step
from .rows import BorrowedFile, Head, Row, Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..messages import Message
    from ..project.settings import Settings
    from .survey import Holding, Landscape


class Standing(NamedTuple):
    """The whole answer. `databases` is None if none answered; then `silence` says why."""

    checkouts: tuple[Row, ...]
    databases: tuple[Rows, ...] | None
    silence: Message | None
    step: Step
    apart: bool = False  # others have a database of their own


def stand(landscape: Landscape, called: Called, settings: Settings) -> Standing:
    """Draw the conclusions from one look."""
    reached = applied_revisions(landscape)
    rows = tuple(_row(holding, landscape, reached) for holding in landscape.holdings)
    databases = None
    if landscape.applied:
        held = holders(landscape.holdings, landscape.applied.heads)
        databases = tuple(
            Rows(
                table.name,
                tuple(
                    _head(revision, held, landscape, database_key(table, landscape.project))
                    for revision in sorted(table.heads)
                ),
            )
            for table in landscape.applied.tables
        )
    here = next(row for row in rows if row.here)
    step = next_step(Case(landscape, reached or frozenset(), here, called, settings))
    return Standing(rows, databases, landscape.silence, step, bool(landscape.apart))


def applied_revisions(landscape: Landscape) -> frozenset[str] | None:
    """Return all that is applied: the rows and their ancestors; None if the database did not answer."""
    if landscape.applied is None:
        return None
    closure = landscape.graph.closure(landscape.applied.heads)
    return closure.known | closure.unknown


def holders(holdings: Iterable[Holding], revisions: Iterable[str]) -> dict[str, tuple[list[str], list[str]]]:
    """Return for each of these the names of the checkouts whose own files define it, and of those that borrow it."""
    held: dict[str, tuple[list[str], list[str]]] = {revision: ([], []) for revision in revisions}
    for checkout, inventory in holdings:
        for revision in held.keys() & {one.revision.id for one in inventory.all}:
            held[revision][revision in inventory.origins].append(checkout.name)
    return held


def _row(holding: Holding, landscape: Landscape, reached: frozenset[str] | None) -> Row:
    checkout, inventory = holding
    present = {migration.revision.id for migration in inventory.all}
    own = inventory.branch_graph
    lacks = waiting = None
    if checkout.project is not None and reached is not None and checkout.path not in landscape.apart:
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


def _head(
    revision: str, held: Mapping[str, tuple[list[str], list[str]]], landscape: Landscape, database: str
) -> Head:
    owners, borrowers = held[revision]
    candidate = None if owners else landscape.found.get(revision)
    ran = (one for one in landscape.applications if (one.revision, one.database) == (revision, database))
    since, origin = landscape.abandoned.get(revision), candidate and candidate.origin
    about = next(ran, None), since is not None, since or None
    return Head(revision, tuple(owners), tuple(borrowers), origin, *about)
