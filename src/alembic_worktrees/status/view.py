"""Standing → what the user sees: aligned text, a table with colour where somebody looks, or a document."""

from __future__ import annotations

import io
import unicodedata
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from ..messages.message import Message
from ..messages.quoting import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .rows import BorrowedFile, Head, Row
    from .standing import Standing

    Phrase = Callable[[Message], str]

NONE = "–"
NAMED = 5  # checkouts that are named; the others are counted
COLUMNS = ("checkout", "branch", "heads", "borrowed", "lacks", "waiting")
STYLES = ("bold", "cyan", "yellow", "magenta", "red", "blue")  # of the columns, in this order


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
    columns = zip(page.header, *page.rows, strict=True)
    return sum(max(map(_width, column)) + 3 for column in columns)


def _page(standing: Standing, phrase: Phrase, shown: int) -> Page:
    sections = _databases(standing, phrase)
    borrowed_files = next(row for row in standing.checkouts if row.here).borrowed
    if borrowed_files:
        title = phrase(Message("status-loans"))
        sections += (
            (
                title,
                tuple(
                    phrase(Message(_borrowed_key(borrowed_file), borrowed_file._asdict()))
                    for borrowed_file in borrowed_files
                ),
            ),
        )
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
    return (
        "status-loan-staged"
        if borrowed_file.staged
        else "status-loan-edited"
        if borrowed_file.edited
        else "status-loan"
    )


def _cells(row: Row, phrase: Phrase, shown: int) -> tuple[str, ...]:
    if not row.has_project:
        empty = phrase(Message("status-no-project"))
        return (one_line(row.name), one_line(row.branch or NONE), empty, NONE, NONE, NONE)
    lent = groupby(
        sorted(row.borrowed, key=lambda borrowed_file: borrowed_file.origin),
        key=lambda borrowed_file: borrowed_file.origin,
    )
    borrowed_files = [
        f"{_ids([borrowed_file.revision for borrowed_file in borrowed_files], shown)} ← {one_line(origin)}"
        for origin, borrowed_files in lent
    ]
    return (
        one_line(row.name),
        one_line(row.branch or phrase(Message("status-no-branch"))),
        _ids(row.heads, max(shown, 1)),
        "; ".join(borrowed_files) or NONE,
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


def render_text(page: Page) -> str:
    """Return the page as aligned text, for a pipe or a file."""
    rows = [("", *page.header), *(("*" if n == page.here else "", *row) for n, row in enumerate(page.rows))]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(_padded(cell, size) for cell, size in zip(row, widths, strict=True)) for row in rows]
    for title, body in page.sections:
        lines += ["", title, *(f"  {line}" for line in body)]
    lines += ["", page.why, *([f"  {page.command}"] if page.command else [])]
    return "".join(line.rstrip() + "\n" for line in lines)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def render_table(page: Page, width: int) -> str:
    """Return the page as a table with colour, for a terminal that is `width` wide."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(
        file=io.StringIO(), width=width, force_terminal=True, color_system="standard", highlight=False
    )
    table = Table(
        box=box.SIMPLE_HEAD, border_style="dim", header_style="dim", pad_edge=False, show_edge=False
    )
    for title, style in zip(page.header, STYLES, strict=True):
        table.add_column(Text(title), style=style, overflow="fold")
    for number, row in enumerate(page.rows):
        marked = (f"{'→ ' if number == page.here else '  '}{row[0]}", *row[1:])
        table.add_row(*(Text(cell, style="dim" if cell in {NONE, "?"} else "") for cell in marked))
    console.print(table)
    console.print()
    for title, body in page.sections:
        console.print(Text(title, style="bold"), *(Text(f"  {line}") for line in body), sep="\n")
        console.print()
    console.print(Text(page.why, style="bold green" if page.settled else "bold yellow"))
    if page.command:  # never wrapped: it is to be pasted
        console.print(Text(f"  {page.command}", style="bold"), soft_wrap=True)
    shown: str = console.file.getvalue()  # type: ignore[attr-defined]
    return shown


def document(standing: Standing, phrase: Phrase) -> dict[str, object]:
    """Return the standing as a JSON document."""
    return {
        "checkouts": [_checkout_document(row) for row in standing.checkouts],
        "databases": None
        if standing.databases is None
        else [
            {"database": rows.database, "heads": list(map(_head_document, rows.heads))}
            for rows in standing.databases
        ],
        "silence": standing.silence and phrase(standing.silence),
        "next": {
            "id": standing.step.id,
            "command": standing.step.command,
            "message": phrase(standing.step.why),
        },
    }


def _checkout_document(row: Row) -> dict[str, object]:
    return {
        "name": row.name,
        "path": row.path,
        "branch": row.branch,
        "here": row.here,
        "heads": list(row.heads),
        "borrowed": [borrowed_file._asdict() for borrowed_file in row.borrowed],
        "lacks": _listed(row.lacks),
        "waiting": _listed(row.waiting),
    }


def _head_document(head: Head) -> dict[str, object]:
    origin = head.remembered._asdict() if head.remembered else None
    return {
        "revision": head.revision,
        "owners": list(head.owners),
        "borrowers": list(head.borrowers),
        "remembered": origin,
    }


def _listed(revisions: Iterable[str] | None) -> list[str] | None:
    return None if revisions is None else list(revisions)
