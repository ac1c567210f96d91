"""Picture → HTML: one page, with nothing to load: the SVG, a legend, and all revisions as a table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from ..messages.message import Message
from .captions import clean, details, legend
from .svg import element

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .captions import Phrase
    from .picture import Entry, Item, Picture

STYLE = """
:root{color-scheme:light dark}
body{margin:0;background:#fff;color:#1f2328;font:14px/1.5 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{padding:8px 16px 40px}.picture{overflow-x:auto}svg{display:block;max-width:none}
.legend{display:flex;flex-wrap:wrap;gap:6px 20px;list-style:none;margin:8px 0 16px;padding:0 2px;color:#636c76}
.legend b{display:inline-block;min-width:1.4em;color:#1f7a8c;font-weight:400}
summary{cursor:pointer;padding:6px 2px;font-weight:600}
table{border-collapse:collapse;font-size:13px}th,td{text-align:left;vertical-align:top;padding:4px 16px 4px 2px}
tr{border-bottom:1px solid #d8dee4}td:first-child{font-family:ui-monospace,Menlo,Consolas,monospace}
@media (prefers-color-scheme:dark){body{background:#0f141a;color:#e6edf3}.legend{color:#9aa4af}
.legend b{color:#4cc3d9}tr{border-color:#2b333d}}
"""


def draw(picture: Picture, entries: Sequence[Entry], phrase: Phrase) -> str:
    """Return the picture as a whole page."""
    title = escape(phrase(Message("graph-title", {"checkout": clean(picture.checkouts[0])})))
    signs = [*legend(picture, entries, phrase), ("┊", phrase(Message("legend-depends")))]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="{phrase(Message("language"))}">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            "<main>",
            f'<div class="picture">{element(picture, entries, phrase)}</div>',
            '<ul class="legend">',
            *(f"<li><b>{sign}</b>{escape(words)}</li>" for sign, words in signs),
            "</ul>",
            f"<details><summary>{escape(phrase(Message('graph-as-table')))}</summary>",
            "<table>",
            _header(phrase),
            *(_row(item, phrase) for item in picture.items),
            "</table>",
            "</details>",
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _header(phrase: Phrase) -> str:
    names = (phrase(Message(f"graph-column-{name}")) for name in ("revision", "message", "about"))
    return "<tr>" + "".join(f'<th scope="col">{escape(name)}</th>' for name in names) + "</tr>"


def _row(item: Item, phrase: Phrase) -> str:
    facts = details(item, phrase)[2 if item.message else 1 :]
    cells = (clean(item.id), clean(item.message), "; ".join(facts))
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
