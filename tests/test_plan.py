"""What shall we do? Pure: revisions as literals, and over generated worlds what must hold of every plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_worktrees.inventory import Borrowed, Inventory, Migration
from alembic_worktrees.plan import Plan, make_plan
from alembic_worktrees.project import ConfigFiles, Project
from alembic_worktrees.record import Entry, Origin, sha256
from alembic_worktrees.revision import Revision
from alembic_worktrees.sources import (
    BORROWED,
    BORROWED_HERE,
    COMMITTED,
    PREFERRED,
    UNCOMMITTED,
    Candidate,
    borrowed_copy,
    index,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Sequence

ROOT = Path("/w/StoFlow")
PLACE = "backend/versions"
VERSIONS = ROOT / PLACE
PROJECT = Project(ROOT, ROOT / "backend", ConfigFiles(), ROOT / "backend", (VERSIONS,), False, None)


def revision(id: str, *down: str, depends_on: Sequence[str] = (), labels: Sequence[str] = ()) -> Revision:
    return Revision(id, down, tuple(depends_on), tuple(labels))


def own(one: Revision, name: str | None = None) -> Migration:
    below = name or f"{one.id}.py"
    return Migration(one, one.id.encode(), VERSIONS, below)


def held(one: Revision, content: bytes | None = None) -> Borrowed:
    """A copy that this checkout has borrowed before."""
    migration = own(one)._replace(content=content or one.id.encode())
    entry = Entry(migration.below, one.id, Origin("checkout", "A", None, ""), sha256(migration.content))
    return Borrowed(migration, entry, VERSIONS / ".gitignore")


def found(
    one: Revision,
    content: bytes | None = None,
    *,
    trust: int = UNCOMMITTED,
    name: str = "A",
    place: str = PLACE,
    below: str | None = None,
) -> Candidate:
    """A file in another checkout."""
    below = below or f"{one.id}.py"
    origin = Origin("checkout", name, None, f"{place}/{below}")
    return Candidate(
        one, content or one.id.encode(), place, below, origin, trust, Path("/w", name, place, below)
    )


def plan(
    applied: Iterable[str],
    *,
    here: Iterable[Migration] = (),
    borrowed: Sequence[Borrowed] = (),
    elsewhere: Iterable[Candidate] = (),
    project: Project = PROJECT,
) -> Plan:
    inventory = Inventory(tuple(here), tuple(borrowed), (), (), (), ())
    candidates = [*elsewhere, *(borrowed_copy(ROOT, row, BORROWED_HERE) for row in borrowed)]
    places = index(sorted(candidates, key=lambda candidate: candidate.trust))
    return make_plan(applied, inventory, project, places)


def copied(made: Plan) -> list[str]:
    return [copy.candidate.revision.id for copy in made.copies]


A, B, C, D = revision("a"), revision("b", "a"), revision("c", "b"), revision("d", "c")


def test_nothing_is_missing() -> None:
    made = plan(["b"], here=[own(A), own(B)], elsewhere=[found(A, b"other"), found(C)])
    assert not any([made.copies, made.returned, made.gaps, made.unapplied, made.differences])
    assert made.applied == ("b",)


def test_no_row_at_all() -> None:
    assert plan([], here=[own(A)], elsewhere=[found(B)]).copies == ()


def test_a_chain_parents_first_and_no_further() -> None:
    made = plan(["c"], here=[own(A)], elsewhere=[found(D), found(C), found(B)])
    assert copied(made) == ["b", "c"]
    assert made.missing == ("b", "c")


def test_the_whole_closure_by_depends_on_and_label() -> None:
    user = revision("user", "a", depends_on=["payments", "d"])
    elsewhere = [found(user), found(revision("support", labels=["payments"])), *map(found, (B, C, D))]
    made = plan(["user"], here=[own(A)], elsewhere=elsewhere)
    assert set(copied(made)) == {"user", "support", "b", "c", "d"}
    assert made.gaps == ()


def test_a_hole_in_our_own_files() -> None:
    made = plan(["d"], here=[own(A), own(C)], elsewhere=[found(B), found(D)])
    assert copied(made) == ["b", "d"]


def test_a_gap_names_who_needs_it() -> None:
    made = plan(["d", "x"], here=[own(A)], elsewhere=[found(D), found(B)])
    assert [(gap.revision, gap.needed_by) for gap in made.gaps] == [("c", ("d",)), ("x", ())]
    assert made.unresolved == ("c", "x")


def test_a_parent_that_is_not_applied() -> None:
    made = plan(["a"], here=[own(A), own(C)], elsewhere=[found(B)])
    assert [(one.revision, one.needed_by) for one in made.unapplied] == [("b", ("c",))]
    assert not made.copies + made.gaps


def test_a_cycle_ends() -> None:
    made = plan(["x"], elsewhere=[found(revision("x", "y")), found(revision("y", "x"))])
    assert set(copied(made)) == {"x", "y"}


# Which copy


def test_more_trusted_beats_less() -> None:
    elsewhere = [
        found(A, b"committed", trust=COMMITTED, name="old"),
        found(A, b"edited", trust=UNCOMMITTED, name="new"),
    ]
    made = plan(["a"], elsewhere=elsewhere)
    assert made.copies[0].candidate.content == b"committed"
    (difference,) = made.differences
    assert difference.chosen == made.copies[0].candidate
    assert [other.origin.name for other in difference.others] == ["new"]
    preferred = plan(["a"], elsewhere=[elsewhere[0], elsewhere[1]._replace(trust=PREFERRED)])
    assert preferred.copies[0].candidate.content == b"edited"


def test_equals_that_differ_are_a_tie() -> None:
    made = plan(["a", "b"], elsewhere=[found(A, b"1", name="x"), found(A, b"2", name="y"), found(B)])
    assert [tie.revision for tie in made.ties] == ["a"]
    assert made.gaps == ()
    assert made.unresolved == ("a",)


def test_equals_that_are_the_same_are_none() -> None:
    made = plan(["a"], elsewhere=[found(A, name="x"), found(A, name="y")])
    assert copied(made) == ["a"]
    assert made.differences == ()


def test_a_tie_that_was_settled_before_stays_settled() -> None:
    rivals = [found(A, b"1", name="x"), found(A, b"2", name="y")]
    made = plan(["a"], borrowed=[held(A, b"2")], elsewhere=rivals)
    assert not made.ties + made.copies
    assert [row.entry.revision for row in made.kept] == ["a"]


def test_borrowed_copies_come_last() -> None:
    made = plan(
        ["a"], elsewhere=[found(A, b"copy", trust=BORROWED, name="x"), found(A, b"original", name="y")]
    )
    assert made.copies[0].candidate.origin.name == "y"
    both = [found(A, b"1", trust=BORROWED, name="x"), found(A, b"2", trust=BORROWED, name="y")]
    assert copied(plan(["a"], elsewhere=both)) == ["a"]


# What was borrowed before


def test_a_copy_that_is_still_right_is_kept() -> None:
    made = plan(["b"], here=[own(A)], borrowed=[held(B)], elsewhere=[found(B)])
    assert not made.copies + made.returned + made.missing
    assert [row.entry.revision for row in made.kept] == ["b"]


def test_the_last_copy_there_is_stays() -> None:
    made = plan(["b"], here=[own(A)], borrowed=[held(B)])
    assert [row.entry.revision for row in made.kept] == ["b"]
    assert made.returned == ()


def test_a_changed_original_refreshes_the_copy_in_its_place() -> None:
    row = held(B, b"old")
    made = plan(["b"], here=[own(A)], borrowed=[row], elsewhere=[found(B, b"new", below="renamed.py")])
    (copy,) = made.copies
    assert (copy.replaces, copy.path, copy.candidate.content) == (row, row.migration.path, b"new")
    assert made.returned == ()


def test_what_is_no_longer_applied_goes_children_first() -> None:
    made = plan(["a"], here=[own(A)], borrowed=[held(B), held(D), held(C)], elsewhere=[found(D)])
    assert [row.entry.revision for row in made.returned] == ["d", "c", "b"]


def test_what_has_arrived_goes() -> None:
    made = plan(["b"], here=[own(A), own(B, "renamed.py")], borrowed=[held(B)])
    assert [row.entry.revision for row in made.returned] == ["b"]


def test_nothing_goes_while_parents_are_computed() -> None:
    computed = own(Revision("x", (), (), (), opaque=True))
    assert plan(["x"], here=[own(A), computed], borrowed=[held(B)]).returned == ()


# Where to


TAKEN = [own(revision("x"), "b.py")]


@pytest.mark.parametrize(
    ("candidate", "here", "expected"),
    [
        (found(B, below="2024_b.py"), [], "2024_b.py"),
        (found(B, below="b.py"), TAKEN, "b_b.py"),
        (found(B, below="B.PY".replace("PY", "py")), TAKEN, "B_b.py"),
        (found(B, below="b.py"), [*TAKEN, own(revision("y"), "b_b.py")], "b_b_2.py"),
        (found(B, below="sub/b.py"), [], "b.py"),
        (found(B, place="server/versions"), [], "b.py"),
        (found(B, below="a\nb.py"), [], "borrowed_b.py"),
        (found(revision("../x y"), below="\udce9.py"), [], "borrowed_.._x_y.py"),
    ],
)
def test_the_name_of_a_copy(candidate: Candidate, here: list[Migration], expected: str) -> None:
    made = plan([candidate.revision.id], here=[own(A), *here], elsewhere=[candidate])
    assert [copy.path for copy in made.copies] == [VERSIONS / expected]


def test_sub_folders_and_several_locations() -> None:
    other = ROOT / "backend/plugins"
    project = PROJECT._replace(versions=(VERSIONS, other), recursive=True)
    elsewhere = [found(A, place="backend/plugins", below="2024/a.py"), found(B, below="2024/a.py")]
    made = plan(["b"], elsewhere=elsewhere, project=project)
    assert [copy.path for copy in made.copies] == [other / "2024/a.py", VERSIONS / "2024/a.py"]


# Whatever the world


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Revision], list[str], list[int]]:
    """A history, what is applied of it, and where each revision lies: here, borrowed, elsewhere, nowhere."""
    count = draw(st.integers(1, 14))
    history: list[Revision] = []
    for number in range(count):
        ids = [one.id for one in history]
        parents = draw(st.lists(st.sampled_from(ids), max_size=2, unique=True)) if ids else []
        needs = draw(st.lists(st.sampled_from(ids), max_size=1)) if ids else []
        history.append(revision(f"r{number}", *parents, depends_on=needs))
    applied = draw(st.lists(st.sampled_from([one.id for one in history]), max_size=3, unique=True))
    return history, applied, draw(st.lists(st.integers(0, 6), min_size=count, max_size=count))


@given(worlds(), st.randoms(use_true_random=False))
def test_every_plan(world: tuple[list[Revision], list[str], list[int]], shuffle: random.Random) -> None:
    history, applied, places = world
    by_id = {one.id: one for one in history}
    reached: set[str] = set()
    todo = list(applied)
    while todo:
        one = by_id[todo.pop()]
        reached.add(one.id)
        todo += [*one.down_revisions, *one.depends_on]
    here = [own(one) for one, place in zip(history, places, strict=True) if place in {0, 1}]
    borrowed = [held(one) for one, place in zip(history, places, strict=True) if place == 2]
    elsewhere = [found(one) for one, place in zip(history, places, strict=True) if place > 2 and place != 6]
    shuffle.shuffle(elsewhere)
    made = plan(applied, here=here, borrowed=borrowed, elsewhere=elsewhere)

    mine = {migration.revision.id for migration in here}
    taken, kept = copied(made), [row.entry.revision for row in made.kept]
    returned = [row.entry.revision for row in made.returned]
    wanted = reached - mine
    assert {*taken, *kept} <= wanted  # nothing that the database has not applied
    assert not {*taken, *kept} & mine
    assert {*kept, *returned, *taken} >= {row.entry.revision for row in borrowed}
    if not made.unresolved:
        assert {*taken, *kept} == wanted
        loaded = mine | {*taken, *kept}
        assert all({*by_id[id].down_revisions, *by_id[id].depends_on} <= loaded for id in loaded)
    for position, id in enumerate(taken):
        assert not {*by_id[id].down_revisions, *by_id[id].depends_on} & set(taken[position:])
    paths = [copy.path for copy in made.copies]
    assert len({*paths, *(one.path for one in here)}) == len(paths) + len(here)
