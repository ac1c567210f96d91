"""Would the database forget what ran? (rows, files here, what the archive knows) → Findings. Pure (DESIGN, rule 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..migrations.graph import Graph, Node
from ..migrations.likeness import do_the_same, may_be_one, title

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set

    from ..migrations.inventory import Migration
    from ..migrations.revision import Revision


class Known(NamedTuple):
    """An applied migration as the archive has it; `surely` if just this ran through us in this database."""

    revision: Revision
    content: bytes
    surely: bool
    path: str = ""  # from the top of the checkout
    git_name: str = ""  # of its file in the archive

    @property
    def parents(self) -> frozenset[str]:
        """What ran before it."""
        return frozenset(self.revision.references)


class Findings(NamedTuple):
    """What files and rows disagree in; sorted, and empty if they agree."""

    others: tuple[str, ...] = ()  # applied, but what ran is another migration than the one here
    forgetting: tuple[str, ...] = ()  # their parents are no more those with which they ran, so that …
    forgotten: tuple[str, ...] = ()  # … these are applied and no row leads to them
    skipping: tuple[str, ...] = ()  # their parents are new, so that …
    never_ran: tuple[str, ...] = ()  # … these count as applied and never ran
    ran: frozenset[str] = frozenset()  # all that is applied in truth


def examine(
    rows: Collection[str],
    here: Graph,
    own: Mapping[str, Migration],
    known: Mapping[str, Known],
    ever: Collection[str] = (),
    later: Callable[[str], int] = lambda _: 0,
) -> Findings:
    """Hold what the archive knows of the files that differ here against what the files say of the same rows.

    `own` are the files of this branch, `known` has what the archive holds with other bytes, and what it alone holds
    of their ancestors; `ever` is all that was ever applied. `later` tells whether git shows the file here to be a later
    version of what ran (1) or an earlier one (-1): then both are one migration.
    """
    reached = here.closure(rows).all
    changed = [id for id in _moved(here, known) if not _is_squashed(id, here, known)]
    fresh = [id for id in changed if later(id) >= 0]  # instead of an earlier version git brings the later one
    sure = [id for id in fresh if known[id].surely]
    losing = changed if (_applied(rows, here, known, changed) - reached) & own.keys() else fresh
    applied = _applied(rows, here, known, losing)
    forgotten, never_ran = applied - reached, reached - _applied(rows, here, known, sure) - set(ever)
    return Findings(
        others=_those(reached.intersection(_others(here, own, known, later))),
        forgetting=_those(id for id in losing if id in applied and known[id].parents & forgotten),
        forgotten=_those(forgotten),
        skipping=_those(id for id in sure if id in applied and set(here.parents(id)) & never_ran),
        never_ran=_those(never_ran),
        ran=(reached | applied) - never_ran,
    )


def _applied(
    rows: Iterable[str], here: Graph, known: Mapping[str, Known], ids: Iterable[str]
) -> frozenset[str]:
    """Return what is applied where these have the parents with which they ran."""
    ran = (Node(known[id].revision, "") for id in ids)
    absent = (Node(one.revision, "") for one in known.values())  # those that are here come before them
    return Graph([*ran, *here.nodes.values(), *absent]).closure(rows).all


def _moved(here: Graph, known: Mapping[str, Known]) -> list[str]:
    """Return what has other parents here than it ran with; of computed ones nobody can tell."""
    both = [(id, here.nodes[id].revision, one.revision) for id, one in known.items() if id in here.nodes]
    return [
        id
        for id, now, ran in both
        if {*ran.references} != {*now.references} and not (ran.opaque or now.opaque)
    ]


def _is_squashed(id: str, here: Graph, known: Mapping[str, Known]) -> bool:
    """Whether it is a base here, and nothing is here of what it followed: that need not be missed."""
    return not here.parents(id) and not known[id].parents & here.nodes.keys()


def _others(
    here: Graph, own: Mapping[str, Migration], known: Mapping[str, Known], later: Callable[[str], int]
) -> Iterator[str]:
    """Yield what ran as another migration than the one here is."""
    moved = _moved(here, known)
    for id in own.keys() & known.keys():
        ran, now = known[id], own[id].content
        if not ran.surely or do_the_same(ran.content, now):
            continue
        was_called, is_called = title(ran.content), title(now)
        is_version = may_be_one(was_called, is_called) and later(id)
        if (was_called != is_called or id in moved) and not is_version:
            yield id


def rows_for(applied: Set[str], graph: Graph) -> frozenset[str]:
    """Return the rows that lead to just what is applied."""
    below = graph.closure(parent for id in applied for parent in graph.parents(id)).all
    return frozenset(applied - below)


def same_but_for_parents(
    here: Graph, contents: Mapping[str, Migration], known: Mapping[str, Known], later: Callable[[str], int]
) -> frozenset[str]:
    """Return what the archive may learn of files here that are no earlier versions, once they agree with the rows."""
    moved = _moved(here, known)
    same = (id for id in moved if do_the_same(known[id].content, contents[id].content))
    return frozenset(id for id in same if later(id) >= 0)


def _those(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(ids))
