"""Would an own migration be applied that follows a borrowed one? And which parent of its own it could have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import _
from ..migrations.graph import Graph
from .errors import Objection
from .obstacles import rebase_command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set

    from ..migrations.inventory import Inventory
    from ..project.project import Project


def on_borrowed(
    project: Project, inventory: Inventory, whole: Graph, pending: Set[str], borrowed: Mapping[str, str]
) -> Objection | None:
    """Return which own migration would be applied although its parent is only borrowed, None if none would.

    `whole` is the graph of own and borrowed ones, `borrowed` says from where each was.
    """
    own = inventory.branch_graph
    for id in own.order(pending & own.nodes.keys()):
        parents = own.nodes[id].revision.down_revisions
        if lent := [parent for parent in parents if parent in borrowed]:
            footing = _footing(own, whole, lent)
            text = _(
                "{revision} is not applied yet, and follows {parents:list}, which is only "
                "borrowed here, from {origins:list}. Once it is applied, the database goes by "
                "that parent. The database was not changed.\n"
                "  Give it an own parent first: {rebase}\n"
                "  If that parent is meant, because git will bring it: alembic-worktrees "
                "upgrade --on-borrowed"
            )
            return Objection(
                "on-borrowed",
                text,
                revision=id,
                parents=tuple(lent),
                origins=tuple(dict.fromkeys(borrowed[parent] for parent in lent)),
                rebase=rebase_command(project, id, footing),
            )
    return None


def _footing(own: Graph, whole: Graph, lent: Sequence[str]) -> tuple[str, ...]:
    """Return the head of what on this branch needs nothing borrowed; of several those that `lent` comes after."""
    if len(own.firm.real_heads) < 2:
        return own.firm.real_heads
    above = whole.closure(lent).known
    return Graph(node for id, node in own.firm.nodes.items() if id in above).real_heads
