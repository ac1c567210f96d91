"""How revisions hang together: revisions in, `Graph` out. Pure, and linear in revisions and references.

The words mean what they mean in Alembic's `RevisionMap` (alembic/script/revision.py), but where Alembic gives
up (a missing parent, a duplicate, a cycle) this graph is built all the same and says what is wrong. Ids match
exactly; a prefix is never resolved. Nothing recurses, so that a chain of 20,000 revisions is only long.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from ..messages import Message, _n

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set

    from .revision import Revision


class Node(NamedTuple):
    """A revision and the file that defines it; the path is only carried along."""

    revision: Revision
    path: str


class Closure(NamedTuple):
    """Some revisions and all their ancestors: those that the graph defines, and those only referred to."""

    known: frozenset[str]
    unknown: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """Both."""
        return self.known | self.unknown


class Graph:
    """Revisions and their references. Nothing in it changes after it is built.

    Where an id is defined more than once, the first definition counts; the others show in `duplicates` only.
    An opaque revision counts with the references that its file shows, so without those that are computed.
    """

    nodes: Mapping[str, Node]
    """Each id's (first) definition, in the order given."""

    duplicates: Mapping[str, tuple[Node, ...]]
    """The ids that are defined more than once, each with all its definitions."""

    label_owners: Mapping[str, tuple[str, ...]]
    """Branch label → the ids that declare it. Alembic refuses a second owner, and a label that is an id."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        first: dict[str, Node] = {}
        again: dict[str, tuple[Node, ...]] = {}
        for node in nodes:
            id_ = node.revision.id
            if first.setdefault(id_, node) is not node:
                again[id_] = (*again.get(id_, (first[id_],)), node)
        self.nodes = first
        self.duplicates = {id_: again[id_] for id_ in first if id_ in again}
        self.label_owners = inverse((id_, node.revision.branch_labels) for id_, node in first.items())
        self._parents = {id_: self._resolve(node.revision) for id_, node in first.items()}

    def _resolve(self, revision: Revision) -> tuple[str, ...]:
        depends_on = map(self.owner, revision.depends_on)
        return tuple(dict.fromkeys((*revision.down_revisions, *depends_on)))

    def owner(self, name: str) -> str:
        """Return the id that a `depends_on` means, which may be a label's (`RevisionMap._add_depends_on`)."""
        if name in self.nodes or name not in self.label_owners:
            return name
        return self.label_owners[name][0]

    @cached_property
    def missing(self) -> Mapping[str, tuple[str, ...]]:
        """Id (in `depends_on` also label) that nothing here defines → the ids that refer to it, sorted."""
        references = inverse(sorted(self._parents.items()))
        return {name: ids for name, ids in references.items() if name not in self._parents}

    @cached_property
    def heads(self) -> tuple[str, ...]:
        """The ids that are no other's `down_revision`, sorted: `RevisionMap.heads`.

        `alembic heads` prints these, and `upgrade head` wants exactly one of them. A head that another branch
        depends on is one of them, but it is no row of the version table: see `real_heads`.
        """
        return self._childless(lambda id_: self.nodes[id_].revision.down_revisions)

    @cached_property
    def real_heads(self) -> tuple[str, ...]:
        """The heads that no other revision depends on either, sorted: `RevisionMap._real_heads`.

        `upgrade heads` goes to these (`RevisionMap._resolve_revision_number`), and they are the rows that it
        leaves in the version table.
        """
        return self._childless(self.parents)

    def _childless(self, parents: Callable[[str], Iterable[str]]) -> tuple[str, ...]:
        return tuple(sorted(set(self.nodes).difference(*map(parents, self.nodes))))

    @cached_property
    def cycles(self) -> tuple[tuple[str, ...], ...]:
        """Each self-loop as `(a,)`, and cycles without whose revisions there would be none.

        `(a, b, c)` reads: the parent of a is b, of b c, of c a. It begins with its smallest id.
        """
        from graphlib import CycleError, TopologicalSorter

        found = [(id_,) for id_ in self.nodes if id_ in self._parents[id_]]
        left = {id_: sorted({*self._parents[id_]} - {id_}) for id_ in sorted(self.nodes)}
        while True:
            try:
                TopologicalSorter(left).prepare()
            except CycleError as error:
                *_, ring = error.args
                ring = ring[:0:-1]  # it names a parent before its child, and the last again as the first
                start = ring.index(min(ring))
                found.append((*ring[start:], *ring[:start]))
                left = {id_: parents for id_, parents in left.items() if id_ not in ring}
            else:
                return tuple(sorted(found))

    @cached_property
    def firm(self) -> Graph:
        """The graph of what needs nothing that is not defined here."""
        nodes: dict[str, Node] = {}
        for id_ in self.order(self.nodes):
            if all(parent in nodes for parent in self.parents(id_)):
                nodes[id_] = self.nodes[id_]
        return Graph(nodes.values())

    def parents(self, id: str) -> tuple[str, ...]:
        """Return what must be applied before: `down_revisions`, then `depends_on` with labels resolved.

        Each once, whether or not it is defined here. An id that is not defined here has none.
        """
        return self._parents.get(id, ())

    def families(self, ids: Iterable[str]) -> tuple[tuple[str, ...], ...]:
        """Group the given ids by their roots: two are in one family if a line of `down_revision`s joins them.

        Each family is sorted, and so are the families. Two heads of one family have diverged; branches that
        have bases of their own are families of their own.
        """
        elder: dict[str, str] = {}

        def eldest(id_: str) -> str:
            while (above := elder.get(id_, id_)) != id_:
                elder[id_] = elder.get(above, above)
                id_ = above
            return id_

        for id_, node in self.nodes.items():
            for parent in node.revision.down_revisions:
                elder[eldest(id_)] = eldest(parent)
        families: dict[str, list[str]] = {}
        for id_ in sorted(set(ids)):
            families.setdefault(eldest(id_), []).append(id_)
        return tuple(sorted(tuple(family) for family in families.values()))

    def closure(self, ids: Iterable[str], *, barred: Set[str] = frozenset()) -> Closure:
        """Return the given ids and all their ancestors, without entering what is barred."""
        reached = reached_from(ids, self.parents, barred)
        unknown = frozenset(reached.difference(self._parents))
        return Closure(frozenset(reached - unknown), unknown)

    def line_above(self, ids: Iterable[str]) -> frozenset[str]:
        """Return what is defined here of all that `down_revision`s alone lead to from the given ids."""

        def above(id_: str) -> tuple[str, ...]:
            return self.nodes[id_].revision.down_revisions if id_ in self.nodes else ()

        parents = (parent for id_ in ids for parent in above(id_))
        return frozenset(reached_from(parents, above) & self.nodes.keys())

    def with_followers(self, ids: Iterable[str]) -> frozenset[str]:
        """Return the given ids and all that they come before."""
        found = set(ids)
        for id_ in self.order(self.nodes):
            if not found.isdisjoint(self.parents(id_)):
                found.add(id_)
        return frozenset(found)

    def joined(self, others: Iterable[Node]) -> Graph:
        """Return the graph of what is defined here, which counts first, and of these."""
        more = tuple(others)
        return Graph([*self.nodes.values(), *more]) if more else self

    def order(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Return exactly the given ids, each after all its ancestors among them, however they were ordered.

        Ids that are not defined here take part too. An id in a cycle stands anywhere, but always there.
        """
        wanted = set(ids)
        return tuple(id_ for id_ in ancestors_first(sorted(wanted), self.parents) if id_ in wanted)


def ancestors_first(ids: Iterable[str], parents: Callable[[str], Sequence[str]]) -> Iterator[str]:
    """Yield the ids and all their ancestors, depth first, each after its parents; in a cycle, anywhere."""
    entered: set[str] = set()
    todo = [(id_, False) for id_ in reversed(list(ids))]
    while todo:
        id_, parents_done = todo.pop()
        if parents_done:
            yield id_
        elif id_ not in entered:
            entered.add(id_)
            todo.append((id_, True))
            todo.extend((parent, False) for parent in reversed(parents(id_)))


def inverse(references: Iterable[tuple[str, Iterable[str]]]) -> dict[str, tuple[str, ...]]:
    """Turn `(id, what it refers to)` into what is referred to → ids, in the order given, each once."""
    found: dict[str, list[str]] = {}
    for id_, names in references:
        for name in dict.fromkeys(names):
            found.setdefault(name, []).append(id_)
    return {name: tuple(ids) for name, ids in found.items()}


def reached_from(
    start: Iterable[str], edges: Callable[[str], Iterable[str]], barred: Set[str] = frozenset()
) -> set[str]:
    """Return these ids and all that the edges lead to from them, without entering what is barred."""
    reached = set(start) - barred
    todo = list(reached)
    while todo:
        new = [id_ for id_ in edges(todo.pop()) if id_ not in reached and id_ not in barred]
        reached.update(new)
        todo.extend(new)
    return reached


def number_of_heads(number: int) -> Message:
    """Return how many heads there are, in words."""
    return _n("{n} head", "{n} heads", number)
