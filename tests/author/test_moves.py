"""What a rebase decides: whatever it moves, and wherever it is killed, the rows lead to just what has run."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_worktrees.author.moves import Ground, choose_moves, moved, rows_after, taken_back
from alembic_worktrees.messages.errors import UserError
from alembic_worktrees.migrations.graph import Graph, Node
from alembic_worktrees.migrations.revision import Revision

if TYPE_CHECKING:
    from collections.abc import Mapping


class Case(NamedTuple):
    """A history, what of it has run, and what somebody wants to move."""

    ground: Ground
    ran: frozenset[str]
    wanted: tuple[str, ...]
    onto: str | None


def graph(parents: Mapping[str, tuple[str, ...]], depends_on: Mapping[str, str] = {}) -> Graph:
    rows = ((id, old, (depends_on[id],) if id in depends_on else ()) for id, old in parents.items())
    return Graph(Node(Revision(id, old, needed, ()), "") for id, old, needed in rows)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    ids = [f"m{number:02}" for number in range(draw(st.integers(2, 12)))]
    parents: dict[str, tuple[str, ...]] = {ids[0]: ()}
    depends_on = {}
    for number, id in enumerate(ids[1:], 1):
        count = draw(st.sampled_from([1, 1, 1, 1, 0, 2]))
        parents[id] = tuple(
            draw(st.sets(st.sampled_from(ids[:number]), min_size=min(count, number), max_size=count))
        )
        if draw(st.integers(0, 9)) == 0:
            depends_on[id] = draw(st.sampled_from(ids[:number]))
    whole = graph(parents, depends_on)
    borrowed = draw(st.sets(st.sampled_from(ids[1:]), max_size=2))
    own = Graph(node for id, node in whole.nodes.items() if id not in borrowed)
    published = own.closure({draw(st.sampled_from(ids[: len(ids) // 2]))} - borrowed).known
    ran = whole.closure(draw(st.sets(st.sampled_from(ids), min_size=1, max_size=4))).known
    movable = sorted(own.nodes.keys() - published)
    wanted = draw(st.sets(st.sampled_from(movable), max_size=2)) if movable else ()
    onto = draw(st.sampled_from([None, None, "base", *own.nodes]))
    return Case(Ground(own, whole, published, dict.fromkeys(borrowed, "A")), ran, tuple(wanted), onto)


@given(cases())
def test_the_rows_lead_to_what_has_run_at_every_moment(case: Case) -> None:
    ground, ran, wanted, onto = case
    try:
        moves = choose_moves(ground, wanted, onto)
    except UserError:
        return
    assert not moves.keys() & {*ground.published, *ground.origins}
    before, after = ground.whole, moved(ground.whole, moves)
    assert not after.cycles
    heads = rows_after((), ran, before).after
    rows = rows_after(heads, ran, after)
    if rows.lacking:
        back = taken_back(rows.lacking, ran, before, after)
        left = ran - {*back}
        assert before.closure(left).known == left
        assert before.order(back) == tuple(reversed(back))
        assert not rows_after(heads, left, after).lacking
        return
    steps = [before, *(moved(before, dict(list(moves.items())[:n])) for n in range(1, len(moves) + 1))]
    assert [step.closure(rows.between).known for step in steps] == [ran] * len(steps)
    assert before.closure(heads).known == after.closure(rows.after).known == ran
    assert not after.line_above(rows.after) & rows.after


LINE = graph(
    {
        "p1": (),
        "p2": ("p1",),
        "u1": ("p1",),
        "u2": ("u1",),
        "lent": ("p1",),
        "on": ("lent",),
        "both": ("u2", "lent"),
    }
)


@pytest.mark.parametrize(
    ("wanted", "onto", "moves"),
    [
        ((), None, {"u1": ("p2",), "on": ("p2",)}),  # the lowest alone, and what follows a borrowed one
        (("u2", "u1"), None, {"u1": ("p2",)}),
        (("u2",), "p2", {"u2": ("p2",)}),
        (("u1",), "base", {"u1": ()}),
        (("on",), "u2", {"on": ("u2",)}),
        (("both",), "p2", {"both": ("p2", "u2")}),  # not what is borrowed, and not what the other one follows
        (("both",), "u1", {"both": ("u2",)}),
        ((), "u2", {"on": ("u2",)}),
        (("u1",), "u2", "comes after"),
        (("p2",), "u1", "published"),
        (("p2",), "p1", {}),
        (("lent",), None, "only borrowed"),
        (("u1",), "lent", "only borrowed"),
        (("u",), None, "No migration here"),
    ],
)
def test_what_moves(wanted: tuple[str, ...], onto: str | None, moves: Mapping[str, object] | str) -> None:
    own = Graph(node for id, node in LINE.nodes.items() if id != "lent")
    ground = Ground(own, LINE, {"p1", "p2"}, {"lent": "A"})
    if isinstance(moves, str):
        with pytest.raises(UserError, match=moves):
            choose_moves(ground, wanted, onto)
    else:
        assert choose_moves(ground, wanted, onto) == moves


def test_what_followed_when_it_ran_is_taken_back_too() -> None:
    """Two files were changed by hand, of which only one leads to what is lacking."""
    ran, after = LINE.closure(["u2"]).known, moved(LINE, {"u1": ("p2",), "u2": ("p1",)})
    rows = rows_after(["u2"], ran, after)
    assert taken_back(rows.lacking, ran, LINE, after) == ("u2", "u1")
