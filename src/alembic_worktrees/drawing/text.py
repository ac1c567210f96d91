"""Picture → lines for a terminal, as `git log --graph` draws history: the newest first, a line for each node."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from ..messages.quoting import coloured, columns
from .captions import caption, legend, mark
from .lanes import Layout, lay_out

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .captions import Caption, Phrase
    from .lanes import Edge
    from .picture import Entry, Picture

COLOURS = (32, 34, 35, 36, 33, 31)  # of lanes
ALIGNED = 16  # text beside a wider graph begins where the graph ends
FOLDED = "┋"


class Cell(NamedTuple):
    """A character of the drawing, and the lane that gives it its colour."""

    sign: str
    lane: int


def draw(
    picture: Picture,
    entries: Sequence[Entry],
    phrase: Phrase,
    *,
    colour: bool = False,
    width: int | None = None,
) -> str:
    """Return the picture as text; with `width`, no line is longer."""
    paint = coloured if colour else lambda _style, text: text
    signs = [FOLDED if len(entry.items) > 1 else mark(entry.first) for entry in entries]
    graph = _rows(lay_out(entries), signs)
    indent = min(ALIGNED, max((len(cells) for cells in graph), default=0))
    lines = []
    for entry, cells in zip(entries, graph, strict=True):
        drawn = "".join(paint(str(COLOURS[lane % len(COLOURS)]), sign) for sign, lane in cells)
        used = max(len(cells), indent)
        words = _words(caption(entry, picture, phrase), paint, (width or sys.maxsize) - used)
        lines.append(f"{drawn}{' ' * (used - len(cells))}{words}")
    meanings = "   ".join(f"{sign} {words}" for sign, words in legend(entries, phrase).items())
    return "".join(line.rstrip() + "\n" for line in [*lines, "", paint("2", meanings)]) if lines else ""


def _rows(layout: Layout, signs: Sequence[str]) -> list[list[Cell]]:
    """Draw each row: the sign of the node, the lines that pass, and the lines that begin or end at the node."""
    rows = [[Cell(" ", 0)] * (2 * layout.width) for _ in layout.lanes]
    for edge in layout.edges:
        low, high = sorted((edge.start, edge.end))
        for row in range(low + 1, high):
            rows[row][2 * edge.lane] = Cell("┊" if edge.dashed else "│", edge.lane)
    ends = [(layout.lanes[row], row, edge) for edge in layout.edges for row in {edge.start, edge.end}]
    for here, row, edge in sorted(ends, key=lambda end: -abs(end[2].lane - end[0])):  # the longest first
        if edge.lane != here:
            _reach(rows[row], edge, row, here)
    for here, sign, cells in zip(layout.lanes, signs, rows, strict=True):
        cells[2 * here] = Cell(sign, here)
        while cells[-1].sign == " ":
            cells.pop()
        cells.append(Cell(" ", 0))
    return rows


def _reach(cells: list[Cell], edge: Edge, row: int, here: int) -> None:
    """Draw the line from the node to the lane of an edge that begins or ends in this row."""
    step = 1 if edge.lane > here else -1
    for column in range(2 * here + step, 2 * edge.lane, step):
        if cells[column].sign in " ─┄":
            cells[column] = Cell("┄" if edge.dashed else "─", edge.lane)
    crossed = cells[2 * edge.lane].sign in "─┄"  # by a line that reaches further
    cells[2 * edge.lane] = Cell(_corner(edge, row, crossed=crossed, right=step > 0), edge.lane)


def _corner(edge: Edge, row: int, *, crossed: bool, right: bool) -> str:
    if edge.start == edge.end:
        return "↺"
    signs = ("┬┬" if crossed else "╭╮") if row == min(edge.start, edge.end) else ("┴┴" if crossed else "╰╯")
    return signs[right]


def _words(words: Caption, paint: Callable[[str, str], str], room: int) -> str:
    """Put a caption into so many columns; the message gives way first."""
    tags = f"[{'; '.join(words.tags)}]" if words.tags else ""
    others = sum(columns(text) + 1 for text in (words.id, words.shown_refs, tags))
    message = fit(words.message, max(room - others, 8))
    said = []
    for style, text in (("33", words.id), ("1;36", words.shown_refs), ("", message), ("2", tags)):
        shown = fit(text, room)
        room -= columns(shown) + 1
        said.append(paint(style, shown))
    return " ".join(filter(None, said))


def fit(text: str, room: int) -> str:
    """Return `text`, cut with an ellipsis if it needs more columns than there are."""
    if columns(text) <= room:
        return text
    while text and columns(text) > room - 1:
        text = text[:-1]
    return f"{text}…" if room > 0 else ""
