"""Standing and next step → what the user sees: aligned text, or a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..database.applied import NO_ROWS
from ..messages import Message, Text, _
from ..messages.message import FEW
from ..messages.quoting import aligned, coloured, columns, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .next_step import Step
    from .standing import BorrowedFile, Head, Row, Standing

    Phrase = Callable[[Message], str]
    Lines = tuple[str, ...]

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


def render(
    standing: Standing, step: Step, phrase: Phrase, *, width: int | None = None, colour: bool = False
) -> str:
    """Return the status as a table, lines about each database, and the next step; with `colour` for a terminal."""
    paint = coloured if colour else lambda _style, text: text
    table = fitting(standing, phrase, width)
    styles = ("1", *COLUMNS.values())
    lines = [
        "  ".join(paint(style if number else "2", cell) for style, cell in zip(styles, row, strict=True))
        for number, row in enumerate(aligned(table))
    ]
    for title, body in _sections(standing, phrase):
        lines += ["", paint("1", title), *(f"  {line}" for line in body)]
    why = phrase(step.why)
    lines += ["", paint("1;32" if step.id == "nothing" else "1;33", why)]
    if step.command and step.command not in why:
        lines.append(f"  {paint('1', step.command)}")
    return "".join(line.rstrip() + "\n" for line in lines)


def fitting(standing: Standing, phrase: Phrase, width: int | None) -> list[Lines]:
    """Return the rows of the table; where it would be wider than `width`, with fewer ids in its cells."""
    for shown in (2, 1):
        table = _table(standing, phrase, shown)
        if width is None or max(columns("  ".join(row)) for row in aligned(table)) <= width:
            return table
    return _table(standing, phrase, 0)


def _table(standing: Standing, phrase: Phrase, shown: int) -> list[Lines]:
    header = ("", *(phrase(Message(title)) for title in COLUMNS))
    return [header, *(("*" if row.here else "", *_cells(row, phrase, shown)) for row in standing.checkouts)]


def _cells(row: Row, phrase: Phrase, shown: int) -> Lines:
    name = one_line(row.name)
    if not row.has_project:
        return (
            name,
            one_line(row.branch or NONE),
            phrase(Message(_("no Alembic project"))),
            NONE,
            NONE,
            NONE,
        )
    lent: dict[str, list[str]] = {}
    for one in row.borrowed:
        lent.setdefault(one.origin, []).append(one.revision)
    borrowed = (f"{_ids(lent[origin], shown)} ← {one_line(origin)}" for origin in sorted(lent))
    return (
        name,
        one_line(row.branch or phrase(Message(_("(no branch)")))),
        _ids(row.heads, max(shown, 1)),
        "; ".join(borrowed) or NONE,
        _ids(row.lacks, shown),
        _ids(row.waiting, shown),
    )


def _ids(revisions: Sequence[str] | None, shown: int) -> str:
    """Return so many ids, and how many more there are."""
    if revisions is None:
        return "?"
    named = ", ".join(map(one_line, revisions[:shown]))
    more = len(revisions) - shown
    if more <= 0:
        return named or NONE
    return f"{named} +{more}" if named else str(more)


def _sections(standing: Standing, phrase: Phrase) -> Iterator[tuple[str, Lines]]:
    """Yield what stands below the table: a title, and the lines under it."""
    if standing.silence:
        yield phrase(Message(_("The database did not answer"))), tuple(phrase(standing.silence).split("\n"))
    for rows in standing.databases or ():
        title = Message(_("Database {database}"), {"database": rows.database})
        lines = [_head(head, standing, phrase) for head in rows.heads] or [phrase(NO_ROWS)]
        if standing.apart:
            not_all = _("This file is not everybody's: the checkouts with a ? have one of their own")
            lines.append(phrase(Message(not_all)))
        yield phrase(title), tuple(lines)
    if standing.here.borrowed:
        yield (
            phrase(Message(_("Borrowed here"))),
            tuple(map(phrase, _borrowed_here(standing.here.borrowed))),
        )


def _borrowed_here(borrowed: Sequence[BorrowedFile]) -> Iterator[Message]:
    """Name what is borrowed; of many, what was touched here and some of the others."""
    named = sorted(borrowed, key=lambda one: not (one.staged or one.edited))[:FEW]
    yield from (_borrowed(one) for one in borrowed if one in named)
    if more := len(borrowed) - len(named):
        yield Message(_("and {count} more (status --json names them)"), {"count": more})


def _borrowed(borrowed_file: BorrowedFile) -> Message:
    text = _("{revision}  from {origin}: {path}")
    if borrowed_file.staged:
        text = _("{revision}  from {origin}, staged here: {path}")
    elif borrowed_file.edited:
        text = _("{revision}  from {origin}, edited here: {path}")
    return Message(text, borrowed_file._asdict())


def _head(head: Head, standing: Standing, phrase: Phrase) -> str:
    """Say of a row who has it, else where git has it, and who applied it."""
    said = phrase(_whereabouts(head, standing))
    if head.application:
        about = {"who": head.application.who, "date": head.application.date[:16]}  # to the minute
        said += phrase(Message(_("; applied by {who}, {date}"), about))
    return said


def _whereabouts(head: Head, standing: Standing) -> Message:
    origin = head.remembered
    about = {
        "revision": head.revision,
        "borrowers": head.borrowers,
        "origin": origin.name if origin else "",
        "commit": (origin.commit or "")[:10] if origin else "",
        "since": head.since or "?",
    }
    if head.owners:
        return _owned(head, standing)
    if origin is None:
        text = _("{revision}  in no checkout any more, and git does not have it")
        if head.borrowers:
            text = _("{revision}  in no checkout any more but as a copy, borrowed by {borrowers:list}")
    elif head.abandoned:
        text = _(
            "{revision}  abandoned: no checkout, branch or tag has it; last seen on {since}, in {origin}"
        )
    else:
        text = _("{revision}  in no checkout any more; git has it in {origin} ({commit})")
    return Message(text, about)


def _owned(head: Head, standing: Standing) -> Message:
    all_of_them = len(head.owners) == sum(row.has_project for row in standing.checkouts) > NAMED
    text = _("{revision}  every checkout") if all_of_them else Text("{revision}  {owners:list}")
    more = len(head.owners) - NAMED
    owners = (*head.owners[:NAMED], f"+{more}") if more > 0 else head.owners
    return Message(text, {"revision": head.revision, "owners": owners})


def document(standing: Standing, step: Step, phrase: Phrase) -> dict[str, object]:
    """Return the standing as a JSON document."""
    checkouts = [
        {**row._asdict(), "borrowed": [one._asdict() for one in row.borrowed]} for row in standing.checkouts
    ]
    databases = [
        {"database": rows.database, "heads": [_head_document(head) for head in rows.heads]}
        for rows in standing.databases or ()
    ]
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
