"""What shall we do? Pure: revisions as literals, and over generated worlds what must hold of every plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_worktrees.borrow.plan import Difference, Plan, make_plan
from alembic_worktrees.migrations.inventory import Borrowed, Inventory, Migration
from alembic_worktrees.migrations.record import Entry, Origin, sha256
from alembic_worktrees.migrations.revision import Revision
from alembic_worktrees.project.config import AlembicConfig
from alembic_worktrees.project.project import ConfigFiles, Project
from alembic_worktrees.search.sources import (
    ARCHIVED,
    BORROWED_HERE,
    PREFERRED,
    UNCOMMITTED,
    Candidate,
    borrowed_copy,
    index,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Iterator, Sequence

ROOT = Path("/w/StoFlow")
PLACE = "backend/versions"
VERSIONS = ROOT / PLACE
CONFIG = AlembicConfig("", (), recursive=False, sourceless=False, prepend_sys_path=())
PROJECT = Project(ROOT, ROOT / "backend", ConfigFiles(), CONFIG, ROOT / "backend", (VERSIONS,), None)


def revision(id: str, *down: str, depends_on: Sequence[str] = (), labels: Sequence[str] = ()) -> Revision:
    return Revision(id, down, tuple(depends_on), tuple(labels))


def own(one: Revision, name: str | None = None) -> Migration:
    relative_path = name or f"{one.id}.py"
    return Migration(one, one.id.encode(), VERSIONS, relative_path)


def held(one: Revision, content: bytes | None = None) -> Borrowed:
    """A copy that this checkout has borrowed before."""
    migration = own(one)._replace(content=content or one.id.encode())
    entry = Entry(
        migration.relative_path, one.id, Origin("checkout", "A", None, ""), sha256(migration.content)
    )
    return Borrowed(migration, entry, VERSIONS / ".gitignore")


def found(
    one: Revision,
    content: bytes | None = None,
    *,
    trust: int = UNCOMMITTED,
    name: str = "A",
    place: str = PLACE,
    relative_path: str | None = None,
) -> Candidate:
    """A file in another checkout."""
    relative_path = relative_path or f"{one.id}.py"
    origin = Origin("checkout", name, None, f"{place}/{relative_path}")
    return Candidate(
        one,
        content or one.id.encode(),
        place,
        relative_path,
        origin,
        trust,
        Path("/w", name, place, relative_path),
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
    places = index(candidates)
    return make_plan([[*applied]], inventory, project, lambda word: [places(word)] if places(word) else [])


def copied(made: Plan) -> list[str]:
    return [copy.candidate.revision.id for copy in made.copies]


A, B, C, D = revision("a"), revision("b", "a"), revision("c", "b"), revision("d", "c")


def test_nothing_is_missing() -> None:
    made = plan(["b"], here=[own(A), own(B)], elsewhere=[found(A, b"other"), found(C)])
    assert not any([made.copies, made.returned, made.gaps, made.differences])


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


def test_gaps_and_all_who_need_them_are_in_order() -> None:
    """Also who waits here to be applied, and what only such a file needs."""
    waiting = [own(revision(id, "y", "c")) for id in ("g", "z", "f", "e")]
    made = plan(["x", "d", "w"], here=[own(A), *waiting], elsewhere=[found(D)])
    all_of_them = ("e", "f", "g", "z")
    assert tuple(gap[:2] for gap in made.gaps) == (
        ("c", ("d", *all_of_them)),
        ("w", ()),
        ("x", ()),
        ("y", all_of_them),
    )


def test_a_parent_that_is_not_applied() -> None:
    made = plan(["a"], here=[own(A), own(C)], elsewhere=[found(B)])
    assert [(gap.revision, gap.needed_by, bool(gap.candidate)) for gap in made.gaps] == [("b", ("c",), True)]
    assert not made.copies + made.lost


def test_a_cycle_ends() -> None:
    made = plan(["x"], elsewhere=[found(revision("x", "y")), found(revision("y", "x"))])
    assert set(copied(made)) == {"x", "y"}


# Which copy


def test_the_first_one_is_taken_and_the_others_are_named() -> None:
    first, same, other = found(A, b"1", name="x"), found(A, b"1", name="y"), found(A, b"2", name="z")
    rival = found(revision("a", labels=["money"]), b"3", name="r")
    made = plan(["a"], elsewhere=[first, same, other, rival])
    assert [copy.candidate for copy in made.copies] == [first]
    assert made.differences == (Difference("a", first, rivals=(rival,), equals=(other,)),)
    preferred = plan(["a"], elsewhere=[rival._replace(trust=PREFERRED), first])
    assert preferred.copies[0].candidate.content == b"3"
    assert preferred.differences == ()


def test_one_whose_parents_can_be_had_goes_before_one_whose_parents_cannot() -> None:
    lost, whole = found(revision("b", "nowhere"), b"lost"), found(B, b"whole", trust=ARCHIVED)
    made = plan(["b"], here=[own(A)], elsewhere=[lost, whole])
    assert [copy.candidate for copy in made.copies] == [whole]
    assert [one.rivals for one in made.differences] == [(lost,)]
    assert not made.gaps
    alone = plan(["b"], here=[own(A)], elsewhere=[lost, found(revision("b", "nowhere either"), b"2")])
    assert alone.unresolved == alone.missing[1:] == ("nowhere",)
    by_name = plan(["b"], here=[own(A)], elsewhere=[lost._replace(trust=PREFERRED), whole])
    assert by_name.unresolved == ("nowhere",)


def test_one_that_is_further_away_is_looked_for_only_if_none_fits() -> None:
    near, far = [found(revision("b", "nowhere"))], [found(B, trust=ARCHIVED)]
    asked: list[str] = []

    def find(word: str) -> Iterator[Sequence[Candidate]]:
        for distance, group in (("near", near), ("far", far)):
            asked.append(distance)
            yield [one for one in group if one.revision.id == word]

    def look() -> Plan:
        asked.clear()
        inventory = Inventory((own(A),), (), (), (), (), ())
        return make_plan([["b"]], inventory, PROJECT, find)

    assert [copy.candidate for copy in look().copies] == far
    near[:] = [found(B)]
    assert [copy.candidate for copy in look().copies] == near
    assert asked == ["near"]


def test_rows_that_would_overlap_prove_a_choice_wrong() -> None:
    """Alembic would have removed the row of a parent: so the one without that parent was applied."""
    rebased, original = found(revision("b", "d"), b"rebased"), found(B, b"original")
    elsewhere = [rebased, original, found(revision("d", "a"))]
    made = plan(["b", "d"], here=[own(A)], elsewhere=elsewhere)
    assert made.overlapping == ()
    assert original in [copy.candidate for copy in made.copies]
    assert [one.rivals for one in made.differences] == [(rebased,)]
    again = plan(["b", "d"], here=[own(A)], borrowed=[held(B, b"original")], elsewhere=elsewhere)
    assert again.held_back == ("b",)
    alone = plan(["b", "d"], here=[own(A)], elsewhere=[rebased, elsewhere[2]])
    assert alone.overlapping == ("d",)


def test_equals_that_are_the_same_are_none() -> None:
    made = plan(["a"], elsewhere=[found(A, name="x"), found(A, name="y")])
    assert copied(made) == ["a"]
    assert made.differences == ()


# What was borrowed before


def test_a_copy_that_is_still_right_is_kept() -> None:
    made = plan(["b"], here=[own(A)], borrowed=[held(B)], elsewhere=[found(B)])
    assert not made.copies + made.returned + made.missing


def test_the_last_copy_there_is_stays() -> None:
    made = plan(["b"], here=[own(A)], borrowed=[held(B)])
    assert not made.copies + made.returned


def test_a_changed_original_refreshes_the_copy_in_its_place() -> None:
    row = held(B, b"old")
    made = plan(
        ["b"], here=[own(A)], borrowed=[row], elsewhere=[found(B, b"new", relative_path="renamed.py")]
    )
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
        (found(B, relative_path="2024_b.py"), [], "2024_b.py"),
        (found(B, relative_path="b.py"), TAKEN, "b_b.py"),
        (found(B, relative_path="B.PY".replace("PY", "py")), TAKEN, "B_b.py"),
        (found(B, relative_path="b.py"), [*TAKEN, own(revision("y"), "b_b.py")], "b_b_2.py"),
        (found(B, relative_path="sub/b.py"), [], "b.py"),
        (found(B, place="server/versions"), [], "b.py"),
        (found(B, relative_path="a\nb.py"), [], "borrowed_b.py"),
        (found(revision("../x y"), relative_path="\udce9.py"), [], "borrowed_.._x_y.py"),
    ],
)
def test_the_name_of_a_copy(candidate: Candidate, here: list[Migration], expected: str) -> None:
    made = plan([candidate.revision.id], here=[own(A), *here], elsewhere=[candidate])
    assert [copy.path for copy in made.copies] == [VERSIONS / expected]


def test_sub_folders_and_several_locations() -> None:
    other = ROOT / "backend/plugins"
    project = PROJECT._replace(versions=(VERSIONS, other), config=CONFIG._replace(recursive=True))
    elsewhere = [
        found(A, place="backend/plugins", relative_path="2024/a.py"),
        found(B, relative_path="2024/a.py"),
    ]
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
    taken, returned = copied(made), [row.entry.revision for row in made.returned]
    kept = {row.entry.revision for row in borrowed} - {*taken, *returned}
    wanted = reached - mine
    assert {*taken, *kept} <= wanted  # nothing that the database has not applied
    assert not {*taken, *kept} & mine
    if not made.unresolved:
        assert {*taken, *kept} == wanted
        loaded = mine | {*taken, *kept}
        assert all({*by_id[id].down_revisions, *by_id[id].depends_on} <= loaded for id in loaded)
    for position, id in enumerate(taken):
        assert not {*by_id[id].down_revisions, *by_id[id].depends_on} & set(taken[position:])
    paths = [copy.path for copy in made.copies]
    assert len({*paths, *(one.path for one in here)}) == len(paths) + len(here)
