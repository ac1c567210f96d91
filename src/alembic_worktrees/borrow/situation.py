"""What did one look find, and what follows from it? What is applied against what is here."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from .. import git
from ..migrations.graph import Graph, Node
from ..migrations.inventory import Inventory, Migration, graph_of
from ..search.by_hand import copied_by_hand
from .memory import Memory
from .plan import Plan, make_plan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..database.applied import Applied
    from ..project.project import Project
    from ..search.search import Search


class _Look(NamedTuple):
    project: Project
    applied: Applied
    inventory: Inventory
    plan: Plan
    search: Search


class Situation(_Look):
    """What one look found, and what follows from it; what takes a graph is worked out once."""

    @property
    def adding(self) -> Situation:
        """The same with only that part of the plan that adds."""
        return self._replace(plan=self.plan.adding)

    @cached_property
    def migrations(self) -> tuple[Migration, ...]:
        """What Alembic loads here when the plan is carried out."""
        gone = {row.path for row in self.plan.returned} | {copy.path for copy in self.plan.copies}
        staying = (one for one in self.inventory.all if one.path not in gone)
        return (*staying, *(copy.migration for copy in self.plan.copies))

    @cached_property
    def graph(self) -> Graph:
        """The graph of that."""
        return graph_of(self.migrations)

    @property
    def reached(self) -> frozenset[str]:
        """What is applied, as far as it is here."""
        return self.reached_by(self.applied.heads)

    def reached_by(self, rows: Iterable[str]) -> frozenset[str]:
        """Return what is applied with these rows, as far as it is here."""
        return self.graph.closure(rows).known

    @property
    def heads(self) -> tuple[str, ...]:
        """What `alembic upgrade heads` goes to."""
        return self.graph.real_heads

    @property
    def foreign(self) -> frozenset[str]:
        """What is applied and not this branch's own."""
        return self.graph.closure(self.applied.heads).all - self.inventory.branch_graph.nodes.keys()

    @property
    def owners(self) -> dict[str, str]:
        """Where each borrowed revision comes from that is here then; what is borrowed now goes first."""
        copied = {copy.revision: copy.candidate.origin.name for copy in self.plan.copies}
        gone = copied.keys() | {row.revision for row in self.plan.returned}
        return copied | {id: name for id, name in self.inventory.origins.items() if id not in gone}

    @property
    def never_ran(self) -> tuple[str, ...]:
        """What counts as applied only since a copy is refreshed whose parents changed, and did not run through us."""
        if not self.plan.refreshed:
            return ()
        old = [Node(copy.replaces.migration.revision, "") for copy in self.plan.copies if copy.replaces]
        before = Graph([*old, *self.graph.nodes.values()]).closure(self.applied.heads).known
        return tuple(sorted(self.reached - before - self.memory.ever))

    @property
    def pending(self) -> frozenset[str]:
        """What an upgrade runs, in one database at least."""
        return self.runs_to(self.heads)

    def runs_to(self, targets: Iterable[str]) -> frozenset[str]:
        """Return what an upgrade to these runs, in one database at least."""
        done = [self.reached_by(table.heads) for table in self.applied.tables]
        return self.reached_by(targets) - frozenset.intersection(*done)

    @cached_property
    def loaded(self) -> dict[str, Migration]:
        """What Alembic loads here when the plan is carried out, by its id."""
        return {migration.revision.id: migration for migration in self.migrations}

    @cached_property
    def memory(self) -> Memory:
        """What the archive knows of that."""
        return Memory(self.project, self.loaded)


def decide(project: Project, applied: Applied, inventory: Inventory, search: Search) -> Situation:
    """Decide what to do where this is applied, this lies here, and this is where the rest may be."""
    tables = [table.heads for table in applied.tables]
    stashed = git.stashed_files(project.root) if project.repository else ()
    plan = make_plan(tables, inventory, project, search.choices, stashed)
    return Situation(project, applied, inventory, plan, search)


def take_over(inventory: Inventory, applied: Applied, project: Project, search: Search) -> Inventory:
    """Count as borrowed what somebody has copied here by hand, if it is applied: git would stumble over it."""
    found = copied_by_hand(project, inventory, lambda: search.surroundings)
    reached = inventory.graph.closure(applied.heads).known if found else frozenset()
    ids = {one.path: one.revision.id for one in inventory.own} if found else {}
    return inventory.taking_over({path: one for path, one in found.items() if ids[path] in reached})
