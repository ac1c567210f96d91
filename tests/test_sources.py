"""What is elsewhere? Tiers are asked one after the other, lazily and once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_worktrees.migrations.record import Origin
from alembic_worktrees.migrations.revision import Revision
from alembic_worktrees.search.sources import COMMITTED, PREFERRED, UNCOMMITTED, Candidate, Sources, index

if TYPE_CHECKING:
    from alembic_worktrees.search.sources import Index


def candidate(id: str, name: str = "A", trust: int = UNCOMMITTED, labels: tuple[str, ...] = ()) -> Candidate:
    origin = Origin("checkout", name, None, f"{id}.py")
    return Candidate(Revision(id, (), (), labels), b"", "versions", f"{id}.py", origin, trust, None)


def anything(_: Candidate) -> bool:
    return True


class Tier:
    """A tier that counts how often it is asked."""

    def __init__(self, *candidates: Candidate) -> None:
        self.candidates = candidates
        self.asked = 0

    def __call__(self) -> Index:
        self.asked += 1
        return index(self.candidates)


def test_the_first_tier_that_has_it_answers() -> None:
    first, second, third = Tier(candidate("a")), Tier(candidate("a", "B"), candidate("b", "B")), Tier()
    sources = Sources([first, second, third], index(()), anything)
    assert [one.origin.name for one in sources.find("a")] == ["A"]
    assert second.asked == 0
    assert [one.origin.name for one in sources.find("b")] == ["B"]
    assert third.asked == 0
    assert sources.find("nowhere") == ()
    sources.find("a")
    assert [tier.asked for tier in (first, second, third)] == [1, 1, 1]


def test_most_trusted_first_and_labels_lead_to_their_owner() -> None:
    tier = Tier(candidate("a", "x"), candidate("a", "y", COMMITTED), candidate("b", labels=("payments",)))
    sources = Sources([tier], index(()), anything)
    assert [one.origin.name for one in sources.find("a")] == ["y", "x"]
    assert [one.revision.id for one in sources.find("payments")] == ["b"]


def test_the_preferred_one_beats_all_tiers() -> None:
    tier = Tier(candidate("a", "x", COMMITTED), candidate("b", "x"))
    sources = Sources([tier], index([candidate("a", "z")]), anything)
    found = [(one.origin.name, one.trust) for one in sources.find("a")]
    assert found == [("z", PREFERRED), ("x", COMMITTED)]
    assert [one.origin.name for one in sources.find("b")] == ["x"]  # it has no such revision


def test_what_is_not_sound_is_none() -> None:
    broken = candidate("a", "broken")
    first, second = Tier(broken, candidate("b")), Tier(candidate("a", "sound"), broken)
    sources = Sources([first, second], index(()), lambda one: one.origin.name != "broken")
    assert [one.origin.name for one in sources.find("a")] == ["sound"]
    assert [one.revision.id for one in sources.find("b")] == ["b"]
    preferring = Sources([first, second], index([broken]), lambda one: one.origin.name != "broken")
    assert preferring.find("a") == ()
