"""What stands beside a node, in the user's language: the same words in every format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ..messages import Message, _, _n
from ..messages.quoting import one_line
from .picture import BORROWED, ELSEWHERE, GIT, NOWHERE, OWN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .picture import Entry, Item, Picture

    Phrase = Callable[[Message], str]

SHOWN = 3  # names in one caption; the others are counted
# A node's mark, hollow if it is not applied, and what the mark means.
MARKS = {
    OWN: ("●", "○", _("here")),
    BORROWED: ("◆", "◇", _("borrowed here")),
    ELSEWHERE: ("■", "□", _("in other checkouts")),
    GIT: ("▲", "△", _("only in git")),
    NOWHERE: ("✖", "✖", _("nowhere")),
}
NOT_APPLIED = Message(_("not applied"))


class Caption(NamedTuple):
    """The words for one node. `refs` are what points at it: the database, checkouts."""

    id: str
    refs: tuple[str, ...]
    message: str
    tags: tuple[str, ...]

    @property
    def shown_refs(self) -> str:
        """What points at it, in parentheses."""
        return f"({', '.join(self.refs)})" if self.refs else ""


def clean(text: str) -> str:
    """Return `text` in one line, without what steers a terminal and what no XML may hold."""
    return re.sub("[\ud800-\udfff\ufffe\uffff]", "\ufffd", one_line(text))


def caption(entry: Entry, picture: Picture, phrase: Phrase) -> Caption:
    """Return the words for a node."""
    item = entry.first
    said = [_where(item, picture, phrase)]
    said += [phrase(Message(_("label {label}"), {"label": clean(label)})) for label in item.labels]
    if item.applied is False and item.whereabouts != NOWHERE:
        said.append(phrase(NOT_APPLIED))
    if item.abandoned:
        said.append(phrase(Message(_("abandoned, last seen on {since}"), {"since": item.abandoned})))
    elif item.abandoned is not None:
        said.append(phrase(Message(_("abandoned"))))
    tags = tuple(filter(None, said))
    if len(entry.items) > 1:
        folded = phrase(_n("… {n} revision …", "… {n} revisions …", len(entry.items)))
        return Caption(folded, (), "", tags)
    refs = (phrase(Message(_("database"))) if item.row else "", _names(item.tips, phrase))
    return Caption(clean(item.id), tuple(filter(None, refs)), clean(item.message), tags)


def _where(item: Item, picture: Picture, phrase: Phrase) -> str:
    """Say who has it, where that is not everybody."""
    if item.whereabouts == OWN and set(item.owners) >= set(picture.checkouts):
        return ""
    others = tuple(name for name in item.owners if name != picture.here)
    texts = {
        OWN: _("here and in {names}") if others else _("only here"),
        BORROWED: _("borrowed from {origin}"),
        ELSEWHERE: _("not here, in {names}") if others else _("only borrowed by {names}"),
        GIT: _("only in git: {origin}"),
        NOWHERE: MARKS[NOWHERE][2],
    }
    about = {"names": _names(others or item.borrowers, phrase), "origin": clean(item.origin or "")}
    return phrase(Message(texts[item.whereabouts], about))


def _names(names: Sequence[str], phrase: Phrase) -> str:
    shown = ", ".join(map(clean, names[:SHOWN]))
    if not names[SHOWN:]:
        return shown
    more = _n("{names} and {n} other", "{names} and {n} others", len(names[SHOWN:]), {"names": shown})
    return phrase(more)


def mark(item: Item) -> str:
    """Return the sign for a revision."""
    return MARKS[item.whereabouts][item.applied is False]


def legend(entries: Sequence[Entry], phrase: Phrase) -> dict[str, str]:
    """Return what each sign means that is used."""
    used = {mark(entry.first) for entry in entries}
    meanings: dict[str, str] = {}
    for solid, hollow, meaning in MARKS.values():
        meanings[solid] = phrase(Message(meaning))
        meanings.setdefault(hollow, f"{meanings[solid]}, {phrase(NOT_APPLIED)}")
    return {sign: said for sign, said in meanings.items() if sign in used}
