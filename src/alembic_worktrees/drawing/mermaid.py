"""Picture → Mermaid: a text that a pull request shows as a picture."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .captions import caption
from .picture import BORROWED, ELSEWHERE, GIT, NOWHERE, OWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .captions import Phrase
    from .picture import Entry, Picture

FOLD = ("[[", "]]")
# whereabouts → the brackets that give a node its shape, its filling and its border
STYLES = {
    OWN: ("([", "])", "#d7f0ea", "#1f7a8c"),
    BORROWED: ("{{", "}}", "#ffeccf", "#9a6700"),
    ELSEWHERE: ("[", "]", "#e7e3fb", "#8250df"),
    GIT: ("[/", "\\]", "#ffe3e4", "#b3202c"),
    NOWHERE: ("((", "))", "#ffe3e4", "#b3202c"),
}


def draw(picture: Picture, entries: Sequence[Entry], phrase: Phrase) -> str:
    """Return the picture as a Mermaid flowchart."""
    names = {entry.id: f"n{number}" for number, entry in enumerate(entries)}
    lines = ["flowchart TD"]
    for entry in entries:
        opening, closing = FOLD if len(entry.items) > 1 else STYLES[entry.first.whereabouts][:2]
        style = entry.first.whereabouts + ("Open" if entry.first.applied is False else "")
        lines.append(f'  {names[entry.id]}{opening}"{_label(entry, picture, phrase)}"{closing}:::{style}')
        for arrow, parents in (("-->", entry.parents), ("-.->", entry.depends_on)):
            lines += [f"  {names[entry.id]} {arrow} {names[one]}" for one in parents if one in names]
    for whereabouts, (_, _, fill, border) in STYLES.items():
        drawn = f"stroke:{border},color:#1f2328"
        lines.append(f"  classDef {whereabouts} fill:{fill},{drawn}")
        lines.append(f"  classDef {whereabouts}Open fill:#ffffff,{drawn},stroke-dasharray:4 3")
    return "\n".join(lines) + "\n"


def _label(entry: Entry, picture: Picture, phrase: Phrase) -> str:
    words = caption(entry, picture, phrase)
    said = (f"{words.id} {words.shown_refs}".strip(), words.message, "; ".join(words.tags))
    return "<br/>".join(_escaped(line) for line in said if line)


def _escaped(text: str) -> str:
    """Write what is not plain as Mermaid's entities, which stand for characters by number and end nothing."""
    return re.sub(r"[^\w ,.:;…–-]", lambda match: f"#{ord(match[0])};", text.replace(";", ","))
