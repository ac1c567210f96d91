"""Picture → Mermaid, Graphviz or JSON: for other programs to draw or read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..messages.message import Message
from .captions import caption, clean, details
from .picture import BORROWED, ELSEWHERE, GIT, NOWHERE, OWN
from .text import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .captions import Phrase
    from .picture import Entry, Item, Picture

# place → Mermaid's brackets, Graphviz's shape, and the colours that both take: filling, border
SHAPES = {
    OWN: ("([", "])", "box"),
    BORROWED: ("{{", "}}", "note"),
    ELSEWHERE: ("[", "]", "component"),
    GIT: ("[/", "\\]", "folder"),
    NOWHERE: ("((", "))", "octagon"),
}
FOLD = ("[[", "]]", "box3d")
COLOURS = {
    OWN: ("#d7f0ea", "#1f7a8c"),
    BORROWED: ("#ffeccf", "#9a6700"),
    ELSEWHERE: ("#e7e3fb", "#8250df"),
    GIT: ("#ffe3e4", "#b3202c"),
    NOWHERE: ("#ffe3e4", "#b3202c"),
}


def draw_mermaid(picture: Picture, entries: Sequence[Entry], phrase: Phrase) -> str:
    """Return the picture as a Mermaid flowchart."""
    names = {entry.id: f"n{number}" for number, entry in enumerate(entries)}
    lines = ["flowchart TD"]
    for entry in entries:
        opening, closing, _ = _shape(entry)
        label = "<br/>".join(map(_mermaid, _label(entry, picture, phrase)))
        lines.append(f'  {names[entry.id]}{opening}"{label}"{closing}:::{_class(entry)}')
    for child, parent, dashed in _edges(entries):
        lines.append(f"  {names[child]} {'-.->' if dashed else '-->'} {names[parent]}")
    for place, (fill, border) in COLOURS.items():
        lines.append(f"  classDef {place} fill:{fill},stroke:{border},color:#1f2328")
        lines.append(
            f"  classDef {place}Open fill:#ffffff,stroke:{border},color:#1f2328,stroke-dasharray:4 3"
        )
    return "\n".join(lines) + "\n"


def _shape(entry: Entry) -> tuple[str, str, str]:
    return FOLD if len(entry.items) > 1 else SHAPES[entry.first.place]


def _class(entry: Entry) -> str:
    return entry.first.place + ("Open" if entry.first.applied is False else "")


def _label(entry: Entry, picture: Picture, phrase: Phrase) -> list[str]:
    words = caption(entry, picture, phrase)
    refs = f"({', '.join(words.refs)})" if words.refs else ""
    return [line for line in (f"{words.id} {refs}".strip(), words.message, "; ".join(words.tags)) if line]


def _mermaid(text: str) -> str:
    """Write what is not plain as Mermaid's entities, which stand for characters by number and end nothing."""
    return re.sub(r"[^\w ,.;:…–-]", lambda match: f"#{ord(match[0])};", text.replace(";", ","))


def draw_dot(picture: Picture, entries: Sequence[Entry], phrase: Phrase) -> str:
    """Return the picture for Graphviz: `dot -Tsvg`."""
    names = {entry.id: f"n{number}" for number, entry in enumerate(entries)}
    lines = [
        "digraph migrations {",
        '  graph [rankdir=TB, bgcolor=transparent, ranksep=0.3, fontname="sans-serif"]',
        '  node [fontname="monospace", fontsize=10, style=filled, margin="0.15,0.06"]',
        '  edge [color="#57606a", arrowsize=0.7]',
    ]
    for entry in entries:
        fill, border = COLOURS[entry.first.place]
        hollow = entry.first.applied is False
        about = {
            "label": "\\n".join(map(_dot, _label(entry, picture, phrase))),
            "tooltip": "\\n".join(map(_dot, details(entry.first, phrase))),
            "shape": _shape(entry)[2],
            "style": "dashed" if hollow else "filled",
            "fillcolor": fill,
            "color": border,
        }
        pairs = ", ".join(f'{key}="{value}"' for key, value in about.items())
        lines.append(f"  {names[entry.id]} [{pairs}]")
    for child, parent, dashed in _edges(entries):
        lines.append(f"  {names[child]} -> {names[parent]}{' [style=dashed]' if dashed else ''}")
    return "\n".join([*lines, "}", ""])


def _dot(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _edges(entries: Sequence[Entry]) -> Iterator[tuple[str, str, bool]]:
    """Yield (child, parent, whether it only depends on it), by the ids of the entries."""
    known = {entry.id for entry in entries}
    for node in nodes(entries):
        for dashed, parents in ((False, node.solid), (True, node.dashed)):
            yield from ((node.id, parent, dashed) for parent in parents if parent in known)


def document(picture: Picture, phrase: Phrase) -> dict[str, object]:
    """Return the picture as a JSON document, with every revision, the newest first."""
    return {
        "title": phrase(Message("graph-title", {"checkout": clean(picture.checkouts[0])})),
        "here": picture.here,
        "checkouts": list(picture.checkouts),
        "databases": list(picture.databases),
        "revisions": [_item(item) for item in picture.items],
    }


def _item(item: Item) -> dict[str, object]:
    return {
        "revision": item.id,
        "message": item.message,
        "down_revision": list(item.parents),
        "depends_on": list(item.depends_on),
        "branch_labels": list(item.labels),
        "place": item.place,
        "owners": list(item.owners),
        "borrowers": list(item.borrowers),
        "origin": item.origin,
        "applied": item.applied,
        "database_head": item.row,
        "head_of": list(item.tips),
    }
