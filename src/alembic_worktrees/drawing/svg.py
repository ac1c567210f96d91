"""Picture → SVG: one file, readable in light and dark."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from ..messages import Message, _
from ..messages.quoting import columns
from .captions import caption, clean
from .lanes import lay_out
from .picture import BORROWED, ELSEWHERE, GIT, NOWHERE, OWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .captions import Caption, Phrase
    from .lanes import Edge, Layout
    from .picture import Entry, Item, Picture

ROW, LANE, LEFT, TOP = 28, 20, 24, 72  # pixels
LETTER = 7.3  # the width of a letter of the text, at 12 pixels in a font of fixed width
BEND = 20  # the height of a bend

FONTS = """
.awt text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.awt .title{font:600 17px system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.awt .about{font:13px system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.awt .id,.awt .ref text{font-weight:600}.awt .fold text{font-style:italic}
.awt .edge{fill:none;stroke-width:2;stroke-linecap:round}.awt .depends{stroke-dasharray:1 5;stroke-width:2.4}
.awt .node{stroke-width:2.4}
"""
INKS = Template("""\
.awt .paper,.awt .open{fill:$paper}.awt text{fill:$ink}.awt .about,.awt .fold text,.awt .tag text{fill:$faint}
.awt .tag rect{fill:$pill}.awt .ref rect{fill:$refs}.awt .ref text{fill:$ref}
.awt .warn rect{fill:$warns}.awt .warn text{fill:$warn}.awt .bad rect{fill:$bads}.awt .bad text{fill:$bad}
""")
LIGHT = {"paper": "#ffffff", "ink": "#1f2328", "faint": "#636c76", "pill": "#eaeef2", "ref": "#0b5cad"}
LIGHT |= {"refs": "#dcebfb", "warn": "#8a4600", "warns": "#ffeccf", "bad": "#b3202c", "bads": "#ffe3e4"}
DARK = {"paper": "#0f141a", "ink": "#e6edf3", "faint": "#9aa4af", "pill": "#252d37", "ref": "#8cc2ff"}
DARK |= {"refs": "#12345a", "warn": "#f2b866", "warns": "#40300f", "bad": "#ff9a9a", "bads": "#4b1a20"}
LIGHT_LANES = ("#1f7a8c", "#8250df", "#bc4c00", "#1a7f37", "#bf3989", "#0969da", "#9a6700", "#57606a")
DARK_LANES = ("#4cc3d9", "#b392f0", "#f0883e", "#56d364", "#f778ba", "#6cb6ff", "#e3b341", "#9aa4af")

SHAPES = {
    OWN: '<circle r="6"/>',
    BORROWED: '<path d="M0 -8L8 0L0 8L-8 0Z"/>',
    ELSEWHERE: '<rect x="-5.5" y="-5.5" width="11" height="11" rx="1.5"/>',
    GIT: '<path d="M0 -7L7 5L-7 5Z"/>',
    NOWHERE: '<path d="M-6 -6L6 6M6 -6L-6 6"/>',
}
FOLD = '<rect x="-5" y="-11" width="10" height="22" rx="5"/><path d="M0 -6V-4M0 -1V1M0 4V6"/>'


def draw(picture: Picture, entries: Sequence[Entry], phrase: Phrase) -> str:
    """Return the picture as a whole SVG file."""
    layout = lay_out(entries)
    rows = [_row(entry, picture, layout, row, phrase) for row, entry in enumerate(entries)]
    title = clean(phrase(Message(_("Migrations of {checkout}"), {"checkout": clean(picture.checkouts[0])})))
    about = clean(_about(picture, phrase))
    right = max([end for _drawn, end in rows] + [LEFT + len(title) * 10.5, LEFT + len(about) * 7.6])
    width, height = int(right) + 24, TOP + len(entries) * ROW + 24
    # Those that reach far below come first, so that short ones stay whole.
    edges = sorted(layout.edges, key=lambda edge: edge.start - edge.end)
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" class="awt" role="img" aria-labelledby="awt-t" '
            f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
            f'<title id="awt-t">{escape(title)}</title>',
            f"<style>{FONTS}{_inks(LIGHT, LIGHT_LANES)}",
            f"@media (prefers-color-scheme:dark){{{_inks(DARK, DARK_LANES)}}}</style>",
            f'<rect class="paper" width="{width}" height="{height}"/>',
            f'<text class="title" x="{LEFT - 6}" y="30">{escape(title)}</text>',
            f'<text class="about" x="{LEFT - 6}" y="52">{escape(about)}</text>',
            *(_line(edge, layout) for edge in edges),
            *(drawn for drawn, _end in rows),
            "</svg>",
            "",
        ]
    )


def _inks(inks: dict[str, str], lanes: Sequence[str]) -> str:
    of_lanes = (f".awt .s{n}{{stroke:{ink}}}.awt .f{n}{{fill:{ink}}}" for n, ink in enumerate(lanes))
    return INKS.substitute(inks) + "".join(of_lanes)


def _about(picture: Picture, phrase: Phrase) -> str:
    names = tuple(map(clean, picture.databases))
    database = Message(_("database not asked"))
    if names:
        database = Message(_("database {databases:list}"), {"databases": names})
    here = Message(_("seen from {checkout}"), {"checkout": clean(picture.here)})
    return f"{phrase(here)} · {phrase(database)}"


def _x(lane: int) -> int:
    return LEFT + lane * LANE


def _y(row: int) -> int:
    return TOP + ROW // 2 + row * ROW


def _colour(lane: int) -> int:
    return lane % len(LIGHT_LANES)


def _line(edge: Edge, layout: Layout) -> str:
    """Draw a line: from the child, with a bend into its lane, down, with a bend to the parent."""
    x, start, end = _x(edge.lane), _y(edge.start), _y(edge.end)
    child, parent = _x(layout.lanes[edge.start]), _x(layout.lanes[edge.end])
    turn = min(BEND, abs(end - start) // max((x != child) + (x != parent), 1)) * (1 if end > start else -1)
    first = "" if x == child else _bend(child, start, x, start + turn)
    last = "" if x == parent else _bend(x, end - turn, parent, end)
    way = f"M{child} {start}{first}L{x} {end - turn if last else end}{last}"
    return f'<path class="edge s{_colour(edge.lane)}{" depends" if edge.dashed else ""}" d="{way}"/>'


def _bend(x: int, y: int, to_x: int, to_y: int) -> str:
    middle = (y + to_y) / 2
    return f"C{x} {middle:g} {to_x} {middle:g} {to_x} {to_y}"


def _row(entry: Entry, picture: Picture, layout: Layout, row: int, phrase: Phrase) -> tuple[str, float]:
    """Draw a node and its words, and say where the words end; a fold has what it folds as a tooltip."""
    said, end = _words(caption(entry, picture, phrase), layout, _urgency(entry.first))
    lane = layout.lanes[row]
    shape, hollow, style, tooltip = SHAPES[entry.first.whereabouts], entry.first.applied is False, "row", ""
    if len(entry.items) > 1:
        shape, hollow, style = FOLD, True, "row fold"
        folded = "\n".join(f"{clean(item.id)}  {clean(item.message)}" for item in entry.items)
        tooltip = f"<title>{escape(folded)}</title>"
    fill = "open" if hollow else f"f{_colour(lane)}"
    node = f'<g class="node {fill} s{_colour(lane)}" transform="translate({_x(lane)})">{shape}</g>'
    return f'<g class="{style}" transform="translate(0 {_y(row)})">{tooltip}{node}{said}</g>', end


def _urgency(item: Item) -> str:
    if item.whereabouts == OWN and item.applied is not False:
        return "tag"
    return "bad" if item.whereabouts not in (OWN, BORROWED) and item.applied else "warn"


def _words(words: Caption, layout: Layout, style: str) -> tuple[str, float]:
    x = float(LEFT + layout.width * LANE + 8)
    drawn = []
    for kind, text in _pieces(words, style):
        width = columns(text) * LETTER
        if kind in ("id", "message"):
            drawn.append(f'<text class="{kind}" x="{x:g}" y="4">{escape(text)}</text>')
            x += width + 10
        else:
            drawn.append(
                f'<g class="{kind}"><rect x="{x:g}" y="-10" width="{width + 14:g}" height="19" rx="9.5"/>'
                f'<text x="{x + 7:g}" y="4">{escape(text)}</text></g>'
            )
            x += width + 20
    return "".join(drawn), x


def _pieces(words: Caption, style: str) -> Iterator[tuple[str, str]]:
    yield "id", words.id
    yield from (("ref", text) for text in words.refs)
    if words.message:
        yield "message", words.message
    yield from ((style, text) for text in words.tags)
