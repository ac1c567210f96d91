"""Copies that are out of a checkout for a while: they wait in git's own folder of the worktree, and are put back.

Killed at any moment, a copy is in the checkout, or waits, or both. What waits is found by each search, so that the next
upgrade brings back what is still needed, even where nobody else has it any more.
"""

from __future__ import annotations

import json
import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from .. import git
from ..migrations.graph import Node
from ..migrations.inventory import take_inventory
from ..migrations.record import Origin
from ..migrations.revision import read_revision
from ..search.sources import BORROWED_HERE, Candidate, borrowed_copy
from ..system.writing import overwrite
from .apply import carry_out
from .errors import writing
from .lock import alone, running
from .plan import Copy, Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import Any

    from ..migrations.inventory import Borrowed, Inventory
    from ..project.project import Project

NAME = "alembic-worktrees.aside"


class Taken(NamedTuple):
    """What lay in a project, and the copies that were taken out of it."""

    before: Inventory
    rows: tuple[Borrowed, ...]

    @property
    def staying(self) -> tuple[str, ...]:
        """The copies that this branch's own migrations need, or what was edited here."""
        return tuple(row.revision for row in self.before.borrowed if row not in self.rows)


@contextmanager
def own_only(projects: Sequence[Project], when_waiting: Callable[[], None]) -> Iterator[tuple[Taken, ...]]:
    """Leave only this branch's own migrations in the projects of a checkout; yield what was taken out.

    Others may do the same at the same time: the last one to end puts the copies back. Raises UserError.
    """
    repository = projects[0].repository if projects else None
    if repository is None:  # outside git nobody knows what is borrowed
        yield ()
        return
    with ExitStack() as held:
        with alone(repository, when_waiting):
            is_last = held.enter_context(running(repository))
            taken = tuple(map(take_out, projects))
        try:
            yield taken
        finally:
            with alone(repository, when_waiting):
                for project in projects if is_last() else ():
                    _put_back(project)


def take_out(project: Project) -> Taken:
    """Take the copies out that nothing needs which stays, and let them wait. Raises UserError."""
    inventory = take_inventory(project)
    needed = inventory.graph.closure(inventory.own_graph.nodes).known
    rows = {row.revision: row for row in inventory.borrowed if row.revision not in needed}
    children_first = tuple(rows[id] for id in reversed(inventory.graph.order(rows)))
    if rows:
        taken = (_taken(row, project) for row in children_first)
        _write(project.root, (*_read(project.root), *taken))
        carry_out(Plan(returned=children_first), project, inventory)
    return Taken(inventory, children_first)


def _taken(row: Borrowed, project: Project) -> Copy:
    candidate = borrowed_copy(project.root, row, BORROWED_HERE)
    return Copy(candidate, row.path, None, row.migration.commented_out)


def _put_back(project: Project) -> None:
    inventory = take_inventory(project)
    rows = {one.revision: one for one in _waiting(project) if one.revision not in inventory.graph.nodes}
    order = inventory.graph.joined(Node(one.candidate.revision, "") for one in rows.values()).order(rows)
    copies = tuple(rows[id] for id in order if not os.path.lexists(rows[id].path))
    carry_out(Plan(copies=copies), project, inventory)
    forget(project)


def waiting(project: Project) -> tuple[Candidate, ...]:
    """Return the copies that were taken out of a project and not put back."""
    return tuple(one.candidate for one in _waiting(project))


def _waiting(project: Project) -> tuple[Copy, ...]:
    root = project.root
    return tuple(one for one in _read(root) if root / one.candidate.location in project.versions)


def forget(project: Project) -> None:
    """Let none of the project's copies wait any more: what is needed is here. Raises UserError."""
    if gone := _waiting(project):
        _write(project.root, (one for one in _read(project.root) if one not in gone))


def _file(root: Path) -> Path:
    return (git.own_folder(root) or root) / NAME


def _read(root: Path) -> tuple[Copy, ...]:
    try:
        return tuple(_copy(root, row) for row in json.loads(_file(root).read_bytes()))
    except FileNotFoundError:
        return ()


def _copy(root: Path, row: dict[str, Any]) -> Copy:
    content, path = row["content"].encode("latin-1"), row["relative_path"]
    revision, origin = read_revision(content, os.path.basename(path)), Origin(*row["origin"])
    candidate = Candidate(revision, content, row["location"], path, origin, BORROWED_HERE, None)
    return Copy(candidate, root / row["location"] / path, None, row["commented_out"])


def _write(root: Path, copies: Iterable[Copy]) -> None:
    path = _file(root)
    rows = {
        one.path: {
            "location": one.candidate.location,
            "relative_path": one.candidate.relative_path,
            "origin": one.candidate.origin,
            "content": one.candidate.content.decode("latin-1"),
            "commented_out": one.commented_out,
        }
        for one in copies
    }
    with writing(path):
        if rows:
            overwrite(path, json.dumps([*rows.values()]).encode())
        else:
            path.unlink(missing_ok=True)
