"""Picture → SVG: one file, readable in light and dark."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

from ..messages import Message, _
from ..messages.quoting import columns
from .captions import caption, clean
from .lanes import Layout, lay_out
from .picture import BORROWED, ELSEWHERE, GIT, OWN
from .text import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .captions import Caption, Phrase
    from .lanes import Edge
    from .picture import Entry, Item, Picture

ROW, LANE, LEFT, TOP = 28, 20, 24, 72  # pixels
RADIUS = 6
LETTER = 7.3  # the width of a letter of the text, at 12 pixels in a font of fixed width
BEND = 20  # the height of a bend
COLOURS = 8

STYLE = """
.awt{--paper:#ffffff;--ink:#1f2328;--faint:#636c76;--pill:#eaeef2;--ref:#0b5cad;--refs:#dcebfb;
--warn:#8a4600;--warns:#ffeccf;--bad:#b3202c;--bads:#ffe3e4;
--c0:#1f7a8c;--c1:#8250df;--c2:#bc4c00;--c3:#1a7f37;--c4:#bf3989;--c5:#0969da;--c6:#9a6700;--c7:#57606a}
@media (prefers-color-scheme:dark){.awt{--paper:#0f141a;--ink:#e6edf3;--faint:#9aa4af;--pill:#252d37;
--ref:#8cc2ff;--refs:#12345a;--warn:#f2b866;--warns:#40300f;--bad:#ff9a9a;--bads:#4b1a20;
--c0:#4cc3d9;--c1:#b392f0;--c2:#f0883e;--c3:#56d364;--c4:#f778ba;--c5:#6cb6ff;--c6:#e3b341;--c7:#9aa4af}}
.awt text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:var(--ink)}
.awt .title{font:600 17px system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.awt .about{font:13px system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:var(--faint)}
.awt .paper{fill:var(--paper)}
.awt .id{font-weight:600}.awt .message{fill:var(--ink)}.awt .fold text{fill:var(--faint);font-style:italic}
.awt .edge{fill:none;stroke-width:2;stroke-linecap:round}.awt .depends{stroke-dasharray:1 5;stroke-width:2.4}
.awt .node{stroke-width:2.4}.awt .open{fill:var(--paper)}
.awt .pill{fill:var(--pill)}.awt .on-pill{fill:var(--faint)}
.awt .ref .pill{fill:var(--refs)}.awt .ref .on-pill{fill:var(--ref);font-weight:600}
.awt .warn .pill{fill:var(--warns)}.awt .warn .on-pill{fill:var(--warn)}
.awt .bad .pill{fill:var(--bads)}.awt .bad .on-pill{fill:var(--bad)}
""" + "".join(
    f".awt .s{number}{{stroke:var(--c{number})}}.awt .f{number}{{fill:var(--c{number})}}\n"
    for number in range(COLOURS)
)


def _literal_first(style: str) -> str:
    """Put the light colour before each variable: who draws outside a browser knows none, and would draw in black."""
    light: dict[str, str] = {}
    for name, colour in re.findall(r"--(\w+):(#\w+)", style):
        light.setdefault(name, colour)
    return re.sub(r"(\w+):var\(--(\w+)\)", lambda found: f"{found[1]}:{light[found[2]]};{found[0]}", style)


class Page(NamedTuple):
    """How the picture lies on its paper."""

    picture: Picture
    entries: Sequence[Entry]
    layout: Layout
    phrase: Phrase

    @property
    def text_left(self) -> int:
        """Where the words begin."""
        return LEFT + self.layout.width * LANE + 8

    def x(self, lane: int) -> int:
        """Return the middle of a lane."""
        return LEFT + lane * LANE

    def y(self, row: int) -> int:
        """Return the middle of a row."""
        return TOP + ROW // 2 + row * ROW


def draw(picture: Picture, entries: Sequence[Entry], phrase: Phrase) -> str:
    """Return the picture as a whole SVG file."""
    page = Page(picture, entries, lay_out(nodes(entries)), phrase)
    rows = [_row(page, row) for row in range(len(entries))]
    about = _about(page)
    title = phrase(Message(_("Migrations of {checkout}"), {"checkout": clean(picture.checkouts[0])}))
    right = max([end for _, end in rows] + [LEFT + len(title) * 10.5, LEFT + len(about) * 7.6])
    width, height = int(right) + 24, TOP + len(entries) * ROW + 24
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" class="awt" role="img" aria-labelledby="awt-t" '
            f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
            f'<title id="awt-t">{_text(title)}</title>',
            f"<style>{_literal_first(STYLE)}</style>",
            f'<rect class="paper" width="{width}" height="{height}"/>',
            f'<text class="title" x="{LEFT - 6}" y="30">{_text(title)}</text>',
            f'<text class="about" x="{LEFT - 6}" y="52">{_text(about)}</text>',
            *(f'<path class="edge {_style(edge)}" d="{_path(page, edge)}"/>' for edge in _edges(page)),
            *(words for words, _ in rows),
            "</svg>",
            "",
        ]
    )


def _about(page: Page) -> str:
    picture, phrase = page.picture, page.phrase
    names = tuple(map(clean, picture.databases))
    database = (
        Message(_("database {databases:list}"), {"databases": names})
        if names
        else Message(_("database not asked"))
    )
    return " · ".join(
        [phrase(Message(_("seen from {checkout}"), {"checkout": clean(picture.here)})), phrase(database)]
    )


def _text(text: str) -> str:
    return escape(clean(text))


# Lines


def _edges(page: Page) -> list[Edge]:
    """Return the lines in the order of drawing: those that reach far below, so that short ones stay whole."""
    return sorted(page.layout.edges, key=lambda edge: edge.start - edge.end)


def _style(edge: Edge) -> str:
    return f"s{edge.lane % COLOURS}{' depends' if edge.dashed else ''}"


def _path(page: Page, edge: Edge) -> str:
    """Return the way of a line: from the child, with a bend into its lane, down, with a bend to the parent."""
    x = page.x(edge.lane)
    start = (page.x(page.layout.lanes[edge.start]), page.y(edge.start))
    end = (page.x(page.layout.lanes[edge.end]), page.y(edge.end))
    if edge.start == edge.end:  # it follows itself
        return f"M{start[0]} {start[1]}C{x + 8} {start[1] - 22} {x + 8} {start[1] + 22} {start[0]} {start[1]}"
    bends = (x != start[0]) + (x != end[0])
    turn = min(BEND, abs(end[1] - start[1]) // max(bends, 1)) * (1 if end[1] > start[1] else -1)
    leave, arrive = start[1] + turn, end[1] - turn
    first = "" if x == start[0] else _bend(start, (x, leave))
    last = "" if x == end[0] else _bend((x, arrive), end)
    return f"M{start[0]} {start[1]}{first}L{x} {arrive if last else end[1]}{last}"


def _bend(start: tuple[int, int], end: tuple[int, int]) -> str:
    middle = (start[1] + end[1]) / 2
    return f"C{start[0]} {middle:g} {end[0]} {middle:g} {end[0]} {end[1]}"


# Nodes and words


def _row(page: Page, row: int) -> tuple[str, float]:
    """Return the node of a row and its words, and where the words end; of a fold, with what it folds as a tooltip."""
    entry = page.entries[row]
    said, end = _words(page, caption(entry, page.picture, page.phrase), row)
    drawn = f"{''.join(_node(page, row, entry))}{said}</g>"
    if len(entry.items) == 1:
        return f'<g class="row">{drawn}', end
    folded = escape("\n".join(f"{clean(item.id)}  {clean(item.message)}" for item in entry.items))
    return f'<g class="row fold"><title>{folded}</title>{drawn}', end


def _node(page: Page, row: int, entry: Entry) -> Iterator[str]:
    lane = page.layout.lanes[row]
    x, y, colour = page.x(lane), page.y(row), lane % COLOURS
    if len(entry.items) > 1:
        yield f'<rect class="node open s{colour}" x="{x - 5}" y="{y - 11}" width="10" height="22" rx="5"/>'
        yield from (f'<circle class="f{colour}" cx="{x}" cy="{y + dy}" r="1.6"/>' for dy in (-5, 0, 5))
        return
    fill = "open" if entry.first.applied is False else f"f{colour}"
    yield _shape(entry.first, x, y).replace("/>", f' class="node {fill} s{colour}"/>')


def _shape(item: Item, x: int, y: int) -> str:
    r = RADIUS
    if item.place == OWN:
        return f'<circle cx="{x}" cy="{y}" r="{r}"/>'
    if item.place == BORROWED:
        return f'<path d="M{x} {y - r - 2}L{x + r + 2} {y}L{x} {y + r + 2}L{x - r - 2} {y}Z"/>'
    if item.place == ELSEWHERE:
        return (
            f'<rect x="{x - r + 0.5}" y="{y - r + 0.5}" width="{2 * r - 1}" height="{2 * r - 1}" rx="1.5"/>'
        )
    if item.place == GIT:
        return f'<path d="M{x} {y - r - 1}L{x + r + 1} {y + r - 1}L{x - r - 1} {y + r - 1}Z"/>'
    return f'<path d="M{x - r} {y - r}L{x + r} {y + r}M{x + r} {y - r}L{x - r} {y + r}"/>'


def _words(page: Page, words: Caption, row: int) -> tuple[str, float]:
    x, y = float(page.text_left), page.y(row) + 4
    pieces = []
    for kind, texts in (("id", (words.id,)), ("ref", words.refs), ("message", (words.message,))):
        for text in filter(None, texts):
            piece, x = _pill(text, x, y, kind) if kind == "ref" else _plain(text, x, y, kind)
            pieces.append(piece)
    style = _urgency(page.entries[row].first)
    for tag in words.tags:
        piece, x = _pill(tag, x, y, style)
        pieces.append(piece)
    return "".join(pieces), x


def _urgency(item: Item) -> str:
    if item.place == OWN and item.applied is not False:
        return "tag"
    return "bad" if item.place not in (OWN, BORROWED) and item.applied else "warn"


def _plain(text: str, x: float, y: int, kind: str) -> tuple[str, float]:
    return f'<text class="{kind}" x="{x:g}" y="{y}">{escape(text)}</text>', x + columns(text) * LETTER + 10


def _pill(text: str, x: float, y: int, kind: str) -> tuple[str, float]:
    width = columns(text) * LETTER + 14
    piece = (
        f'<g class="{kind}"><rect class="pill" x="{x:g}" y="{y - 14}" width="{width:g}" height="19" rx="9.5"/>'
        f'<text class="on-pill" x="{x + 7:g}" y="{y}">{escape(text)}</text></g>'
    )
    return piece, x + width + 6
