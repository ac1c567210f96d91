"""Standing → what the user sees: aligned text, or a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..messages.message import Message
from ..messages.quoting import coloured, columns, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .rows import BorrowedFile, Head, Row
    from .standing import Standing

    Phrase = Callable[[Message], str]

NONE = "–"
NAMED = 5  # checkouts that are named; the others are counted
COLUMNS = {"checkout": "1", "branch": "36", "heads": "33", "borrowed": "35", "lacks": "31", "waiting": "34"}


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
        lines = tuple(phrase(Message(_borrowed_key(one), one._asdict())) for one in borrowed)
        sections += ((phrase(Message("status-loans")), lines),)
    why, command = phrase(standing.step.why), standing.step.command
    return Page(
        header=tuple(phrase(Message(f"column-{name}")) for name in COLUMNS),
        rows=tuple(_cells(row, phrase, shown) for row in standing.checkouts),
        here=next(index for index, row in enumerate(standing.checkouts) if row.here),
        sections=sections,
        why=why,
        command=None if command and command in why else command,
        settled=standing.step.id == "nothing",
    )


def _borrowed_key(borrowed_file: BorrowedFile) -> str:
    state = "-staged" if borrowed_file.staged else "-edited" if borrowed_file.edited else ""
    return f"status-loan{state}"


def _cells(row: Row, phrase: Phrase, shown: int) -> tuple[str, ...]:
    if not row.has_project:
        empty = phrase(Message("status-no-project"))
        return (one_line(row.name), one_line(row.branch or NONE), empty, NONE, NONE, NONE)
    lent: dict[str, list[str]] = {}
    for one in row.borrowed:
        lent.setdefault(one.origin, []).append(one.revision)
    borrowed = (f"{_ids(lent[origin], shown)} ← {one_line(origin)}" for origin in sorted(lent))
    return (
        one_line(row.name),
        one_line(row.branch or phrase(Message("status-no-branch"))),
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
        return ((phrase(Message("status-silent")), tuple(said.split("\n"))),)
    nothing = (phrase(Message("no-heads")),)
    apart = (phrase(Message("status-apart")),) if standing.apart else ()
    return tuple(
        (
            phrase(Message("status-database", {"database": rows.database})),
            (*(tuple(_head(head, standing, phrase) for head in rows.heads) or nothing), *apart),
        )
        for rows in standing.databases
    )


def _head(head: Head, standing: Standing, phrase: Phrase) -> str:
    origin = head.remembered
    about = {
        "revision": head.revision,
        "owners": head.owners,
        "borrowers": head.borrowers,
        "origin": origin.name if origin else "",
        "commit": (origin.commit or "")[:10] if origin else "",
    }
    if head.owners:
        all_of_them = len(head.owners) == sum(row.has_project for row in standing.checkouts) > NAMED
        key = "status-everywhere" if all_of_them else "status-owned"
        shown = (*head.owners[:NAMED], f"+{len(head.owners) - NAMED}") if head.owners[NAMED:] else head.owners
        return phrase(Message(key, {**about, "owners": shown}))
    if origin is None:
        return phrase(Message("status-copies" if head.borrowers else "status-nowhere", about))
    copies = phrase(Message("status-borrowers", about)) if head.borrowers else ""
    return phrase(Message("status-remembered", about)) + copies


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
    return {**head._asdict(), "remembered": head.remembered and head.remembered._asdict()}
