"""What shall we do? (applied, Inventory, candidates) → Plan. Pure: nothing is read, written or run."""

from __future__ import annotations

import os
import re
from itertools import chain, count
from typing import TYPE_CHECKING, NamedTuple

from ..migrations import record
from ..migrations.graph import Node
from ..migrations.inventory import Migration
from ..search.ranking import meaning
from ..search.sources import PREFERRED, Candidate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from ..migrations.graph import Graph
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
    commented_out: bool = False

    @property
    def revision(self) -> str:
        """The id of its revision."""
        return self.candidate.revision.id

    @property
    def migration(self) -> Migration:
        """The file as it will be."""
        revision, content = self.candidate[:2]
        return Migration(revision, content, self.path.parent, self.path.name, self.commented_out)

    @property
    def about(self) -> dict[str, object]:
        """What a message may say of it; `origin` is a name."""
        return {"revision": self.revision, "origin": self.candidate.origin.name, "path": self.path}


class Gap(NamedTuple):
    """A revision that is needed and cannot be had; `needed_by` are revisions, () if the database itself.

    `candidate` is where it lies all the same; it is not borrowed, because the database has not applied it.
    """

    revision: str
    needed_by: tuple[str, ...]
    candidate: Candidate | None = None


class Difference(NamedTuple):
    """A choice among candidates that differ: of those not taken, one of each content."""

    revision: str
    chosen: Candidate
    rivals: tuple[Candidate, ...]  # those that Alembic would take for something else
    equals: tuple[Candidate, ...]


class Plan(NamedTuple):
    """What is to be done, in the order of doing it: `copies` parents first, `returned` children first."""

    copies: tuple[Copy, ...] = ()
    returned: tuple[Borrowed, ...] = ()
    gaps: tuple[Gap, ...] = ()
    differences: tuple[Difference, ...] = ()
    overlapping: tuple[str, ...] = ()  # rows that are ancestors of other rows
    held_back: tuple[str, ...] = ()  # not refreshed, because rows would overlap then

    @property
    def missing(self) -> tuple[str, ...]:
        """The revisions that are needed and not here, or not here as they are to be."""
        return tuple(sorted({*(copy.revision for copy in self.copies), *self.unresolved}))

    @property
    def unresolved(self) -> tuple[str, ...]:
        """The revisions for which there is no file to take."""
        return tuple(gap.revision for gap in self.gaps)

    @property
    def lost(self) -> tuple[Gap, ...]:
        """The gaps for which there is no file anywhere."""
        return tuple(gap for gap in self.gaps if gap.candidate is None)

    @property
    def refreshed(self) -> tuple[Copy, ...]:
        """What is borrowed already, and is replaced."""
        return tuple(copy for copy in self.copies if copy.replaces)

    @property
    def adds_only(self) -> bool:
        """Whether more that is applied could only add to it: nothing is removed, replaced or refused for want of it."""
        return not (self.returned or self.refreshed) and self.gaps == self.lost

    @property
    def adding(self) -> Plan:
        """Only that part of it that adds."""
        return self._replace(copies=tuple(copy for copy in self.copies if not copy.replaces), returned=())


def make_plan(
    tables: Sequence[Iterable[str]],
    inventory: Inventory,
    project: Project,
    find: Find,
    stashed: Iterable[Path] = (),
) -> Plan:
    """Decide which files to borrow, refresh and return, so that all that is applied can be loaded here.

    `tables` are the rows of each version table: two databases may well stand at different points of one line. Nothing
    that they do not reach is borrowed (DESIGN, rule 4). No copy takes the place of what is `stashed`.
    """
    needed = _reach(inventory.own_graph, find, tables)
    held = {row.revision: row for row in inventory.borrowed}
    same = {id for id in held.keys() & needed.chosen if _is_same(held[id], needed.chosen[id])}
    present = [*(one.path for one in inventory.all), *(one.path for one in inventory.skipped)]
    taken = _folded([*present, *stashed])
    changed = [needed.chosen[id] for id in needed.graph.order(needed.chosen.keys() - same)]
    unneeded = held.keys() - needed.chosen.keys()
    if any(migration.revision.opaque for migration in inventory.own):
        unneeded = set()  # any of them may be what the computed parents mean
    return Plan(
        copies=tuple(
            _copy(candidate, held.get(candidate.revision.id), project, taken) for candidate in changed
        ),
        returned=tuple(held[id] for id in reversed(inventory.graph.order(unneeded))),
        gaps=tuple(_gaps(needed, find)),
        differences=tuple(needed.differences),
        overlapping=needed.overlapping,
        held_back=tuple(sorted(same & {id for id, *_ in needed.refused})),
    )


