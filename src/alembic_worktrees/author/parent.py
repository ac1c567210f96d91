"""What does a new migration follow? This branch's own head, and nothing that is only borrowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..messages import _
from ..messages.errors import UserError
from ..migrations.graph import number_of_heads

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..migrations.inventory import Inventory

THE_HEAD = ("head", None)
NEW_BASE = "base"


class Parent(NamedTuple):
    """What `--head` is to say, whether it needs `--splice`, and which borrowed revisions the migration would follow."""

    head: str
    splice: bool
    borrowed: tuple[str, ...]

    @property
    def argv(self) -> list[str]:
        """The words for `alembic revision`."""
        return ["--head", self.head, *(["--splice"] if self.splice else [])]


def choose_parent(
    inventory: Inventory, head: str | None, depends_on: Sequence[str], *, splice: bool
) -> Parent:
    """Return the parent: the own head, or what `head` names: an id, the beginning of one, a branch label.

    An own head that only borrowed ones follow is spliced; else that is for the user to say.
    Raises UserError if there are several, or none of this name.
    """
    own = inventory.branch_graph
    needed = (_resolved(inventory, name) for name in depends_on)
    borrowed = [one for one in needed if one not in own.nodes]
    if head in THE_HEAD:
        if len(own.heads) > 1:
            diverged = any(len(family) > 1 for family in own.families(own.heads))
            text = _(
                "This branch has {count} of its own, each with a base of its own: "
                "{heads:list}. No migration was written. Follow one of them, for example: "
                "--head {first:q}"
            )
            if diverged:
                text = _(
                    "This branch has {count} of its own: {heads:list}. No migration was written.\n"
                    "  Join them first: alembic-worktrees merge\n"
                    "  Or let one follow the other: alembic-worktrees rebase\n"
                    "  Or follow one of them: --head {first:q}"
                )
            count = number_of_heads(len(own.heads))
            raise UserError(text, count=count, heads=own.heads, first=own.heads[0])
        head = own.heads[0] if own.heads else NEW_BASE
    elif head != NEW_BASE:
        head = _resolved(inventory, str(head))
        borrowed += [] if head in own.nodes else [head]
    spliced = splice or (head in own.heads and head not in inventory.graph.heads)
    return Parent(str(head), spliced, tuple(dict.fromkeys(borrowed)))


def _resolved(inventory: Inventory, name: str) -> str:
    """Return the id of what Alembic would take `name` for; of LABEL@head the own head, if this branch has any."""
    label, _at, wanted = name.partition("@")
    for graph in (inventory.branch_graph, inventory.graph):
        if wanted == "head" and label in graph.label_owners:
            (owner,) = graph.label_owners[label][:1]
            heads = [head for head in graph.heads if owner in graph.closure([head]).known]
            if len(heads) == 1:
                return heads[0]
        if name in graph.nodes:
            return name
        if name in graph.label_owners:
            return graph.label_owners[name][0]
        if len(alike := [id for id in graph.nodes if len(name) > 3 and id.startswith(name)]) == 1:
            return alike[0]
    text = _(
        "No migration here is {revision}. This branch's own heads: {heads:list}. No migration was written."
    )
    raise UserError(text, revision=name, heads=inventory.branch_graph.heads)


def must_be_meant(borrowed: Iterable[str], inventory: Inventory) -> None:
    """Raise UserError if there is any."""
    origins = inventory.origins
    for revision in borrowed:
        text = _(
            "{revision} is only borrowed here, from {origin}: once this branch is merged "
            "without that one, nobody could apply a migration that follows it. No migration "
            "was written.\n"
            "  To follow this branch's own head ({heads:list}): leave it out\n"
            "  If it is meant, because git will bring it: --on-borrowed"
        )
        raise UserError(
            text, revision=revision, origin=origins.get(revision, "?"), heads=inventory.branch_graph.heads
        )
