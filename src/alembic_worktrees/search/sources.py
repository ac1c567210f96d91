"""What is elsewhere? A revision's id → Candidates, most trusted first, from one tier of places after the other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from .. import git
from ..migrations.inventory import visit
from ..migrations.record import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence, Set
    from pathlib import Path

    from ..migrations.inventory import Borrowed, Inventory, Migration, Skipped
    from ..migrations.revision import Revision
    from .checkouts import Checkout

    Index = Callable[[str], Sequence["Candidate"]]
    _Held = tuple[Checkout, Migration]

# How far a copy is trusted; less is more. Only candidates of one tier are ever compared (DESIGN, rule 8).
PREFERRED, COMMITTED, UNCOMMITTED = 0, 1, 2
IN_CLONE = 2  # more than in a worktree of ours, which always goes before
IN_BRANCH, IN_REMOTE, IN_TAG = 10, 11, 12
BORROWED_HERE, BORROWED, EDITED = 20, 21, 22
ARCHIVED = 30
OTHERS_RAN, OTHERS_SAW = 40, 41
FORGOTTEN = 100  # and up, the newest first


class Candidate(NamedTuple):
    """One found copy of a migration. `location` is its version location, from the top of its checkout."""

    revision: Revision
    content: bytes
    location: str
    relative_path: str
    origin: Origin
    trust: int
    path: Path | None  # None if it lies in git only

    @property
    def where(self) -> str:
        """Where it lies: `CHECKOUT/PATH`, or `REF:PATH` in git."""
        return f"{self.origin.name}{'/' if self.path else ':'}{self.origin.path}"


def index(candidates: Iterable[Candidate]) -> Index:
    """Return what gives each word's candidates: by the id of the revision, and by its branch labels."""
    found: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        for word in candidate.revision.names:
            found.setdefault(word, []).append(candidate)
    return lambda word: found.get(word, ())


class CheckoutFiles:
    """The migration files of several checkouts, read once. `skipped` names what could not be read."""

    def __init__(self, checkouts: Sequence[Checkout]) -> None:
        """Read every migration file of `checkouts`, and the records of what they have borrowed."""
        self.skipped: list[Skipped] = []
        self._holdings = [(checkout, visit(checkout.project, self.skipped)) for checkout in checkouts]

    def originals(self) -> Index:
        """Return the checkouts' own files; where they differ, git is asked which of them are committed."""
        found: dict[str, list[_Held]] = {}
        for checkout, inventory in self._holdings:
            for migration in inventory.originals:
                for word in migration.revision.names:
                    found.setdefault(word, []).append((checkout, migration))
        committed = _committed(found.values())
        return lambda word: [
            _original(checkout, one, _trust(checkout, committed=one.path in committed))
            for checkout, one in found.get(word, ())
        ]

    def borrowed(self) -> tuple[Candidate, ...]:
        """Return what the checkouts have borrowed themselves: copies of copies."""
        return tuple(candidate for holding in self._holdings for candidate in _copies(*holding))

    def named(self, name: str) -> tuple[Candidate, ...]:
        """Return all that lies in the checkout of this name, what it has borrowed last."""
        for checkout, inventory in self._holdings:
            if checkout.name == name:
                originals = (_original(checkout, one, UNCOMMITTED) for one in inventory.originals)
                return (*originals, *_copies(checkout, inventory))
        return ()


def _trust(checkout: Checkout, *, committed: bool) -> int:
    trust = COMMITTED if committed else UNCOMMITTED
    return trust if checkout.worktree else trust + IN_CLONE


def _committed(groups: Iterable[Sequence[_Held]]) -> Set[Path]:
    """Ask each checkout's git, once, which files are committed, where the answer can change what is chosen."""
    disputed: dict[Path, dict[Path, bytes]] = {}
    for held in groups:
        if any(one.content != held[0][1].content for _, one in held):
            for checkout, one in held:
                disputed.setdefault(checkout.path, {})[one.path] = one.content
    return {path for root, contents in disputed.items() for path in git.committed(root, contents)}


def _copies(checkout: Checkout, inventory: Inventory) -> Iterator[Candidate]:
    yield from (borrowed_copy(checkout.path, row, BORROWED) for row in inventory.borrowed)
    yield from (_original(checkout, row.migration, EDITED) for row in inventory.edited)


def _original(checkout: Checkout, migration: Migration, trust: int) -> Candidate:
    origin = Origin("checkout", checkout.name, None, os.path.relpath(migration.path, checkout.path))
    return _candidate(checkout.path, migration, origin, trust)


def borrowed_copy(root: Path, row: Borrowed, trust: int) -> Candidate:
    """Return a borrowed file of the checkout at `root` as a candidate that keeps its first origin."""
    return _candidate(root, row.migration, row.entry.origin, trust)


def _candidate(root: Path, migration: Migration, origin: Origin, trust: int) -> Candidate:
    location = os.path.relpath(migration.location, root)
    return Candidate(
        migration.revision,
        migration.content,
        location,
        migration.relative_path,
        origin,
        trust,
        migration.path,
    )
