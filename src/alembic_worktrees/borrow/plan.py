"""What shall we do? (applied, Inventory, candidates) → Plan. Pure: nothing is read, written or run."""

from __future__ import annotations

import os
import re
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from ..migrations import record
from ..migrations.graph import Graph, Node
from ..search.ranking import meaning
from ..search.sources import BORROWED_HERE, PREFERRED, Candidate, borrowed_copy

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from ..migrations.inventory import Borrowed, Inventory
    from ..project.project import Project
    from ..search.ranking import Meaning

    Find = Callable[[str], Iterable[Sequence[Candidate]]]
    """An id or a branch label → candidates in groups, what is to be taken first in front; each only if asked for."""


class Copy(NamedTuple):
    """A file to write at `path`; `replaces` is the unchanged older copy that it takes the place of."""

    candidate: Candidate
    path: Path
    replaces: Borrowed | None


class Gap(NamedTuple):
    """A revision that is needed and cannot be had; `needed_by` are revisions, () if the database itself."""

    revision: str
    needed_by: tuple[str, ...]


class Unapplied(NamedTuple):
    """A parent that a file here names, that lies elsewhere, and that the database has not applied."""

    revision: str
    needed_by: tuple[str, ...]
    candidate: Candidate


class Difference(NamedTuple):
    """A choice among candidates that differ: of those not taken, one of each content."""

    revision: str
    chosen: Candidate
    rivals: tuple[Candidate, ...]  # those that Alembic would take for something else
    equals: tuple[Candidate, ...]


class Plan(NamedTuple):
    """What is to be done, in the order of doing it: `copies` parents first, `returned` children first."""

    applied: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    copies: tuple[Copy, ...] = ()
    kept: tuple[Borrowed, ...] = ()
    returned: tuple[Borrowed, ...] = ()
    gaps: tuple[Gap, ...] = ()
    unapplied: tuple[Unapplied, ...] = ()
    differences: tuple[Difference, ...] = ()
    overlapping: tuple[str, ...] = ()  # rows that are ancestors of other rows
    held_back: tuple[str, ...] = ()  # not refreshed, because rows would overlap then
    never_ran: tuple[str, ...] = ()  # counted as applied only since a file changed its parents

    @property
    def adds_only(self) -> bool:
        """Whether more that is applied could only add to it: nothing is removed, replaced or refused for want of it."""
        return not (self.returned or self.unapplied or self.refreshed)

    @property
    def refreshed(self) -> tuple[str, ...]:
        """What is borrowed already, and is replaced."""
        return tuple(copy.candidate.revision.id for copy in self.copies if copy.replaces)

    @property
    def adding(self) -> Plan:
        """Only that part of it that adds."""
        stale = (copy.replaces for copy in self.copies if copy.replaces)
        added = tuple(copy for copy in self.copies if not copy.replaces)
        kept = (*self.kept, *stale, *self.returned)
        return self._replace(copies=added, kept=kept, returned=(), never_ran=())

    @property
    def unresolved(self) -> tuple[str, ...]:
        """The revisions for which there is no file to take."""
        return tuple(
            sorted([*(gap.revision for gap in self.gaps), *(one.revision for one in self.unapplied)])
        )


