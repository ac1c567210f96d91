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
# A node's mark: whether the database has it, and where it is; hollow is not applied.
MARKS = {
    OWN: ("●", "○"),
    BORROWED: ("◆", "◇"),
    ELSEWHERE: ("■", "□"),
    GIT: ("▲", "△"),
    NOWHERE: ("✖", "✖"),
}
MEANINGS = {
    OWN: _("here"),
    BORROWED: _("borrowed here"),
    ELSEWHERE: _("in other checkouts"),
    GIT: _("only in git"),
    NOWHERE: _("nowhere"),
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
    labels = (phrase(Message(_("label {label}"), {"label": clean(label)})) for label in item.labels)
    pending = phrase(NOT_APPLIED) if item.applied is False and item.whereabouts != NOWHERE else ""
    tags = tuple(filter(None, [_where(item, picture, phrase), *labels, pending, _abandoned(item, phrase)]))
    if len(entry.items) > 1:
        folded = phrase(_n("… {n} revision …", "… {n} revisions …", len(entry.items)))
        return Caption(folded, (), "", tags)
    refs = (phrase(Message(_("database"))) if item.row else "", _names(item.tips, phrase))
    return Caption(clean(item.id), tuple(filter(None, refs)), clean(item.message), tags)


def _abandoned(item: Item, phrase: Phrase) -> str:
    if item.abandoned is None:
        return ""
    dated = Message(_("abandoned, last seen on {since}"), {"since": item.abandoned})
    return phrase(dated if item.abandoned else Message(_("abandoned")))


def _where(item: Item, picture: Picture, phrase: Phrase) -> str:
    """Say who has it, where that is not everybody."""
    if item.whereabouts == OWN and set(item.owners) >= set(picture.checkouts):
        return ""
    if item.whereabouts == OWN and len(item.owners) == 1:
        return phrase(Message(_("only here")))
    others = tuple(name for name in item.owners if name != picture.here)
    about = {
        "names": _names(others or item.borrowers, phrase),
        "origin": clean(item.origin or ""),
    }
    elsewhere = _("not here, in {names}") if others else _("only borrowed by {names}")
    texts = {
        OWN: _("here and in {names}"),
        BORROWED: _("borrowed from {origin}"),
        ELSEWHERE: elsewhere,
        GIT: _("only in git: {origin}"),
        NOWHERE: MEANINGS[NOWHERE],
    }
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
    used = {(entry.first.whereabouts, entry.first.applied is False) for entry in entries}
    meanings: dict[str, str] = {}
    for whereabouts, signs in MARKS.items():
        for hollow, sign in enumerate(signs):
            if (whereabouts, bool(hollow)) in used:
                state = f", {phrase(NOT_APPLIED)}" if hollow and whereabouts != NOWHERE else ""
                meanings[sign] = phrase(Message(MEANINGS[whereabouts])) + state
    return meanings