def _is_same(row: Borrowed, candidate: Candidate) -> bool:
    return row.migration.content == candidate.content


def _copy(candidate: Candidate, old: Borrowed | None, project: Project, taken: set[str]) -> Copy:
    path = old.path if old else _free_path(candidate, project, taken)
    return Copy(candidate, path, old, old is not None and old.migration.commented_out)


def _folded(paths: Iterable[Path]) -> set[str]:
    """Return paths as a file system sees them that does not tell `A.py` from `a.py`."""
    return {str(path).casefold() for path in paths}


def _reach(own: Graph, find: Find, tables: Sequence[Iterable[str]]) -> _Needed:
    """Find what the rows reach; where they would overlap, no such choice can be what was applied: try its rivals."""
    needed = _Needed(own, find, tables)
    for difference in [one for one in needed.differences if one.rivals]:
        if not needed.overlapping:
            break
        other = _Needed(own, find, tables, needed.refused | {meaning(difference.chosen)})
        if len(other.overlapping) < len(needed.overlapping):
            needed = other
    return needed


class _Needed:
    """What the rows reach and this checkout does not define: what is chosen for it, and what is found nowhere."""

    def __init__(
        self,
        own: Graph,
        find: Find,
        tables: Sequence[Iterable[str]],
        refused: frozenset[Meaning] = frozenset(),
    ) -> None:
        """Find it all; take nothing that is `refused` where there is anything else."""
        self.refused = refused
        self.chosen: dict[str, Candidate] = {}
        self.lost: set[str] = set()
        self.differences: list[Difference] = []
        self._own = own
        self._find = find
        self._reach(sorted({row for rows in tables for row in rows}))
        self.graph = own.joined(Node(candidate.revision, "") for candidate in self.chosen.values())
        above = (self.graph.line_above(rows).intersection(rows) for rows in map(tuple, tables))
        self.overlapping = tuple(sorted(set().union(*above)))  # from there Alembic refuses to upgrade

    def _reach(self, pending: list[str]) -> None:
        seen: set[str] = set()
        while pending:
            word = pending.pop()
            closure = self._own.closure(self._own.label_owners.get(word, [word]), barred=seen)
            seen |= closure.all
            for unknown in sorted(closure.unknown):
                if candidate := self._choose(unknown):
                    self.chosen[candidate.revision.id] = candidate
                    pending += candidate.revision.references
                else:
                    self.lost.add(unknown)

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
        if candidate.trust == PREFERRED:
            return True
        return meaning(candidate) not in self.refused and all(
            map(self._is_anywhere, candidate.revision.references)
        )

    def _is_anywhere(self, word: str) -> bool:
        return self._own.owner(word) in self._own.nodes or any(self._find(word))

    def _note(self, word: str, best: Candidate, seen: Iterable[Candidate]) -> None:
        """Note what differs from the one that was taken."""
        others = {one.content: one for one in reversed([*seen]) if one.content != best.content}.values()
        rivals = {meaning(one): one for one in others if meaning(one) != meaning(best)}
        equals = [one for one in others if meaning(one) == meaning(best)]
        if others:
            self.differences.append(Difference(word, best, tuple(rivals.values()), tuple(equals)))


def _gaps(needed: _Needed, find: Find) -> Iterator[Gap]:
    """Yield what is still referred to and not defined: it is nowhere, or lies elsewhere but is not applied."""
    missing = needed.graph.missing
    for word in sorted({*missing, *needed.lost}):
        candidate = None if word in needed.lost else next(chain.from_iterable(find(word)), None)
        yield Gap(word, missing.get(word, ()), candidate)


def _free_path(candidate: Candidate, project: Project, taken: set[str]) -> Path:
    """Return the original's place and name, or another name if that one is `taken`; then this one is."""
    usual = project.root / candidate.location
    location = usual if usual in project.versions else project.versions[0]
    relative_path = (
        candidate.relative_path if project.config.recursive else os.path.basename(candidate.relative_path)
    )
    safe_id = re.sub(r"[^\w.]", "_", candidate.revision.id)
    if not record.can_record(relative_path):
        relative_path = f"borrowed_{safe_id}.py"
    path, stem = location / relative_path, relative_path.removesuffix(".py")
    for number in count(1):
        if not _folded([path]) & taken:
            break
        path = location / f"{stem}_{safe_id}{f'_{number}' if number > 1 else ''}.py"
    taken |= _folded([path])
    return path
