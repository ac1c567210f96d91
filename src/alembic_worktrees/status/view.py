"""Standing → what the user sees: aligned text, or a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..database.client import NO_ROWS
from ..messages import Message, Text, _
from ..messages.quoting import coloured, columns, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .rows import BorrowedFile, Head, Row
    from .standing import Standing

    Phrase = Callable[[Message], str]

NONE = "–"
NAMED = 5  # checkouts that are named; the others are counted
COLUMNS = {  # and the style of each
    _("Checkout"): "1",
    _("Branch"): "36",
    _("Own heads"): "33",
    _("Borrowed"): "35",
    _("Lacks"): "31",
    _("Not applied"): "34",
}


class Page(NamedTuple):
    """The status in words: a table, then sections of lines under a title each, then the next step."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    here: int  # which row is this checkout
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    why: str
    command: str | None
    settled: bool  # there is nothing to do


def make_page(standing: Standing, phrase: Phrase, width: int | None = None) -> Page:
    """Put the standing into words; where the table would be wider than `width`, with fewer ids in its cells."""
    for shown in (2, 1):
        page = _page(standing, phrase, shown)
        if width is None or _table_width(page) <= width:
            return page
    return _page(standing, phrase, 0)


def _table_width(page: Page) -> int:
    return sum(max(map(columns, column)) + 3 for column in zip(page.header, *page.rows, strict=True))


def _page(standing: Standing, phrase: Phrase, shown: int) -> Page:
    sections = _databases(standing, phrase)
    borrowed = next(row for row in standing.checkouts if row.here).borrowed
    if borrowed:
        lines = tuple(phrase(_borrowed(one)) for one in borrowed)
        sections += ((phrase(Message(_("Borrowed here"))), lines),)
    why, command = phrase(standing.step.why), standing.step.command
    return Page(
        header=tuple(phrase(Message(title)) for title in COLUMNS),
        rows=tuple(_cells(row, phrase, shown) for row in standing.checkouts),
        here=next(index for index, row in enumerate(standing.checkouts) if row.here),
        sections=sections,
        why=why,
        command=None if command and command in why else command,
        settled=standing.step.id == "nothing",
    )


def _borrowed(borrowed_file: BorrowedFile) -> Message:
    text = _("{revision}  from {origin}: {path}")
    if borrowed_file.staged:
        text = _("{revision}  from {origin}, staged here: {path}")
    elif borrowed_file.edited:
        text = _("{revision}  from {origin}, edited here: {path}")
    return Message(text, borrowed_file._asdict())


def _cells(row: Row, phrase: Phrase, shown: int) -> tuple[str, ...]:
    if not row.has_project:
        empty = phrase(Message(_("no Alembic project")))
        return (one_line(row.name), one_line(row.branch or NONE), empty, NONE, NONE, NONE)
    lent: dict[str, list[str]] = {}
    for one in row.borrowed:
        lent.setdefault(one.origin, []).append(one.revision)
    borrowed = (f"{_ids(lent[origin], shown)} ← {one_line(origin)}" for origin in sorted(lent))
    return (
        one_line(row.name),
        one_line(row.branch or phrase(Message(_("(no branch)")))),
        _ids(row.heads, max(shown, 1)),
        "; ".join(borrowed) or NONE,
        "?" if row.lacks is None else _ids(row.lacks, shown),
        "?" if row.waiting is None else _ids(row.waiting, shown),
    )


def _ids(revisions: Sequence[str], shown: int) -> str:
    """Return so many ids, and how many more there are."""
    named = ", ".join(map(one_line, revisions[:shown]))
    more = len(revisions) - shown
    if more <= 0:
        return named or NONE
    return f"{named} +{more}" if named else str(more)


