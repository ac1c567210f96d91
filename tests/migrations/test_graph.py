"""graph.py, held against literals, a naive model, and Alembic's own `RevisionMap`."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from alembic.script.revision import Revision as AlembicRevision
from alembic.script.revision import RevisionMap
from hypothesis import given, settings
from hypothesis import strategies as st

from alembic_worktrees.migrations.graph import Closure, Graph, Node
from alembic_worktrees.migrations.revision import Revision

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def node(
    id_: str,
    down: Sequence[str] = "",
    depends: Sequence[str] = "",
    labels: Sequence[str] = (),
    path: str = "",
) -> Node:
    return Node(Revision(id_, tuple(down), tuple(depends), tuple(labels)), path or f"{id_}.py")


def closure(known: Iterable[str], unknown: Iterable[str] = ()) -> Closure:
    return Closure(frozenset(known), frozenset(unknown))


CHAIN = Graph([node("c", "b"), node("a"), node("b", "a")])


# Literals


def test_a_chain() -> None:
    assert list(CHAIN.nodes) == ["c", "a", "b"]
    assert CHAIN.nodes["b"] == node("b", "a")
    assert (CHAIN.heads, CHAIN.real_heads) == (("c",), ("c",))
    assert (CHAIN.duplicates, CHAIN.missing, CHAIN.label_owners, CHAIN.cycles) == ({}, {}, {}, ())
    assert (CHAIN.parents("c"), CHAIN.parents("a"), CHAIN.parents("unknown")) == (("b",), (), ())


def test_nothing() -> None:
    graph = Graph([])
    assert (graph.heads, graph.real_heads, graph.cycles, graph.order([])) == ((), (), (), ())
    assert graph.closure([]) == closure([])


def test_heads_are_sorted() -> None:
    graph = Graph([node("d", "b"), node("b"), node("c", "a"), node("a")])
    assert graph.heads == ("c", "d")


def test_a_head_that_another_depends_on_is_a_head_but_no_real_head() -> None:
    graph = Graph([node("a"), node("b"), node("c", "a", "b")])
    assert (graph.heads, graph.real_heads) == (("b", "c"), ("c",))


def test_a_merge_leaves_one_head() -> None:
    assert Graph([node("a"), node("b", "a"), node("c", "a"), node("m", "bc")]).heads == ("m",)


def test_the_first_definition_of_an_id_counts() -> None:
    first, second, third = node("x", "a", path="1"), node("x", "b", path="2"), node("x", "zz", path="3")
    graph = Graph([first, node("a"), node("b"), second, third])
    assert graph.nodes["x"] is first
    assert graph.duplicates == {"x": (first, second, third)}
    assert graph.parents("x") == ("a",)
    assert graph.heads == ("b", "x")
    assert graph.missing == {}


def test_identical_definitions_are_duplicates_too() -> None:
    assert set(Graph([node("x"), node("x")]).duplicates) == {"x"}


def test_missing_names_all_referrers_sorted() -> None:
    graph = Graph([node("c", "x"), node("b", "x", "y"), node("a", "xx"), node("d", "", ["l"])])
    assert graph.missing == {"x": ("a", "b", "c"), "y": ("b",), "l": ("d",)}
    assert graph.heads == ("a", "b", "c", "d")


def test_depends_on_may_name_a_branch_label() -> None:
    graph = Graph([node("a", labels=["left", "gauche"]), node("b", "", ["gauche"])])
    assert graph.label_owners == {"left": ("a",), "gauche": ("a",)}
    assert graph.parents("b") == ("a",)
    assert graph.missing == {}
    assert (graph.heads, graph.real_heads) == (("a", "b"), ("b",))


def test_down_revision_may_not_name_a_branch_label() -> None:
    graph = Graph([node("a", labels=["left"]), node("b", ["left"])])
    assert graph.missing == {"left": ("b",)}


def test_an_id_goes_before_a_label() -> None:
    graph = Graph([node("a", labels=["b"]), node("b"), node("c", "", "b")])
    assert graph.parents("c") == ("b",)


def test_a_label_of_two_owners_means_the_first() -> None:
    graph = Graph([node("b", labels=["l", "l"]), node("a", labels=["l"]), node("c", "", "l")])
    assert graph.label_owners == {"l": ("b", "a")}
    assert graph.parents("c") == ("b",)


def test_parents_are_down_revisions_then_dependencies_each_once() -> None:
    graph = Graph([node("a", labels=["l"]), node("z", "cbc", ["d", "b", "l", "a"])])
    assert graph.parents("z") == ("c", "b", "d", "a")


def test_prefixes_are_never_resolved() -> None:
    graph = Graph([node("aaaa1111xyz"), node("b", ["aaaa1111"])])
    assert graph.missing == {"aaaa1111": ("b",)}
    assert graph.closure(["b", "aaaa"]) == closure({"b"}, {"aaaa", "aaaa1111"})


def test_closure_goes_through_dependencies_and_stops_at_what_is_unknown() -> None:
    graph = Graph([node("a", "x"), node("b", "", "a"), node("c", "b", "y"), node("d", "c")])
    assert graph.closure(["c"]) == closure("abc", "xy")
    assert graph.closure(["a", "q"]) == closure("a", "xq")


def test_order_is_parents_first_and_of_the_given_ids_only() -> None:
    graph = Graph([node("a", "b"), node("b", "c"), node("c", "", "d"), node("d")])
    assert graph.order("abcd") == ("d", "c", "b", "a")
    assert graph.order("ad") == graph.order("dad") == ("d", "a")


def test_order_takes_missing_parents_along() -> None:
    graph = Graph([node("a", "z"), node("b", "a")])
    assert graph.order("bza") == ("z", "a", "b")
    assert graph.order("ba") == ("a", "b")
    assert graph.order(["q", "a"]) == ("a", "q")


def test_order_of_siblings_does_not_depend_on_how_they_came() -> None:
    nodes = [node("r"), node("c", "r"), node("a", "r"), node("b", "r")]
    assert Graph(nodes).order("rcab") == Graph(nodes[::-1]).order("bacr") == ("r", "a", "b", "c")


def test_order_survives_cycles() -> None:
    graph = Graph([node("a", "b"), node("b", "ar"), node("c", "bc"), node("r")])
    assert sorted(graph.order("cabr")) == ["a", "b", "c", "r"]
    assert graph.order("cabr")[-1] == "c"


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([node("a", "a")], [("a",)]),
        ([node("a", "", "a")], [("a",)]),
        ([node("a", "", ["l"], ["l"])], [("a",)]),
        ([node("b", "a"), node("a", "b")], [("a", "b")]),
        ([node("a", "c"), node("b", "a"), node("c", "b")], [("a", "c", "b")]),
        ([node("a", "b"), node("b", "", "a")], [("a", "b")]),
        ([node("a", "ab"), node("b", "a")], [("a",), ("a", "b")]),
        ([node("a", "b"), node("b", "c"), node("c", "a"), node("d", "a")], [("a", "b", "c")]),
        ([node("d", "c"), node("c", "d"), node("b", "ac"), node("a", "b")], [("a", "b"), ("c", "d")]),
        ([node("a", "x"), node("b", "a")], []),
        ([node("a"), node("b", "a"), node("c", "a"), node("d", "bc")], []),
    ],
)
def test_cycles(nodes: list[Node], expected: list[tuple[str, ...]]) -> None:
    assert Graph(nodes).cycles == tuple(expected)
    assert Graph(reversed(nodes)).cycles == tuple(expected)


def test_a_chain_of_20_000_does_not_recurse() -> None:
    ids = [f"{number:05}" for number in range(20_000)]
    graph = Graph([node(ids[0]), *(node(id_, [parent]) for parent, id_ in pairwise(ids))])
    assert graph.heads == graph.real_heads == (ids[-1],)
    assert graph.order(reversed(ids)) == tuple(ids)
    assert len(graph.closure([ids[-1]]).known) == len(ids)
    assert graph.cycles == ()


def test_a_ring_of_20_000_does_not_recurse() -> None:
    ids = [f"{number:05}" for number in range(20_000)]
    graph = Graph(node(id_, [parent]) for parent, id_ in pairwise([ids[-1], *ids]))
    assert graph.cycles == ((ids[0], *reversed(ids[1:])),)
    assert graph.heads == ()


# A naive model, on graphs of every kind: cycles, missing parents, duplicates, labels

NAMES = list("abcdefg")
LABELS = ["l", "m", "a"]


@st.composite
def tangles(draw: st.DrawFn) -> list[Node]:
    few = st.lists(st.sampled_from(NAMES), max_size=2)
    return [
        node(
            draw(st.sampled_from(NAMES[:6])),
            draw(few),
            draw(st.lists(st.sampled_from(NAMES + LABELS), max_size=1)),
            draw(st.lists(st.sampled_from(LABELS), max_size=1)),
            str(number),
        )
        for number in range(draw(st.integers(0, 7)))
    ]


def model_parents(nodes: list[Node]) -> dict[str, list[str]]:
    first: dict[str, Revision] = {}
    for revision, _ in nodes:
        first.setdefault(revision.id, revision)

    def resolve(name: str) -> str:
        owners = [id_ for id_, revision in first.items() if name in revision.branch_labels]
        return name if name in first or not owners else owners[0]

    return {
        id_: [*revision.down_revisions, *(resolve(name) for name in revision.depends_on)]
        for id_, revision in first.items()
    }


def model_ancestors(parents: dict[str, list[str]], id_: str) -> set[str]:
    """Proper ancestors; the id itself is among them only if it is in a cycle."""
    found: set[str] = set()
    for _ in range(20):
        found |= {parent for child in (found | {id_}) for parent in parents.get(child, ())}
    return found


@given(tangles())
@settings(max_examples=400, deadline=None)
def test_graph_is_the_naive_model(nodes: list[Node]) -> None:
    graph = Graph(nodes)
    parents = model_parents(nodes)
    above = {id_: model_ancestors(parents, id_) for id_ in {*NAMES, *LABELS, *parents}}
    assert {id_: list(dict.fromkeys(found)) for id_, found in parents.items()} == {
        id_: list(graph.parents(id_)) for id_ in graph.nodes
    }
    down = {name for found in graph.nodes.values() for name in found.revision.down_revisions}
    assert graph.heads == tuple(sorted(set(parents) - down))
    assert graph.real_heads == tuple(
        sorted(set(parents) - {name for found in parents.values() for name in found})
    )
    assert graph.missing == {
        name: tuple(sorted(id_ for id_ in parents if name in parents[id_]))
        for name in {name for found in parents.values() for name in found} - set(parents)
    }
    for id_ in NAMES:
        everything = above[id_] | {id_}
        assert graph.closure([id_]) == closure(everything & set(parents), everything - set(parents))
    check_order(graph, above)
    check_cycles(graph, above)


def check_order(graph: Graph, above: dict[str, set[str]]) -> None:
    ids = [*NAMES, *graph.nodes]
    order = graph.order(ids)
    assert sorted(order) == sorted(set(ids))
    assert order == graph.order(reversed(ids))
    for at, id_ in enumerate(order):
        if id_ not in above[id_]:  # it is in no cycle
            assert not above[id_].intersection(order[at:])
    if not graph.cycles:
        every_other = set(order[::2])
        assert graph.order(every_other) == graph.order(sorted(every_other, reverse=True))
        for at, id_ in enumerate(some := graph.order(every_other)):
            assert not above[id_].intersection(some[at:])


def check_cycles(graph: Graph, above: dict[str, set[str]]) -> None:
    for cycle in graph.cycles:
        assert len(set(cycle)) == len(cycle)
        assert cycle[0] == min(cycle)
        for child, parent in pairwise([*cycle, cycle[0]]):
            assert parent in graph.parents(child)
    ambiguous = any(len(owners) > 1 for owners in graph.label_owners.values())
    assert ambiguous or graph.cycles == Graph(reversed(list(graph.nodes.values()))).cycles
    groups = {frozenset(other for other in above[id_] if id_ in above[other]) for id_ in graph.nodes}
    rings = [set(cycle) for cycle in graph.cycles if len(cycle) > 1]
    assert all(any(ring <= group for ring in rings) for group in groups if len(group) > 1)
    assert {id_ for (id_,) in (c for c in graph.cycles if len(c) == 1)} == {
        id_ for id_ in graph.nodes if id_ in graph.parents(id_)
    }


# Alembic's own answers, on graphs that Alembic accepts


@st.composite
def histories(draw: st.DrawFn) -> list[Node]:
    """A random acyclic history, complete, with branches, merges, several bases, dependencies and labels."""
    nodes: list[Node] = []
    for number in range(draw(st.integers(1, 12))):
        earlier = [found.revision.id for found in nodes]
        labels = [f"label{id_}" for id_ in earlier if nodes[int(id_[1:])].revision.branch_labels]
        some = st.lists(st.sampled_from(earlier), max_size=2, unique=True) if earlier else st.just([])
        names = st.lists(st.sampled_from(earlier + labels), max_size=1) if earlier else st.just([])
        id_ = f"r{number}"
        nodes.append(node(id_, draw(some), draw(names), [f"label{id_}"] if draw(st.booleans()) else []))
    return draw(st.permutations(nodes))


def alembic_map(nodes: list[Node]) -> RevisionMap:
    return RevisionMap(lambda: [
        AlembicRevision(found.id, found.down_revisions, found.depends_on or None, found.branch_labels or None)
        for found, _ in nodes
    ])  # fmt: skip


@given(histories())
@settings(max_examples=300, deadline=None)
def test_alembic_agrees(nodes: list[Node]) -> None:
    graph, theirs = Graph(nodes), alembic_map(nodes)
    assert graph.heads == tuple(sorted(theirs.heads))
    assert graph.real_heads == tuple(sorted(found.revision for found in theirs.get_revisions("heads")))  # type: ignore[union-attr]
    for id_ in graph.nodes:
        upgraded = {found.revision for found in theirs.iterate_revisions(id_, None)}
        assert graph.closure([id_]) == closure(upgraded)
    everything = [found.revision for found in theirs.iterate_revisions("heads", None)]
    assert sorted(graph.order(graph.nodes)) == sorted(everything)


@pytest.mark.parametrize(
    "nodes",
    [
        [node("a", "x")],
        [node("a", "", "x")],
        [node("a"), node("a")],
        [node("a"), node("b", "c"), node("c", "b")],
        [node("a"), node("b", "a"), node("c", "", "d"), node("d", "c")],
        [node("a", labels=["l"]), node("b", "a", labels=["l"])],
        [node("a", labels=["l"]), node("b", ["l"])],
    ],
)
def test_what_alembic_refuses_or_warns_of_is_seen(nodes: list[Node]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(Exception):  # noqa: B017 - KeyError, RevisionError, UserWarning: whatever it is
            _ = alembic_map(nodes).heads
    graph = Graph(nodes)
    assert (
        graph.missing
        or graph.duplicates
        or graph.cycles
        or any(len(o) > 1 for o in graph.label_owners.values())
    )
