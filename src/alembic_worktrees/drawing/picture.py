"""What is there to draw? Landscape → Picture: every revision of all checkouts, with all that is to be shown. Pure."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from ..migrations.docstring import first_line
from ..status.standing import holders
from ..status.survey import defining

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..migrations.inventory import Migration
    from ..search.sources import Candidate
    from ..status.survey import Landscape

OWN, BORROWED, ELSEWHERE, GIT, NOWHERE = "own", "borrowed", "elsewhere", "git", "nowhere"
SHORTEST_FOLD = 4  # a shorter run takes no more room as it is


class Item(NamedTuple):
    """One revision. `whereabouts` is where it is as seen from here: one of the words above."""

    id: str
    message: str
    parents: tuple[str, ...]  # its down_revisions
    depends_on: tuple[str, ...]  # ids, with labels resolved
    labels: tuple[str, ...]
    whereabouts: str
    owners: tuple[str, ...]  # checkouts whose own files define it
    borrowers: tuple[str, ...]
    origin: str | None  # borrowed here: from whom; only in git: where
    applied: bool | None  # None: not known
    row: bool  # whether it is a row of the version table
    tips: tuple[str, ...]  # the checkouts of which it is an own head
    abandoned: str | None = None  # applied, and nobody's any more: when it was seen last, "" if nobody knows

    @property
    def above(self) -> tuple[str, ...]:
        """All that must be applied before it, each once."""
        return tuple(dict.fromkeys((*self.parents, *self.depends_on)))


class Entry(NamedTuple):
    """A node of the picture: one revision, or a folded run of them, the newest first."""

    items: tuple[Item, ...]

    @property
    def id(self) -> str:
        """The id of the newest."""
        return self.items[0].id

    @property
    def first(self) -> Item:
        """The newest; of a run, all are alike in what is shown of them."""
        return self.items[0]

    @property
    def last(self) -> Item:
        """The oldest: the one whose parents are drawn."""
        return self.items[-1]


class Picture:
    """All revisions, the newest first, and whose they are."""

    def __init__(
        self, items: Iterable[Item], *, here: str, checkouts: tuple[str, ...], databases: tuple[str, ...]
    ) -> None:
        """Put `items`, in any order, into the order of drawing; `checkouts` are those that have a project."""
        self.here = here
        self.checkouts = checkouts
        self.databases = databases
        by_id = {item.id: item for item in items}
        self.items = tuple(by_id[id] for id in newest_first({id: one.above for id, one in by_id.items()}))

    @cached_property
    def unfolded(self) -> tuple[Entry, ...]:
        """Every revision by itself."""
        return tuple(Entry((item,)) for item in self.items)

    @cached_property
    def folded(self) -> tuple[Entry, ...]:
        """The same, with long straight runs of revisions that say nothing new folded into one entry each."""
        children = _children({item.id: item.above for item in self.items})
        by_id = {item.id: item for item in self.items}
        entries: list[Entry] = []
        seen: set[str] = set()
        for item in self.items:
            if item.id not in seen:
                run = tuple(_run(item, by_id, children))
                entries.append(Entry(run if len(run) >= SHORTEST_FOLD else (item,)))
                seen.update(one.id for one in entries[-1].items)
        return tuple(entries)


def make_picture(landscape: Landscape) -> Picture:
    """Gather what is to be drawn."""
    return Picture(
        _items(landscape),
        here=landscape.here.checkout.name,
        checkouts=tuple(row.checkout.name for row in landscape.holdings if row.checkout.project),
        databases=landscape.applied.names if landscape.applied else (),
    )


def _items(landscape: Landscape) -> Iterator[Item]:
    graph, found, here = landscape.graph, landscape.found, landscape.here
    rows, reached = landscape.applied.heads if landscape.applied else (), landscape.reached
    ids = dict.fromkeys([*graph.nodes, *graph.missing, *sorted(rows)])
    held = holders(landscape.holdings, ids)
    files: Mapping[str, Migration | Candidate] = {**found, **defining([here, *landscape.holdings])}
    for id in ids:
        node = graph.nodes.get(id)
        down = node.revision.down_revisions if node else ()
        owners, borrowers = held[id]
        tips = (
            one.checkout.name for one in landscape.holdings if id in one.inventory.branch_graph.real_heads
        )
        yield Item(
            id=id,
            message=first_line(files[id].content) if id in files else "",
            parents=tuple(dict.fromkeys(down)),
            depends_on=tuple(parent for parent in graph.parents(id) if parent not in down),
            labels=node.revision.branch_labels if node else (),
            whereabouts=_whereabouts(here.checkout.name, owners, borrowers, in_git=id in found),
            owners=tuple(owners),
            borrowers=tuple(borrowers),
            origin=here.inventory.origins.get(id) or (found[id].origin.name if id in found else None),
            applied=None if reached is None else id in reached,
            row=id in rows,
            tips=tuple(tips),
            abandoned=landscape.abandoned.get(id),
        )


def _whereabouts(here: str, owners: list[str], borrowers: list[str], *, in_git: bool) -> str:
    if here in owners:
        return OWN
    if here in borrowers:
        return BORROWED
    if owners or borrowers:
        return ELSEWHERE
    return GIT if in_git else NOWHERE


# The order


def newest_first(parents: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the ids so that each stands above its parents, and a side branch right above where it leaves.

    Only a cycle can have a parent above its child. Ids that are only referred to are left out.
    """
    children = _children(parents)
    heights = _heights(parents, children)
    bases = [id for id in parents if not any(parent in parents for parent in parents[id])]

    def rank(id: str) -> tuple[int, str]:
        return -heights.get(id, 0), id

    order: dict[str, None] = {}
    entered: set[str] = set()
    for base in (*sorted(bases, key=rank), *sorted(parents)):
        stack = [(base, False)]
        while stack:
            id, children_done = stack.pop()
            if children_done:
                order[id] = None
            elif id not in entered:
                entered.add(id)
                stack.append((id, True))
                stack += [(child, False) for child in sorted(children.get(id, ()), key=rank, reverse=True)]
    return tuple(order)


