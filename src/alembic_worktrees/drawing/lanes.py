"""Where is each line drawn? Nodes from the top down, with their parents → lanes. Pure.

Every edge has a lane to itself from the row below its child to the row above its parent, so that lines never run
into each other, nor through a node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .picture import Entry


class Edge(NamedTuple):
    """A line from a child, in row `start`, down its lane to a parent in row `end`; up if a cycle wants it."""

    child: str
    parent: str
    dashed: bool
    lane: int
    start: int
    end: int


class Layout(NamedTuple):
    """The lane of the node in each row, and of every edge; `width` is the number of lanes."""

    lanes: tuple[int, ...]
    edges: tuple[Edge, ...]
    width: int


def lay_out(nodes: Sequence[Entry]) -> Layout:
    """Give each node and each edge its lane. Edges to ids that are no node are left out."""
    rows = {node.id: row for row, node in enumerate(nodes)}
    busy: list[Edge | None] = []
    lanes: list[int] = []
    edges: list[Edge] = []
    for row, node in enumerate(nodes):
        ending = [lane for lane, edge in enumerate(busy) if edge and edge.end == row]
        lane = ending[0] if ending else _free(busy, 0, without=lanes[-1] if lanes else None)
        lanes.append(lane)
        # What ends here is not used again in the same row, but for the node's own lane: it would look connected.
        _take(busy, lane, None)
        down = (edge for edge in _edges(node, row, rows) if edge.end > row)
        for edge in sorted(down, key=lambda edge: (edge.dashed, edge.end)):
            own = lane if busy[lane] is None else _free(busy, lane + 1)
            edges.append(edge._replace(lane=own))
            _take(busy, own, edges[-1])
        for ended in ending[1:]:
            busy[ended] = None
    back = [edge for row, node in enumerate(nodes) for edge in _edges(node, row, rows) if edge.end <= row]
    edges += [edge._replace(lane=len(busy) + number) for number, edge in enumerate(back)]
    return Layout(tuple(lanes), tuple(edges), len(busy) + len(back))


def _edges(node: Entry, row: int, rows: dict[str, int]) -> Iterable[Edge]:
    for dashed, parents in ((False, node.parents), (True, node.depends_on)):
        for parent in parents:
            if parent in rows:
                yield Edge(node.id, parent, dashed, -1, row, rows[parent])


def _free(busy: Sequence[Edge | None], start: int, without: int | None = None) -> int:
    """Return the first free lane; `without` the one of the node right above, which would look like a child."""
    lanes = (lane for lane in range(start, max(start, len(busy)) + 2) if lane >= len(busy) or not busy[lane])
    return next(lane for lane in lanes if lane != without)


def _take(busy: list[Edge | None], lane: int, edge: Edge | None) -> None:
    while len(busy) <= lane:
        busy.append(None)
    busy[lane] = edge