def make_plan(
    applied: Iterable[str],
    inventory: Inventory,
    project: Project,
    find: Find,
    tables: Sequence[Iterable[str]] = (),
    stashed: Callable[[], Collection[Path]] = frozenset,
) -> Plan:
    """Decide which files to borrow, refresh, keep and return, so that all that is applied can be loaded here.

    `applied` are the rows of the version tables, `tables` the same table by table if there are several: two
    databases may well stand at different points of one line. Nothing that they do not reach is borrowed
    (DESIGN, rule 4). No copy takes the place of what is `stashed`, which is asked for only then.
    """
    rows = tuple(sorted(applied))
    tables = tables or (rows,)
    own = inventory.own_graph
    held = {row.entry.revision: borrowed_copy(project.root, row, BORROWED_HERE) for row in inventory.borrowed}
    before, needed = _joined(own, held), _reach(own, find, tables)
    refused = {id for id, *_ in needed.refused}
    held_back = [id for id in refused & held.keys() if not _changes(id, held, needed.chosen)]
    graph = _joined(own, needed.chosen)
    copies, kept, returned = _compare(graph, needed.chosen, inventory, _Targets(project, inventory, stashed))
    copied = (copy.candidate.revision.id for copy in copies)
    unapplied, gaps = _dangling(graph, find, needed.gaps)
    refreshing = any(copy.replaces for copy in copies)
    return Plan(
        applied=rows,
        missing=tuple(
            sorted({*copied, *[gap.revision for gap in gaps], *[one.revision for one in unapplied]})
        ),
        copies=copies,
        kept=kept,
        returned=returned,
        gaps=gaps,
        unapplied=unapplied,
        differences=tuple(needed.differences),
        overlapping=_overlapping(tables, graph),
        held_back=tuple(sorted(held_back)),
        never_ran=tuple(sorted(graph.closure(rows).known - before.closure(rows).known)) if refreshing else (),
    )


def _reach(own: Graph, find: Find, tables: Sequence[Iterable[str]]) -> _Needed:
    """Find what the rows reach; where they would overlap, no such choice can be what was applied: try its rivals."""
    rows = sorted({row for table in tables for row in table})
    needed = _Needed(own, find, frozenset()).reach(rows)
    for difference in [one for one in needed.differences if one.rivals]:
        overlapping = _overlapping(tables, _joined(own, needed.chosen))
        if not overlapping:
            break
        other = _Needed(own, find, needed.refused | {meaning(difference.chosen)}).reach(rows)
        if len(_overlapping(tables, _joined(own, other.chosen))) < len(overlapping):
            needed = other
    return needed


def _joined(own: Graph, others: Mapping[str, Candidate]) -> Graph:
    return own.joined(Node(candidate.revision, "") for candidate in others.values())


def _changes(id: str, held: Mapping[str, Candidate], chosen: Mapping[str, Candidate]) -> bool:
    return id in chosen and chosen[id].content != held[id].content


def _overlapping(tables: Sequence[Iterable[str]], graph: Graph) -> tuple[str, ...]:
    """Return the rows that are ancestors of other rows of their table: from there Alembic refuses to upgrade."""
    found = (graph.line_above(rows).intersection(rows) for rows in map(tuple, tables))
    return tuple(sorted(set().union(*found)))


def _compare(
    graph: Graph, chosen: Mapping[str, Candidate], inventory: Inventory, targets: _Targets
) -> tuple[tuple[Copy, ...], tuple[Borrowed, ...], tuple[Borrowed, ...]]:
    """Compare what is needed with what is borrowed already: what to write, to keep, and to return."""
    before = {row.entry.revision: row for row in inventory.borrowed}
    copies, kept = [], []
    for revision in graph.order(chosen):
        candidate, old = chosen[revision], before.pop(revision, None)
        if old and old.migration.content == candidate.content:
            kept.append(old)
        else:
            copies.append(Copy(candidate, old.migration.path if old else targets.choose(candidate), old))
    returned = [before[revision] for revision in reversed(inventory.graph.order(before))]
    if any(migration.revision.opaque for migration in inventory.own):
        returned = []  # any of them may be what the computed parents mean
    return tuple(copies), tuple(kept), tuple(returned)


