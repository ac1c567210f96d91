"""What is elsewhere? A revision's id → Candidates, most trusted first, from one tier of places after the other."""

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from . import git
from .inventory import take_inventory
from .record import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from .checkouts import Checkout
    from .inventory import Borrowed, Migration, Stepped
    from .revision import Revision

    Index = Mapping[str, Sequence["Candidate"]]
    Tier = Callable[[], Index]

# How far a copy is trusted; less is more. DESIGN, rule 8: committed, then uncommitted, borrowed last.
PREFERRED, COMMITTED, UNCOMMITTED, BORROWED_HERE, BORROWED = range(5)


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

    def __init__(self, tiers: Sequence[Tier], *, prefer: str | None = None) -> None:
        """Search `tiers` in this order; candidates whose origin is named `prefer` beat all others."""
        self._tiers = tiers
        self._prefer = prefer
        self._indexes: list[Index] = []

    def find(self, word: str) -> tuple[Candidate, ...]:
        """Return the candidates for a revision's id or a branch label, most trusted first."""
        for index in self._asked():
            if word in index:
                return tuple(sorted(map(self._weigh, index[word]), key=lambda candidate: candidate.trust))
        return ()

    def _asked(self) -> Iterator[Index]:
        yield from self._indexes
        while len(self._indexes) < len(self._tiers):
            self._indexes.append(self._tiers[len(self._indexes)]())
            yield self._indexes[-1]

    def _weigh(self, candidate: Candidate) -> Candidate:
        return candidate._replace(trust=PREFERRED) if candidate.origin.name == self._prefer else candidate


class CheckoutTier:
    """The files of every checkout, as one tier. `stepped` names what could not be read."""

    def __init__(self, checkouts: Sequence[Checkout], here: Sequence[Candidate] = ()) -> None:
        """Offer the files of `checkouts`, and besides them the candidates `here`."""
        self._checkouts = checkouts
        self._here = here
        self._holders: dict[Path, Checkout] = {}
        self.stepped: list[Stepped] = []

    def __call__(self) -> Index:
        """Read every checkout and return each word's candidates."""
        index: dict[str, list[Candidate]] = {}
        for candidate in chain(*map(self._in_checkout, self._checkouts), self._here):
            for word in (candidate.revision.id, *candidate.revision.branch_labels):
                index.setdefault(word, []).append(candidate)
        return {word: self._judge(candidates) for word, candidates in index.items()}

    def _in_checkout(self, checkout: Checkout) -> Iterator[Candidate]:
        if checkout.project is None:
            return
        inventory = take_inventory(checkout.project)
        self.stepped += inventory.stepped
        for migration in inventory.own:
            self._holders[migration.path] = checkout
            yield _candidate(checkout, migration, UNCOMMITTED)
        for borrowed in inventory.borrowed:
            yield _candidate(checkout, borrowed.migration, BORROWED, borrowed.entry.origin)

    def _judge(self, candidates: list[Candidate]) -> Sequence[Candidate]:
        """Ask git which files are committed, but only where the answer can change what is chosen."""
        if len({candidate.content for candidate in candidates}) < 2:
            return candidates
        return [self._committed(candidate) for candidate in candidates]

    def _committed(self, candidate: Candidate) -> Candidate:
        path, checkout = candidate.path, candidate.path and self._holders.get(candidate.path)
        if path and checkout and git.committed(checkout.path, [path]):
            return candidate._replace(trust=COMMITTED)
        return candidate


def borrowed_here(here: Checkout, borrowed: Sequence[Borrowed]) -> tuple[Candidate, ...]:
    """Return the copies that were borrowed into this checkout before, as the last resort that they are."""
    return tuple(_candidate(here, row.migration, BORROWED_HERE, row.entry.origin) for row in borrowed)


def _candidate(
    checkout: Checkout, migration: Migration, trust: int, origin: Origin | None = None
) -> Candidate:
    path = os.path.relpath(migration.path, checkout.path)
    return Candidate(
        migration.revision,
        migration.content,
        os.path.relpath(migration.location, checkout.path),
        migration.below,
        origin or Origin("checkout", checkout.name, None, path),
        trust,
        migration.path,
    )