def _databases(standing: Standing, phrase: Phrase) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if standing.databases is None:
        said = phrase(standing.silence) if standing.silence else ""
        return ((phrase(Message(_("The database did not answer"))), tuple(said.split("\n"))),)
    nothing = (phrase(NO_ROWS),)
    not_all = Message(_("This file is not everybody's: the checkouts with a ? have one of their own"))
    apart = (phrase(not_all),) if standing.apart else ()
    return tuple(
        (
            phrase(Message(_("Database {database}"), {"database": rows.database})),
            (*(tuple(_head(head, standing, phrase) for head in rows.heads) or nothing), *apart),
        )
        for rows in standing.databases
    )


def _head(head: Head, standing: Standing, phrase: Phrase) -> str:
    by = ""
    if head.application:
        about = {"who": head.application.who, "date": head.application.date[:16]}  # to the minute
        by = phrase(Message(_("; applied by {who}, {date}"), about))
    return _holders(head, standing, phrase) + by


def _holders(head: Head, standing: Standing, phrase: Phrase) -> str:
    origin = head.remembered
    about = {
        "revision": head.revision,
        "owners": head.owners,
        "borrowers": head.borrowers,
        "origin": origin.name if origin else "",
        "commit": (origin.commit or "")[:10] if origin else "",
        "since": head.since or "?",
    }
    if head.owners:
        all_of_them = len(head.owners) == sum(row.has_project for row in standing.checkouts) > NAMED
        text = _("{revision}  every checkout") if all_of_them else Text("{revision}  {owners:list}")
        shown = (*head.owners[:NAMED], f"+{len(head.owners) - NAMED}") if head.owners[NAMED:] else head.owners
        return phrase(Message(text, {**about, "owners": shown}))
    if origin is None:
        text = _("{revision}  in no checkout any more, and git does not have it")
        if head.borrowers:
            text = _("{revision}  in no checkout any more but as a copy, borrowed by {borrowers:list}")
        return phrase(Message(text, about))
    if head.abandoned:
        text = _(
            "{revision}  abandoned: no checkout, branch or tag has it; last seen on {since}, in {origin}"
        )
        return phrase(Message(text, about))
    copies = phrase(Message(_("; borrowed by {borrowers:list}"), about)) if head.borrowers else ""
    text = _("{revision}  in no checkout any more; git has it in {origin} ({commit})")
    return phrase(Message(text, about)) + copies


def render(page: Page, *, colour: bool = False) -> str:
    """Return the page as aligned text; with `colour` for a terminal."""

    def paint(style: str, text: str) -> str:
        return coloured(style, text) if colour else text

    rows = [("", *page.header), *(("*" if n == page.here else "", *row) for n, row in enumerate(page.rows))]
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    lines = []
    for number, row in enumerate(rows):
        cells = zip(("1", *COLUMNS.values()), row, widths, strict=True)
        lines.append(
            "  ".join(
                paint(style if number else "2", cell) + " " * (width - columns(cell))
                for style, cell, width in cells
            )
        )
    for title, body in page.sections:
        lines += ["", paint("1", title), *(f"  {line}" for line in body)]
    lines += ["", paint("1;32" if page.settled else "1;33", page.why)]
    lines += [f"  {paint('1', page.command)}"] if page.command else []
    return "".join(line.rstrip() + "\n" for line in lines)


def document(standing: Standing, phrase: Phrase) -> dict[str, object]:
    """Return the standing as a JSON document."""
    checkouts = [
        {**row._asdict(), "borrowed": [one._asdict() for one in row.borrowed]} for row in standing.checkouts
    ]
    databases = [
        {"database": rows.database, "heads": [_head_document(head) for head in rows.heads]}
        for rows in standing.databases or ()
    ]
    step = standing.step
    return {
        "checkouts": checkouts,
        "databases": None if standing.databases is None else databases,
        "silence": standing.silence and phrase(standing.silence),
        "next": {"id": step.id, "command": step.command, "message": phrase(step.why)},
    }


def _head_document(head: Head) -> dict[str, object]:
    applied = head.application and {"who": head.application.who, "date": head.application.date}
    return {
        **head._asdict(),
        "remembered": head.remembered and head.remembered._asdict(),
        "application": applied,
    }
