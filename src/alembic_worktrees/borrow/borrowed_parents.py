"""Would an own migration be applied that follows a borrowed one? And which parent of its own it could have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..messages import _
from ..migrations.graph import Graph, Node
from .errors import Objection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set

    from ..migrations.inventory import Inventory, Migration

_ASSIGNED = re.compile(r"down_revision\b[^=]*=[ \t]*")


def on_borrowed(
    inventory: Inventory, whole: Graph, pending: Set[str], borrowed: Mapping[str, str]
) -> Objection | None:
    """Return which own migration would be applied although its parent is only borrowed, None if none would.

    `whole` is the graph of own and borrowed ones, `borrowed` says from where each was.
    """
    own = inventory.branch_graph
    for id in own.order(pending & own.nodes.keys()):
        parents = own.nodes[id].revision.down_revisions
        if lent := [parent for parent in parents if parent in borrowed]:
            migration = next(one for one in inventory.own if one.revision.id == id)
            text = _(
                "{revision} is not applied yet, and follows {parents:list}, which is only "
                "borrowed here, from {origins:list}. Once it is applied, the database goes by "
                "that parent. The database was not changed.\n"
                "  Give it an own parent first, in {path}, line {number}:\n"
                "    {before}\n"
                "  → {after}\n"
                "  If that parent is meant, because git will bring it: alembic-worktrees "
                "upgrade --on-borrowed"
            )
            return Objection(
                "on-borrowed",
                text,
                revision=id,
                parents=tuple(lent),
                origins=tuple(dict.fromkeys(borrowed[parent] for parent in lent)),
                path=migration.path,
                **_own_parent(migration, _footing(own, whole, lent), lent),
            )
    return None


def _footing(own: Graph, whole: Graph, lent: Sequence[str]) -> tuple[str, ...]:
    """Return the head of what on this branch needs nothing borrowed; of several those that `lent` comes after."""
    firm: dict[str, Node] = {}
    for id in own.order(own.nodes):
        if all(parent in firm for parent in own.parents(id)):
            firm[id] = own.nodes[id]
    heads = Graph(firm.values()).real_heads
    if len(heads) < 2:
        return heads
    above = whole.closure(lent).known
    return Graph(node for id, node in firm.items() if id in above).real_heads


def _own_parent(migration: Migration, footing: Sequence[str], lent: Sequence[str]) -> dict[str, object]:
    """Return the line that names the parents, and how it reads with own ones in place of those `lent`."""
    kept = [parent for parent in migration.revision.down_revisions if parent not in lent]
    number, line, start = _line(migration.content)
    return {"number": number, "before": line, "after": f"{start}{literal(kept or footing)}"}


def _line(content: bytes) -> tuple[int, str, str]:
    """Return where `down_revision` is assigned, that line, and what of it stands before the value."""
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        if found := _ASSIGNED.match(line):
            return number, line, found[0]
    return 1, "down_revision = …", "down_revision = "


def literal(parents: Sequence[str]) -> str:
    """Return parents as a migration spells them."""
    return repr(parents[0] if len(parents) == 1 else tuple(parents) or None)
