"""Would the database forget what ran? (rows, files here, what the archive knows) → Findings. Pure (DESIGN, rule 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..migrations.graph import Graph, Node
from ..migrations.likeness import do_the_same, title

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Set

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
    rows: Iterable[str],
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
    case = _Case(tuple(rows), here, own, known, later)
    reached, changed = case.reached, case.changed
    losing, skipping = _losing(case, changed), _skipping(case, changed, ever)
    applied = case.applied(losing)
    forgotten, never_ran = applied - reached, reached - case.applied(skipping) - set(ever)
    return Findings(
        others=_those(id for id in reached & own.keys() & known.keys() if _is_another(id, case)),
        forgetting=_those(id for id in losing if id in applied and known[id].parents & forgotten),
        forgotten=_those(forgotten),
        skipping=_those(id for id in skipping if id in applied and set(here.parents(id)) & never_ran),
        never_ran=_those(never_ran),
        ran=(reached | applied) - never_ran,
    )


class _Case(NamedTuple):
    rows: tuple[str, ...]
    here: Graph
    own: Mapping[str, Migration]
    known: Mapping[str, Known]
    later: Callable[[str], int]

    @property
    def reached(self) -> frozenset[str]:
        """What is applied by the files here."""
        return self.here.closure(self.rows).all

    @property
    def changed(self) -> list[str]:
        """What has other parents than those with which it ran; what was squashed to a base has none any more."""
        there = (id for id in self.known if id in self.here.nodes)
        return [id for id in there if _moved(id, self.here, self.known) and not self._is_squashed(id)]

    def _is_squashed(self, id: str) -> bool:
        return not self.here.parents(id) and not self.known[id].parents & self.here.nodes.keys()

    def applied(self, ids: Iterable[str]) -> frozenset[str]:
        """Return what is applied where these have the parents with which they ran."""
        before = {id: Node(self.known[id].revision, "") for id in ids}
        nodes = self.here.nodes
        absent = (Node(one.revision, "") for id, one in self.known.items() if id not in nodes)
        staying = (node for id, node in nodes.items() if id not in before)
        return Graph([*before.values(), *staying, *absent]).closure(self.rows).all


def _losing(case: _Case, changed: list[str]) -> list[str]:
    """Return what may lose ancestors. Of an earlier version git brings the later one, with those that are not here."""
    lost = case.applied(changed) - case.reached
    harmless = lost and not lost & case.own.keys()
    return [id for id in changed if case.later(id) >= 0] if harmless else changed


def _skipping(case: _Case, changed: list[str], ever: Collection[str]) -> list[str]:
    """Return what may count others as applied that never ran. Of an earlier version git brings the later one."""
    sure = [id for id in changed if case.known[id].surely]
    never_ran = case.reached - case.applied(sure) - set(ever)
    return [id for id in sure if case.later(id) >= 0] if never_ran else sure


def _is_another(id: str, case: _Case) -> bool:
    ran, here = case.known[id], case.own[id].content
    if not ran.surely or do_the_same(ran.content, here):
        return False
    return title(ran.content) != title(here) or (_moved(id, case.here, case.known) and not case.later(id))


def rows_for(applied: Set[str], graph: Graph) -> frozenset[str]:
    """Return the rows that lead to just what is applied."""
    below = graph.closure(parent for id in applied for parent in graph.parents(id)).all
    return frozenset(applied - below)


def same_but_for_parents(
    here: Graph, contents: Mapping[str, Migration], known: Mapping[str, Known], later: Callable[[str], int]
) -> frozenset[str]:
    """Return what the archive may learn of files here that are no earlier versions, once they agree with the rows."""
    moved = (id for id in known.keys() & contents.keys() if _moved(id, here, known))
    same = (id for id in moved if do_the_same(known[id].content, contents[id].content))
    return frozenset(id for id in same if later(id) >= 0)


def _those(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(ids))


def _moved(id: str, here: Graph, known: Mapping[str, Known]) -> bool:
    """Whether a file has other parents here; of computed ones nobody can tell."""
    ran, now = known[id].revision, here.nodes[id].revision
    return {*ran.references} != {*now.references} and not (ran.opaque or now.opaque)
