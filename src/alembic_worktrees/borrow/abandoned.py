"""What has nobody any more, and what of it can be taken back? Graph, applied, owned → Decision. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence, Set

    from ..migrations.graph import Graph
    from ..search.sources import Candidate


class Owned(NamedTuple):
    """A revision that is not to be taken back, and the migration of somebody that says so: itself, or what follows."""

    revision: str
    candidate: Candidate


class Decision(NamedTuple):
    """What is to be taken back, children first, and what of that, or of all that is abandoned, cannot be."""

    steps: tuple[str, ...]
    owned: tuple[Owned, ...]


def decide(
    graph: Graph, applied: Set[str], owned: Sequence[Candidate], wanted: Collection[str] = ()
) -> Decision:
    """Decide what of `applied` is taken back: these and all that is built on them, without words all that is abandoned.

    `owned` are the migrations of every checkout, branch and tag. What they follow has to stay, applied or not, and so
    has what that is built on.
    """
    owners = {one.revision.id: one for one in reversed(owned)}
    needed = {graph.owner(name): one for one in reversed(owned) for name in one.revision.references}
    chosen = applied & graph.with_followers(wanted) if wanted else applied - owners.keys()
    staying = chosen & graph.closure([*owners, *needed]).known
    direct = [id for id in graph.order(staying) if id in owners or id in needed]
    return Decision(
        steps=tuple(reversed(graph.order(chosen - staying))),
        owned=tuple(Owned(id, owners.get(id) or needed[id]) for id in direct),
    )
