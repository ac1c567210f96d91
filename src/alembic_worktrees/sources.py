"""What is elsewhere? A revision's id → Candidates, most trusted first, from one tier of places after the other."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from . import git
from .inventory import Common, visit
from .record import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Set
    from pathlib import Path

    from .checkouts import Checkout
    from .inventory import Borrowed, Migration, Stepped
    from .project import Project
    from .revision import Revision

    Index = Mapping[str, Sequence["Candidate"]]
    Tier = Callable[[], Index]

# How far a copy is trusted; less is more. Only candidates of one tier are ever compared (DESIGN, rule 8).
PREFERRED, COMMITTED, UNCOMMITTED = 0, 1, 2
IN_BRANCH, IN_REMOTE, IN_TAG = 10, 11, 12
BORROWED_HERE, BORROWED, EDITED = 20, 21, 22
ARCHIVED = 30
FORGOTTEN = 100  # and up, the newest first


class Candidate(NamedTuple):
    """One found copy of a migration. `place` is its version location, relative to the top of its checkout."""

    revision: Revision
    content: bytes
    place: str
    below: str
    origin: Origin
    trust: int
    path: Path | None  # None if it lies in git only


class Sources:
    """All places to look for a revision, asked lazily and each at most once."""

    def __init__(self, tiers: Sequence[Tier], preferred: Index) -> None:
        """Search `tiers` in this order; the `preferred` candidates beat all others."""
        self._tiers = tiers
        self._preferred = preferred
        self._indexes: list[Index] = []

    def find(self, word: str) -> tuple[Candidate, ...]:
        """Return the candidates for a revision's id or a branch label, most trusted first."""
        preferred = (one._replace(trust=PREFERRED) for one in self._preferred.get(word, ())[:1])
        found = next((candidates for index in self._asked() if (candidates := index.get(word))), ())
        return (*preferred, *sorted(found, key=lambda candidate: candidate.trust))

    def _asked(self) -> Iterator[Index]:
        yield from self._indexes
        while len(self._indexes) < len(self._tiers):
            self._indexes.append(self._tiers[len(self._indexes)]())
            yield self._indexes[-1]


def index(candidates: Iterable[Candidate]) -> Index:
    """Return each word's candidates: by the id of the revision, and by its branch labels."""
    found: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        for word in _words(candidate.revision):
            found.setdefault(word, []).append(candidate)
    return found


class _Original(NamedTuple):
    """A checkout's own file; thousands are read for one that is wanted."""

    checkout: Checkout
    migration: Migration

    def candidate(self, trust: int) -> Candidate:
        return _original(self.checkout, self.migration, trust)


class _Originals(Mapping[str, Sequence[Candidate]]):
    """The index of the checkouts' own files. A candidate is made when it is asked for."""

    def __init__(self, files: Mapping[str, Sequence[_Original]], committed: Set[Path]) -> None:
        self._files = files
        self._committed = committed

    def __getitem__(self, word: str) -> Sequence[Candidate]:
        return [
            file.candidate(COMMITTED if file.migration.path in self._committed else UNCOMMITTED)
            for file in self._files[word]
        ]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


class CheckoutFiles:
    """The migration files of several checkouts, read once. `stepped` names what could not be read."""

    def __init__(self, checkouts: Sequence[Checkout]) -> None:
        """Read every migration file of `checkouts`, and the records of what they have borrowed."""
        self.stepped: list[Stepped] = []
        self._common = Common()
        self._own: dict[str, list[_Original]] = {}
        self._borrowed: list[Candidate] = []
        self._named: dict[str, tuple[list[_Original], list[Candidate]]] = {}
        for checkout in checkouts:
            if checkout.project:
                self._read(checkout, checkout.project)
        self._committed = self._ask_committed()

    def originals(self) -> Index:
        """Return the checkouts' own files; where they differ, git was asked which of them are committed."""
        return _Originals(self._own, self._committed)

    def borrowed(self) -> tuple[Candidate, ...]:
        """Return what the checkouts have borrowed themselves: copies of copies."""
        return tuple(self._borrowed)

    def named(self, name: str) -> tuple[Candidate, ...]:
        """Return all that lies in the checkout of this name, what it has borrowed last."""
        own, borrowed = self._named.get(name, ((), ()))
        return (*(file.candidate(UNCOMMITTED) for file in own), *borrowed)

    def _read(self, checkout: Checkout, project: Project) -> None:
        inventory = visit(project, self.stepped, self._common)
        edited = {row.migration.path for row in inventory.edited}
        own = [_Original(checkout, one) for one in inventory.own if not edited or one.path not in edited]
        borrowed = [borrowed_copy(checkout.path, row, BORROWED) for row in inventory.borrowed]
        borrowed += [_original(checkout, row.migration, EDITED) for row in inventory.edited]
        for file in own:
            for word in _words(file.migration.revision):
                self._own.setdefault(word, []).append(file)
        self._borrowed += borrowed
        self._named[checkout.name] = own, borrowed

    def _ask_committed(self) -> Set[Path]:
        """Ask each checkout's git, once, which files are committed, where the answer can change what is chosen."""
        disputed: dict[Path, dict[Path, bytes]] = {}
        for group in self._own.values():
            if any(file.migration.content != group[0].migration.content for file in group):
                for checkout, migration in group:
                    disputed.setdefault(checkout.path, {})[migration.path] = migration.content
        return {path for root, contents in disputed.items() for path in git.committed(root, contents)}


def _words(revision: Revision) -> tuple[str, ...]:
    """Return what a revision is found by: its id and its branch labels."""
    return (revision.id, *revision.branch_labels)


def _original(checkout: Checkout, migration: Migration, trust: int) -> Candidate:
    origin = Origin("checkout", checkout.name, None, os.path.relpath(migration.path, checkout.path))
    return _candidate(checkout.path, migration, origin, trust)


def borrowed_copy(root: Path, row: Borrowed, trust: int) -> Candidate:
    """Return a borrowed file of the checkout at `root` as a candidate that keeps its first origin."""
    return _candidate(root, row.migration, row.entry.origin, trust)


def _candidate(root: Path, migration: Migration, origin: Origin, trust: int) -> Candidate:
    place = os.path.relpath(migration.location, root)
    return Candidate(
        migration.revision, migration.content, place, migration.below, origin, trust, migration.path
    )
