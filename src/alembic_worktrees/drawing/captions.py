"""What stands beside a node, in the user's language: the same words in every format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ..messages.message import Message
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
    tags = tuple(filter(None, [_where(item, picture, phrase), *_state(item, phrase)]))
    if len(entry.items) > 1:
        folded = phrase(Message("graph-folded", {"revisions": tuple(entry.items)}))
        return Caption(folded, (), "", tags)
    refs = [phrase(Message("graph-database"))] if item.row else []
    tips = _names(item.tips, phrase) if item.tips else ""
    return Caption(
        clean(item.id),
        tuple(filter(None, [*refs, tips])),
        clean(item.message),
        tags,
    )


def _where(item: Item, picture: Picture, phrase: Phrase) -> str:
    """Say who has it, where that is not everybody."""
    if item.place == OWN and set(item.owners) >= set(picture.checkouts):
        return ""
    if item.place == OWN and len(item.owners) == 1:
        return phrase(Message("graph-only-here"))
    others = tuple(name for name in item.owners if name != picture.here)
    about = {
        "names": _names(others or item.borrowers, phrase),
        "origin": clean(item.origin or ""),
    }
    key = {OWN: "here-and", BORROWED: "borrowed", GIT: "git", NOWHERE: "nowhere"}.get(item.place)
    if key is None:
        key = "only-in" if others else "only-copies"
    return phrase(Message(f"graph-{key}", about))


def _state(item: Item, phrase: Phrase) -> list[str]:
    said = [phrase(Message("graph-label", {"label": clean(label)})) for label in item.labels]
    if item.applied is False and item.place != NOWHERE:
        said.append(phrase(Message("graph-not-applied")))
    return said


def _names(names: Sequence[str], phrase: Phrase) -> str:
    shown = ", ".join(map(clean, names[:SHOWN]))
    more = names[SHOWN:]
    return phrase(Message("graph-and-more", {"names": shown, "more": tuple(more)})) if more else shown


def mark(item: Item) -> str:
    """Return the sign for a revision."""
    return MARKS[item.place][item.applied is False]


def legend(picture: Picture, entries: Sequence[Entry], phrase: Phrase) -> tuple[tuple[str, str], ...]:
    """Return each sign that is used, and what it means."""
    used = {(entry.first.place, entry.first.applied is False) for entry in entries}
    rows: list[tuple[str, str]] = []
    for place, signs in MARKS.items():
        for hollow, sign in enumerate(signs):
            if (place, bool(hollow)) in used and (sign, "") not in [(row[0], "") for row in rows]:
                words = phrase(Message(f"legend-{place}"))
                state = f", {phrase(Message('graph-not-applied'))}" if hollow and place != NOWHERE else ""
                rows.append((sign, words + state))
    return tuple(rows)
