"""`graph`: the revisions of all checkouts, drawn together."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ...messages import OK, WARN, Message, _, _n
from ...messages.errors import DONE, Usage, UserError
from ...status.survey import survey
from ...system.encoding import encoded
from ..printer import has_colour, room
from .call import open_call

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ...drawing.picture import Entry, Picture
    from ..printer import Printer

FORMATS = {"txt": "text", "svg": "svg", "mmd": "mermaid"}


def graph(options: argparse.Namespace, printer: Printer) -> int:
    """Draw the revisions of all checkouts together."""
    path = Path(options.output) if options.output else None
    chosen = options.format or _format_of(path)
    if path and os.path.lexists(path) and not options.force:
        raise UserError(_("{path} exists already. To overwrite it, add --force"), path=path)
    picture = _picture(options, printer)
    if not picture.items and chosen == "text":
        printer.tell(Message(_("No migrations yet."), mark=OK))
    entries = picture.unfolded if options.all else picture.folded
    if older := len(entries[options.limit or len(entries) :]):
        printer.tell(_n("{n} older row is left out.", "{n} older rows are left out.", older))
    text = _drawn(picture, entries[: options.limit], chosen, printer, shown=path is None)
    if path:
        _save(_for_programs(text), path)
    elif chosen == "text":
        with printer.paged():
            printer.write(encoded(text, sys.stdout.encoding))
    else:
        printer.write(_for_programs(text))
    return DONE


def _picture(options: argparse.Namespace, printer: Printer) -> Picture:
    """Look at all checkouts and, if it is wanted, at the database; tell what could not be seen."""
    from ...drawing.picture import make_picture

    call = open_call(options, printer)
    ask, verbose = not options.no_database, options.verbose
    landscape = survey(
        call.project, call.settings, os.environ, printer.tell, ask_database=ask, verbose=verbose
    )
    call.tell_skipped(landscape.skipped)
    if landscape.silence:
        silent = _(
            "The database did not answer, so the picture does not say what is applied (to leave "
            "it out: --no-database). {why}"
        )
        printer.tell(Message(silent, {"why": landscape.silence}, WARN))
    return make_picture(landscape)


def _for_programs(text: str) -> bytes:
    """Return what says itself that it is UTF-8, whatever the locale; a terminal or pager expects the locale's."""
    return text.encode("utf-8", "surrogateescape")


def _format_of(path: Path | None) -> str:
    """Return the format that the end of a file's name says, text if it has none. Raises Usage."""
    end = path.suffix[1:].lower() if path else ""
    if end and end not in FORMATS:
        text = _(
            "{path}: no format ends in .{end}. Let it end in one of {known:list}, or add for "
            "example --format svg"
        )
        raise Usage(text, path=path, end=end, known=tuple(f".{known}" for known in FORMATS))
    return FORMATS.get(end, "text")


def _drawn(picture: Picture, entries: Sequence[Entry], chosen: str, printer: Printer, *, shown: bool) -> str:
    """Return the picture in the chosen format; `shown` if it goes to standard output."""
    phrase = printer.phrase
    if chosen == "text":
        from ...drawing import text as lines

        colour = shown and has_colour(sys.stdout)
        return lines.draw(picture, entries, phrase, colour=colour, width=room() if shown else None)
    from ...drawing import mermaid, svg

    return svg.draw(picture, entries, phrase) if chosen == "svg" else mermaid.draw(picture, entries, phrase)


def _save(data: bytes, path: Path) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        text = _(
            "Cannot write {path}: {reason}. Name a file in a folder that is there and may be "
            "written to: --output FILE"
        )
        raise UserError(text, path=path, reason=error.strerror) from error