class _Needed:
    """The revisions that the database reaches and this checkout does not define, as they are found."""

    def __init__(self, own: Graph, find: Find, refused: frozenset[Meaning]) -> None:
        """Take nothing that is `refused` where there is anything else."""
        self._own = own
        self.refused = refused
        self._find = find
        self._walked: set[str] = set()  # of what is defined here: nothing new is missing above it
        self._seen: set[str] = set()
        self.chosen: dict[str, Candidate] = {}
        self.gaps: dict[str, set[str]] = {}
        self.differences: list[Difference] = []

    def reach(self, applied: Iterable[str]) -> _Needed:
        pending = [(word, "") for word in applied]
        while pending:
            word, needed_by = pending.pop()
            closure = self._own.closure(self._own.label_owners.get(word, [word]), barred=self._walked)
            self._walked |= closure.known
            for unknown in sorted(closure.unknown):
                referrers = set(self._own.missing.get(unknown, ())) or {needed_by} - {""}
                if unknown in self._seen:
                    if unknown in self.gaps:
                        self.gaps[unknown] |= referrers
                    continue
                self._seen.add(unknown)
                candidate = self._choose(unknown)
                if candidate:
                    self.chosen[candidate.revision.id] = candidate
                    parents = (*candidate.revision.down_revisions, *candidate.revision.depends_on)
                    pending += [(parent, candidate.revision.id) for parent in parents]
                else:
                    self.gaps[unknown] = referrers
        return self

    def _choose(self, word: str) -> Candidate | None:
        """Take the first candidate whose parents can be had, the first of all if there is none; note the others."""
        seen: list[Candidate] = []
        for group in self._find(word):
            seen += group
            if best := next(filter(self._can_be_had, group), None):
                break
        else:
            best = seen[0] if seen else None
        if best and best.trust != PREFERRED:
            self._note(word, best, seen)
        return best

    def _can_be_had(self, candidate: Candidate) -> bool:
        """Whether every parent is here or elsewhere; who has chosen by name is not asked that."""
        parents = (*candidate.revision.down_revisions, *candidate.revision.depends_on)
        fits = meaning(candidate) not in self.refused and all(map(self._is_anywhere, parents))
        return fits or candidate.trust == PREFERRED

    def _is_anywhere(self, word: str) -> bool:
        return self._own.owner(word) in self._own.nodes or any(self._find(word))

    def _note(self, word: str, best: Candidate, seen: Iterable[Candidate]) -> None:
        """Note what differs from the one that was taken."""
        others = {one.content: one for one in reversed([*seen]) if one.content != best.content}.values()
        rivals = {meaning(one): one for one in others if meaning(one) != meaning(best)}
        equals = [one for one in others if meaning(one) == meaning(best)]
        if others:
            self.differences.append(Difference(word, best, tuple(rivals.values()), tuple(equals)))


def _dangling(
    whole: Graph, find: Find, gaps: dict[str, set[str]]
) -> tuple[tuple[Unapplied, ...], tuple[Gap, ...]]:
    """Sort what is still referred to and not defined: it lies elsewhere but is not applied, or it is nowhere."""
    unapplied = []
    gaps = dict(gaps)
    for word, needed_by in whole.missing.items():
        candidate = None if word in gaps else next(chain.from_iterable(find(word)), None)
        if candidate:
            unapplied.append(Unapplied(word, needed_by, candidate))
        else:
            gaps[word] = gaps.get(word, set()) | set(needed_by)
    return tuple(unapplied), tuple(Gap(word, tuple(sorted(by))) for word, by in sorted(gaps.items()))


class _Targets:
    """Names for the copies: the original's place and name, unless another file has that name."""

    def __init__(
        self, project: Project, inventory: Inventory, stashed: Callable[[], Collection[Path]]
    ) -> None:
        self._project = project
        self._inventory = inventory
        self._stashed = stashed

    @cached_property
    def _taken(self) -> set[str]:
        """Every path that is no more free: folded, because a file system may not tell `A.py` from `a.py`."""
        inventory = self._inventory
        present = [*(row.path for row in inventory.all), *(row.path for row in inventory.skipped)]
        return {str(path).casefold() for path in (*present, *self._stashed())}

    def choose(self, candidate: Candidate) -> Path:
        usual = self._project.root / candidate.location
        location = usual if usual in self._project.versions else self._project.versions[0]
        relative_path = (
            candidate.relative_path if self._project.recursive else os.path.basename(candidate.relative_path)
        )
        safe_id = re.sub(r"[^\w.]", "_", candidate.revision.id)
        if not record.can_record(relative_path):
            relative_path = f"borrowed_{safe_id}.py"
        path, stem = location / relative_path, relative_path.removesuffix(".py")
        for number in range(1, 1000):
            if str(path).casefold() not in self._taken:
                break
            path = location / f"{stem}_{safe_id}{f'_{number}' if number > 1 else ''}.py"
        self._taken.add(str(path).casefold())
        return path
