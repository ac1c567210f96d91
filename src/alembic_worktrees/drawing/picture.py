"""What is there to draw? Landscape → Picture: every revision of all checkouts, with all that is to be shown. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..migrations.docstring import first_line
from ..migrations.graph import ancestors_first, inverse
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
    """A node of the picture: one revision, or a folded run of them, the newest first, which all look alike."""

    items: tuple[Item, ...]
    parents: tuple[str, ...]  # ids of entries, or of what is not drawn
    depends_on: tuple[str, ...]

    @property
    def id(self) -> str:
        """The id of the newest."""
        return self.items[0].id

    @property
    def first(self) -> Item:
        """The newest."""
        return self.items[0]


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

    @property
    def unfolded(self) -> tuple[Entry, ...]:
        """Every revision by itself."""
        return tuple(Entry((item,), item.parents, item.depends_on) for item in self.items)

    @property
    def folded(self) -> tuple[Entry, ...]:
        """The same, with long straight runs of revisions that say nothing new folded into one entry each."""
        children = inverse((item.id, item.above) for item in self.items)
        by_id = {item.id: item for item in self.items}
        runs: list[tuple[Item, ...]] = []
        ends: dict[str, str] = {}  # each revision, and the first of its run
        for item in self.items:
            if item.id not in ends:
                run = tuple(_run(item, by_id, children))
                runs.append(run if len(run) >= SHORTEST_FOLD else (item,))
                ends.update((one.id, item.id) for one in runs[-1])
        return tuple(
            Entry(
                run,
                tuple(ends.get(parent, parent) for parent in run[-1].parents),
                tuple(ends.get(parent, parent) for parent in run[-1].depends_on),
            )
            for run in runs
        )


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
    children = inverse(parents.items())
    oldest_first = ancestors_first(sorted(parents), lambda id_: parents.get(id_, ()))
    heights: dict[str, int] = {}  # how many revisions lie in the longest line above each
    for id in reversed(list(oldest_first)):
        heights[id] = 1 + max((heights.get(child, 0) for child in children.get(id, ())), default=0)

    def longest_first(ids: Iterable[str]) -> list[str]:
        return sorted(ids, key=lambda id_: (-heights[id_], id_))

    bases = longest_first(id for id in parents if parents.keys().isdisjoint(parents[id]))
    starts = [*bases, *sorted(parents)]  # a cycle has no base
    return tuple(ancestors_first(starts, lambda id_: longest_first(children.get(id_, ()))))


# Folding


def _run(item: Item, by_id: Mapping[str, Item], children: Mapping[str, tuple[str, ...]]) -> Iterator[Item]:
    """Yield the straight run that begins with `item`, as long as nothing that is shown changes."""
    seen: set[str] = set()
    one: Item | None = item
    while one and one.id not in seen and _is_dull(one, by_id, children) and _looks(one) == _looks(item):
        seen.add(one.id)
        yield one
        one = by_id.get(one.parents[0])


def _is_dull(item: Item, by_id: Mapping[str, Item], children: Mapping[str, tuple[str, ...]]) -> bool:
    above = children.get(item.id, ())
    straight = len(item.above) == len(item.parents) == len(above) == 1 and item.id in by_id[above[0]].parents
    plain = item.whereabouts in (OWN, ELSEWHERE) and item.applied is not False
    return straight and plain and not (item.row or item.labels or item.tips)


def _looks(item: Item) -> tuple[object, ...]:
    return item.whereabouts, item.owners, item.borrowers, item.applied
