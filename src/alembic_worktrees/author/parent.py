"""What does a new migration follow? This branch's own head, and nothing that is only borrowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..borrow.obstacles import not_here
from ..messages import _
from ..messages.errors import UserError
from ..migrations.graph import number_of_heads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..migrations.graph import Graph
    from ..migrations.inventory import Inventory

NEW_BASE = "base"


class Parent(NamedTuple):
    """The words for `alembic revision`, and which borrowed revisions the migration would follow."""

    argv: tuple[str, ...]
    borrowed: tuple[str, ...]


def choose_parent(
    inventory: Inventory, head: str | None, depends_on: Sequence[str], *, splice: bool
) -> Parent:
    """Return the parent: the own head, or what `head` names: an id, the beginning of one, a branch label.

    An own head that only borrowed ones follow is spliced; else that is for the user to say.
    Raises UserError if there are several, or none of this name.
    """
    own = inventory.branch_graph
    if head is None or head == "head":
        found = _own_head(own)
    elif head == NEW_BASE:
        found = NEW_BASE
    else:
        found = _resolved(inventory, head)
    named = [*(_resolved(inventory, name) for name in depends_on), found]
    borrowed = [one for one in named if one not in {*own.nodes, NEW_BASE}]
    spliced = splice or (found in own.heads and found not in inventory.graph.heads)
    return Parent(("--head", found, *(["--splice"] if spliced else [])), tuple(dict.fromkeys(borrowed)))


def _own_head(own: Graph) -> str:
    """Return the one head of a branch; a base where it has none. Raises UserError if there are several."""
    if len(own.heads) > 1:
        text = _(
            "This branch has {count} of its own, each with a base of its own: "
            "{heads:list}. No migration was written. Follow one of them, for example: "
            "--head {first:q}"
        )
        if any(len(family) > 1 for family in own.families(own.heads)):
            text = _(
                "This branch has {count} of its own: {heads:list}. No migration was written.\n"
                "  Join them first: alembic-worktrees merge\n"
                "  Or let one follow the other: alembic-worktrees rebase\n"
                "  Or follow one of them: --head {first:q}"
            )
        count = number_of_heads(len(own.heads))
        raise UserError(text, count=count, heads=own.heads, first=own.heads[0])
    return own.heads[0] if own.heads else NEW_BASE


def _resolved(inventory: Inventory, name: str) -> str:
    """Return the id of what Alembic would take `name` for, of this branch's own first. Raises UserError."""
    own = inventory.branch_graph
    found = _found(name, own) or _found(name, inventory.graph)
    if found is None:
        raise not_here(name, own)
    return found


def _found(name: str, graph: Graph) -> str | None:
    """Return what a name stands for: LABEL@head, an id, a label, or the beginning of one id."""
    label, _at, wanted = name.partition("@")
    if wanted == "head" and (head := _head_of(label, graph)):
        return head
    if name in graph.nodes:
        return name
    if name in graph.label_owners:
        return graph.label_owners[name][0]
    alike = [id for id in graph.nodes if len(name) > 3 and id.startswith(name)]
    return alike[0] if len(alike) == 1 else None


def _head_of(label: str, graph: Graph) -> str | None:
    """Return the one head of a branch with this label; None if it has several, or there is no such label."""
    owners = {*graph.label_owners.get(label, ())[:1]}
    heads = [head for head in graph.heads if graph.closure([head]).known & owners]
    return heads[0] if len(heads) == 1 else None


def only_borrowed(revision: str, inventory: Inventory) -> UserError:
    """Return the error for a migration that would follow this one."""
    text = _(
        "{revision} is only borrowed here, from {origin}: once this branch is merged "
        "without that one, nobody could apply a migration that follows it. No migration "
        "was written.\n"
        "  To follow this branch's own head ({heads:list}): leave it out\n"
        "  If it is meant, because git will bring it: --on-borrowed"
    )
    origin = inventory.origins.get(revision, "?")
    return UserError(text, revision=revision, origin=origin, heads=inventory.branch_graph.heads)


def why_not_loaded(inventory: Inventory) -> UserError | None:
    """Return what to say where Alembic has failed because a parent is not here, None if none is lacking."""
    text = _("{needed_by:list} needs {revision}, which is not here. Bring it: alembic-worktrees upgrade")
    lacking = sorted(inventory.graph.missing.items())
    return UserError(text, revision=lacking[0][0], needed_by=lacking[0][1]) if lacking else None
