"""Which migrations get other parents, and what that makes of the rows? Graphs in, decisions out. Pure.

Any kill may come: first the rows are those before and after together, then the files change one by one, then the
rows are those after. So at no moment do the rows lead to more or less than has run, whichever of the files is read;
where one is then the ancestor of another, Alembic refuses to do anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..borrow.guard import rows_for
from ..borrow.obstacles import BASE, not_here
from ..messages import _
from ..messages.errors import UserError
from ..migrations.graph import Graph, Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence, Set

    Moves = Mapping[str, tuple[str, ...]]
    """Migration → the parents that it is to have."""


class Ground(NamedTuple):
    """What a branch stands on: its own migrations, all that Alembic loads here, and which of its own are published."""

    own: Graph
    whole: Graph
    published: Set[str]
    origins: Mapping[str, str]  # of what is borrowed


class Rows(NamedTuple):
    """What becomes of the rows of one version table; `lacking` has not run there, and would count as applied."""

    before: frozenset[str]
    after: frozenset[str]
    lacking: frozenset[str]

    @property
    def between(self) -> frozenset[str]:
        """The rows while the files change."""
        return self.before | self.after


def choose_moves(ground: Ground, wanted: Sequence[str], onto: str | None) -> Moves:
    """Return the other parents of what is `wanted`, or of the lowest that are not published; () of a new base.

    They go onto the published head here, or `onto` another one. What follows that already is left, whose ever it is:
    then only rows are meant. Raises UserError.
    """
    asked, wanted = wanted, [id for id in wanted if onto is None or not _follows(id, onto, ground)]
    if asked and not wanted:
        return {}
    for id in wanted:
        _must_be_own(id, ground)
    if onto is not None and onto != BASE:
        _must_be_own(onto, ground)
    parents = {id: _parents(id, _target(id, ground, onto), ground) for id in _lowest(ground, wanted, onto)}
    moves = {id: new for id, new in parents.items() if set(new) != {*_old(id, ground)}}
    for id, new in moves.items():
        _must_be_movable(id, new, ground)
    return moves


def _follows(id: str, onto: str, ground: Ground) -> bool:
    return id in ground.whole.nodes and onto in (ground.whole.nodes[id].revision.down_revisions or (BASE,))


def _old(id: str, ground: Ground) -> tuple[str, ...]:
    return ground.own.nodes[id].revision.down_revisions


def _lowest(ground: Ground, wanted: Sequence[str], onto: str | None) -> list[str]:
    """Return those that follow none of the others; unasked no base, for which there may be no line to go onto."""
    own = ground.own
    if wanted:
        return [id for id in own.order(wanted) if not own.line_above([id]) & {*wanted}]
    fresh = own.nodes.keys() - ground.published - own.closure([onto] if onto else []).known
    return [id for id in own.order(fresh) if _old(id, ground) and not fresh & {*_old(id, ground)}]


def _target(id: str, ground: Ground, onto: str | None) -> str | None:
    """Return the head of the published migrations that lie here, in the family of this one. None: there is none."""
    if onto is not None:
        return onto
    line = Graph(node for known, node in ground.own.nodes.items() if known in ground.published).heads
    family = next(one for one in ground.whole.families([*line, id]) if id in one)
    heads = tuple(head for head in family if head in line)
    if len(heads) > 1:
        text = _(
            "{revision} could follow any of these published heads: {heads:list}. Nothing was "
            "changed. Name one of them, for example: --onto {first:q}"
        )
        raise UserError(text, revision=id, heads=heads, first=heads[0])
    return heads[0] if heads else None


def _parents(id: str, target: str | None, ground: Ground) -> tuple[str, ...]:
    """Return what it follows then: of several parents those stay that are own ones, and not in the target's line."""
    old, own = _old(id, ground), ground.own
    if target == BASE:
        return ()
    if target is None or target in old:
        return old
    line = own.closure([target]).known
    kept = tuple(one for one in old if one in own.nodes and one not in line) if len(old) > 1 else ()
    return kept if target in own.closure(kept).known else (target, *kept)


def _must_be_own(id: str, ground: Ground) -> None:
    if id in ground.own.nodes:
        return
    if id in ground.origins:
        text = _(
            "{revision} is only borrowed here, from {origin}. Nothing was changed. Rebase it there, "
            "or make it this branch's own: alembic-worktrees adopt {revision:q}"
        )
        raise UserError(text, revision=id, origin=ground.origins[id])
    raise not_here(id, ground.own)


def _must_be_movable(id: str, parents: Iterable[str], ground: Ground) -> None:
    if id in ground.published:
        text = _(
            "{revision} is published: others may have applied it with the parent that it has. Nothing was changed."
        )
        raise UserError(text, revision=id)
    if id in ground.whole.closure(parents).known:
        text = _("{onto:list} comes after {revision}, so it cannot come before it too. Nothing was changed.")
        raise UserError(text, revision=id, onto=tuple(parents))


def moved(graph: Graph, moves: Moves) -> Graph:
    """Return the graph with these parents."""
    nodes = graph.nodes.items()
    return Graph(
        Node(node.revision._replace(down_revisions=moves[id]), node.path) if id in moves else node
        for id, node in nodes
    )


def rows_after(before: Iterable[str], ran: Set[str], graph: Graph) -> Rows:
    """Return the rows that lead to what has run, no more and no less, by the graph that is to be."""
    return Rows(frozenset(before), rows_for(ran, graph), graph.closure(ran).known - ran)


def taken_back(lacking: Iterable[str], ran: Set[str], before: Graph, after: Graph) -> tuple[str, ...]:
    """Return what has to be taken back for what is lacking to run below it, children first."""
    built_on = ran & after.with_followers(lacking)
    return tuple(reversed(before.order(ran & before.with_followers(built_on))))
