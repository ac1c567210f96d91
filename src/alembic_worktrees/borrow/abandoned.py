"""What has nobody any more, and what of it can be taken back? Graph, applied, owned → Decision. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence, Set

    from ..migrations.graph import Graph
    from ..search.sources import Candidate


class Owned(NamedTuple):
    """A revision that is not to be taken back, and the migration of somebody that says so: itself, or what follows."""

    revision: str
    candidate: Candidate

    @property
    def is_followed(self) -> bool:
        """Whether it is abandoned, and something that is not follows it."""
        return self.candidate.revision.id != self.revision


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
    needed = {parent: one for one in reversed(owned) for parent in _parents(one, graph)}
    chosen = _with_children(wanted, graph, applied) if wanted else applied - owners.keys()
    staying = chosen & graph.closure([*owners, *needed]).known
    direct = [id for id in graph.order(staying) if id in owners or id in needed]
    return Decision(
        steps=tuple(reversed(graph.order(chosen - staying))),
        owned=tuple(Owned(id, owners.get(id) or needed[id]) for id in direct),
    )


def _parents(candidate: Candidate, graph: Graph) -> Iterable[str]:
    return map(graph.owner, candidate.revision.references)


def _with_children(ids: Iterable[str], graph: Graph, applied: Set[str]) -> frozenset[str]:
    """Return these and all applied ones that they come before."""
    found = set(ids)
    for id in graph.order(applied):
        if not found.isdisjoint(graph.parents(id)):
            found.add(id)
    return frozenset(found)
