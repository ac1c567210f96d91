"""What is elsewhere? A revision's id → Candidates, most trusted first, from one tier of places after the other."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from . import git
from .inventory import in_common, visit
from .record import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence, Set
    from pathlib import Path

    from .checkouts import Checkout
    from .common import File
    from .inventory import Borrowed, Inventory, Migration, Shelf, Stepped
    from .revision import Revision, Sought

    Index = Mapping[str, Sequence["Candidate"]]
    Tier = Callable[[], Index]

# How far a copy is trusted; less is more. Only candidates of one tier are ever compared (DESIGN, rule 8).
PREFERRED, COMMITTED, UNCOMMITTED = 0, 1, 2
IN_CLONE = 2  # more than in a worktree of ours, which always goes before
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

    def __init__(
        self, tiers: Sequence[Tier], preferred: Index, is_sound: Callable[[Candidate], bool]
    ) -> None:
        """Search `tiers` in this order; the `preferred` candidates beat all others. One that is not sound is none."""
        self._tiers = tiers
        self._preferred = preferred
        self._is_sound = is_sound
        self._indexes: list[Index] = []

    def find(self, word: str) -> tuple[Candidate, ...]:
        """Return the candidates for a revision's id or a branch label, most trusted first.

        Nothing takes the place of a preferred one that is not sound.
        """
        preferred = [one._replace(trust=PREFERRED) for one in self._preferred.get(word, ())[:1]]
        if not all(map(self._is_sound, preferred)):
            return ()
        found = next((sound for index in self._asked() if (sound := self._sound(index.get(word, ())))), ())
        return (*preferred, *sorted(found, key=lambda candidate: candidate.trust))

    def _sound(self, candidates: Iterable[Candidate]) -> Sequence[Candidate]:
        return [one for one in candidates if self._is_sound(one)]

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


class CheckoutFiles:
    """The migration files of several checkouts, read once. `stepped` names what could not be read."""

    def __init__(self, checkouts: Sequence[Checkout], sought: Sought | None = None) -> None:
        """Read every migration file of `checkouts`, and the records of what they have borrowed.

        Only the files of what is `sought` can be asked for then, if that is said.
        """
        self.stepped: list[Stepped] = []
        with in_common(checkouts, sought) as common:
            self._holdings = [
                (checkout, visit(checkout.project, self.stepped, common)) for checkout in checkouts
            ]
        self._originals = _Originals(self._holdings, common.files)

    def originals(self) -> Index:
        """Return the checkouts' own files; where they differ, git was asked which of them are committed."""
        return self._originals

    def borrowed(self) -> tuple[Candidate, ...]:
        """Return what the checkouts have borrowed themselves: copies of copies."""
        return tuple(candidate for holding in self._holdings for candidate in _copies(*holding))

    def named(self, name: str) -> tuple[Candidate, ...]:
        """Return all that lies in the checkout of this name, what it has borrowed last."""
        for checkout, inventory in self._holdings:
            if checkout.name == name:
                own = (migration for shelf in _originals_in(inventory) for migration in shelf.migrations)
                originals = (_original(checkout, migration, UNCOMMITTED) for migration in own)
                return (*originals, *_copies(checkout, inventory))
        return ()


class _Originals(Mapping[str, "Sequence[Candidate]"]):
    """The index of the checkouts' own files: of thousands that they share a few are asked for."""

    def __init__(self, holdings: Iterable[tuple[Checkout, Inventory]], files: Iterable[File]) -> None:
        self._shelves = [(checkout, shelf) for checkout, one in holdings for shelf in _originals_in(one)]
        self._files: dict[str, list[File]] = {}
        for file in files:
            for word in _words(file.revision):
                self._files.setdefault(word, []).append(file)
        self._committed = self._ask_committed()

    def __getitem__(self, word: str) -> Sequence[Candidate]:
        return [
            _original(checkout, one, self._trust(checkout, one))
            for checkout, one in self._holders(self._files[word])
        ]

    def _trust(self, checkout: Checkout, migration: Migration) -> int:
        trust = COMMITTED if migration.path in self._committed else UNCOMMITTED
        return trust if checkout.worktree else trust + IN_CLONE

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def _holders(self, files: Sequence[File]) -> Iterator[tuple[Checkout, Migration]]:
        for checkout, shelf in self._shelves:
            here = {file.below: file for file in files if shelf.files.get(file.below) is file}
            yield from ((checkout, one) for one in shelf._replace(files=here).migrations)

    def _ask_committed(self) -> Set[Path]:
        """Ask each checkout's git, once, which files are committed, where the answer can change what is chosen."""
        disputed: dict[Path, dict[Path, bytes]] = {}
        for files in self._files.values():
            if any(file.content != files[0].content for file in files):
                for checkout, migration in self._holders(files):
                    disputed.setdefault(checkout.path, {})[migration.path] = migration.content
        return {path for root, contents in disputed.items() for path in git.committed(root, contents)}


def _originals_in(inventory: Inventory) -> Iterator[Shelf]:
    edited = [row.migration.path for row in inventory.edited]
    return (shelf.without(edited) for shelf in inventory.shelves)


def _copies(checkout: Checkout, inventory: Inventory) -> Iterator[Candidate]:
    yield from (borrowed_copy(checkout.path, row, BORROWED) for row in inventory.borrowed)
    yield from (_original(checkout, row.migration, EDITED) for row in inventory.edited)


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
