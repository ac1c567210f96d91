"""What shall we do? (applied, Inventory, candidates) → Plan. Pure: nothing is read, written or run."""

from __future__ import annotations

import os
import re
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from . import record
from .graph import Graph, Node
from .sources import BORROWED, BORROWED_HERE, Candidate, borrowed_copy

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from .inventory import Borrowed, Inventory
    from .project import Project

    Find = Callable[[str], Sequence[Candidate]]


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
    """A choice among candidates that differ: `others` were not taken, or `chosen` is None if it is a tie."""

    revision: str
    chosen: Candidate | None
    others: tuple[Candidate, ...]


class Plan(NamedTuple):
    """What is to be done, in the order of doing it: `copies` parents first, `returned` children first."""

    applied: tuple[str, ...]
    missing: tuple[str, ...]
    copies: tuple[Copy, ...]
    kept: tuple[Borrowed, ...]
    returned: tuple[Borrowed, ...]
    gaps: tuple[Gap, ...]
    unapplied: tuple[Unapplied, ...]
    differences: tuple[Difference, ...]
    overlapping: tuple[str, ...]  # rows that are ancestors of other rows
    held_back: tuple[str, ...]  # not refreshed, because rows would overlap then
    never_ran: tuple[str, ...]  # counted as applied only since a file changed its parents

    @property
    def ties(self) -> tuple[Difference, ...]:
        """The differences that nothing decides."""
        return tuple(difference for difference in self.differences if difference.chosen is None)

    @property
    def adds_only(self) -> bool:
        """Whether more that is applied could only add to it: nothing is removed, replaced or refused for want of it."""
        return not (self.returned or self.unapplied or any(copy.replaces for copy in self.copies))

    @property
    def unresolved(self) -> tuple[str, ...]:
        """The revisions for which there is no file to take."""
        groups = ([row.revision for row in rows] for rows in (self.gaps, self.unapplied, self.ties))
        return tuple(sorted({revision for group in groups for revision in group}))


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
    before, needed = _joined(own, held), _Needed(own, find, held).reach(rows)
    held_back = tuple(sorted(id for id in held if _changes(id, held, needed.chosen)))
    if held_back and _overlapping(tables, _joined(own, needed.chosen)) and not _overlapping(tables, before):
        needed = _Needed(own, lambda word: [held[word]] if word in held else find(word), held).reach(rows)
    else:
        held_back = ()
    graph = _joined(own, needed.chosen)
    copies, kept, returned = _compare(graph, needed.chosen, inventory, _Targets(project, inventory, stashed))
    unapplied, gaps = _dangling(graph, find, needed.gaps)
    refreshing = any(copy.replaces for copy in copies)
    return Plan(
        applied=rows,
        missing=tuple(
            sorted({*(copy.candidate.revision.id for copy in copies), *(gap.revision for gap in gaps)})
        ),
        copies=copies,
        kept=kept,
        returned=returned,
        gaps=gaps,
        unapplied=unapplied,
        differences=tuple(needed.differences),
        overlapping=_overlapping(tables, graph),
        held_back=held_back,
        never_ran=tuple(sorted(graph.closure(rows).known - before.closure(rows).known)) if refreshing else (),
    )


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

    def __init__(self, own: Graph, find: Find, held: Mapping[str, Candidate]) -> None:
        self._own = own
        self._find = find
        self._held = held
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
                elif not any(difference.revision == unknown for difference in self.differences):
                    self.gaps[unknown] = referrers
        return self

    def _choose(self, word: str) -> Candidate | None:
        """Take the most trusted candidate; note the others if they differ, and take none if equals differ."""
        candidates = self._find(word)
        if not candidates:
            return None
        best = candidates[0]
        differing = tuple(one for one in candidates if one.content != best.content)
        if any(one.trust == best.trust for one in differing) and best.trust != BORROWED:
            best = self._settled_before(candidates) or best
            differing = tuple(one for one in candidates if one.content != best.content)
            if best.trust != BORROWED_HERE:
                self.differences.append(Difference(word, None, tuple(candidates)))
                return None
        if differing and best.trust not in {BORROWED_HERE, BORROWED}:
            self.differences.append(Difference(word, best, differing))
        return best

    def _settled_before(self, candidates: Sequence[Candidate]) -> Candidate | None:
        """Return what is borrowed already if it is one of the rivals: a tie was settled then."""
        held = self._held.get(candidates[0].revision.id)
        return held if held and any(one.content == held.content for one in candidates) else None


def _dangling(
    whole: Graph, find: Find, gaps: dict[str, set[str]]
) -> tuple[tuple[Unapplied, ...], tuple[Gap, ...]]:
    """Sort what is still referred to and not defined: it lies elsewhere but is not applied, or it is nowhere."""
    unapplied = []
    gaps = dict(gaps)
    for word, needed_by in whole.missing.items():
        candidates = () if word in gaps else find(word)
        if candidates:
            unapplied.append(Unapplied(word, needed_by, candidates[0]))
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
        present = [*(row.path for row in inventory.all), *(row.path for row in inventory.stepped)]
        return {str(path).casefold() for path in (*present, *self._stashed())}

    def choose(self, candidate: Candidate) -> Path:
        usual = self._project.root / candidate.place
        location = usual if usual in self._project.versions else self._project.versions[0]
        below = candidate.below if self._project.recursive else os.path.basename(candidate.below)
        safe_id = re.sub(r"[^\w.]", "_", candidate.revision.id)
        if not record.can_record(below):
            below = f"borrowed_{safe_id}.py"
        path, stem = location / below, below.removesuffix(".py")
        for number in range(1, 1000):
            if str(path).casefold() not in self._taken:
                break
            path = location / f"{stem}_{safe_id}{f'_{number}' if number > 1 else ''}.py"
        self._taken.add(str(path).casefold())
        return path
