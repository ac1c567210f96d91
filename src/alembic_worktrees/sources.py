"""What is elsewhere? A revision's id → Candidates, most trusted first, from one tier of places after the other."""

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from . import git
from .inventory import Stepped, take_inventory, unreadable
from .record import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
    from pathlib import Path

    from .checkouts import Checkout
    from .inventory import Borrowed, Migration
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
        for word in (candidate.revision.id, *candidate.revision.branch_labels):
            found.setdefault(word, []).append(candidate)
    return found


class CheckoutFiles:
    """The migration files of several checkouts, read once. `stepped` names what could not be read."""

    def __init__(self, checkouts: Sequence[Checkout]) -> None:
        """Read every migration file of `checkouts`, and the records of what they have borrowed."""
        self.stepped: list[Stepped] = []
        self._files: dict[Path, list[Path]] = {}
        self._borrowed: list[Candidate] = []
        self._named: dict[str, tuple[Candidate, ...]] = {}
        self._own = self._judged(index(chain(*map(self._read, checkouts))))

    def originals(self) -> Index:
        """Return the checkouts' own files; where they differ, git is asked which of them are committed."""
        return self._own

    def borrowed(self) -> tuple[Candidate, ...]:
        """Return what the checkouts have borrowed themselves: copies of copies."""
        return tuple(self._borrowed)

    def named(self, name: str) -> tuple[Candidate, ...]:
        """Return all that lies in the checkout of this name, what it has borrowed last."""
        return self._named.get(name, ())

    def _read(self, checkout: Checkout) -> Iterable[Candidate]:
        if checkout.project is None:
            return ()
        try:
            inventory = take_inventory(checkout.project)
        except OSError as error:
            self.stepped.append(unreadable(checkout.path, error))
            return ()
        edited = {row.migration.path for row in inventory.edited}
        own = [_original(checkout, migration) for migration in inventory.own if migration.path not in edited]
        borrowed = [borrowed_copy(checkout.path, row, BORROWED) for row in inventory.borrowed]
        borrowed += [_original(checkout, row.migration, EDITED) for row in inventory.edited]
        self.stepped += inventory.stepped
        self._files[checkout.path] = [migration.path for migration in inventory.own]
        self._borrowed += borrowed
        self._named[checkout.name] = (*own, *borrowed)
        return own

    def _judged(self, own: Index) -> Index:
        """Ask each checkout's git, once, which files are committed, where the answer can change what is chosen."""
        groups = [group for group in own.values() if len({candidate.content for candidate in group}) > 1]
        disputed = {candidate.path for group in groups for candidate in group}
        committed = {
            path
            for root, files in self._files.items()
            for path in git.committed(root, [file for file in files if file in disputed])
        }
        return {word: [_trusted(candidate, committed) for candidate in group] for word, group in own.items()}


def _trusted(candidate: Candidate, committed: Set[Path]) -> Candidate:
    return candidate._replace(trust=COMMITTED) if candidate.path in committed else candidate


def _original(checkout: Checkout, migration: Migration, trust: int = UNCOMMITTED) -> Candidate:
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