def _children(parents: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    children: dict[str, list[str]] = {}
    for id, above in parents.items():
        for parent in above:
            if parent in parents:
                children.setdefault(parent, []).append(id)
    return children


def _heights(parents: Mapping[str, tuple[str, ...]], children: Mapping[str, list[str]]) -> dict[str, int]:
    """Return how many revisions lie in the longest line above each; those in a cycle have none."""
    waiting = {id: len(children.get(id, ())) for id in parents}
    heights = {id: 0 for id, count in waiting.items() if not count}
    todo = list(heights)
    while todo:
        id = todo.pop()
        for parent in parents[id]:
            if parent in waiting:
                heights[parent] = max(heights.get(parent, 0), heights[id] + 1)
                waiting[parent] -= 1
                if not waiting[parent]:
                    todo.append(parent)
    return {id: height for id, height in heights.items() if not waiting[id]}


# Folding


def _run(item: Item, by_id: Mapping[str, Item], children: Mapping[str, list[str]]) -> Iterator[Item]:
    """Yield the straight run that begins with `item`, as long as nothing that is shown changes."""
    seen: set[str] = set()
    one: Item | None = item
    while one and one.id not in seen and _is_dull(one, by_id, children) and _looks(one) == _looks(item):
        seen.add(one.id)
        yield one
        one = by_id.get(one.parents[0])


def _is_dull(item: Item, by_id: Mapping[str, Item], children: Mapping[str, list[str]]) -> bool:
    above = children.get(item.id, [])
    straight = len(item.above) == len(item.parents) == len(above) == 1 and item.id in by_id[above[0]].parents
    plain = item.whereabouts in (OWN, ELSEWHERE) and item.applied is not False
    return straight and plain and not (item.row or item.labels or item.tips)


def _looks(item: Item) -> tuple[object, ...]:
    return item.whereabouts, item.owners, item.borrowers, item.applied
