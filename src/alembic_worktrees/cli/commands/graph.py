"""`graph`."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ...messages import OK, WARN, Message, _
from ...messages.errors import DONE, UserError
from ...status.survey import survey
from ...system.encoding import encoded
from ..printer import has_colour
from .call import open_call

if TYPE_CHECKING:
    import argparse

    from ..printer import Printer


def graph(options: argparse.Namespace, printer: Printer) -> int:
    """Draw the revisions of all checkouts together: as text, or into a file as SVG."""
    from ...drawing import svg, text
    from ...drawing.picture import make_picture

    path = Path(options.output) if options.output else None
    if path and os.path.lexists(path) and not options.force:  # before the work, which takes a second
        raise _exists(path)
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
    picture = make_picture(landscape)
    entries = picture.unfolded if options.all else picture.folded
    if not entries:
        printer.tell(Message(_("No migrations yet."), mark=OK))
    elif path:
        _save(svg.draw(picture, entries, printer.phrase), path, overwrite=options.force)
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        colour = has_colour(sys.stdout, os.environ)
        drawn = text.draw(picture, entries, printer.phrase, colour=colour, width=width)
        printer.write(encoded(drawn, sys.stdout.encoding))
    return DONE


def _exists(path: Path) -> UserError:
    return UserError(_("{path} exists already. To overwrite it, add --force"), path=path)


def _save(drawn: str, path: Path, *, overwrite: bool) -> None:
    try:
        with path.open("w" if overwrite else "x", encoding="utf-8", errors="surrogateescape") as file:
            file.write(drawn)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        text = _(
            "Cannot write {path}: {reason}. Name a file in a folder that is there and may be "
            "written to: --output FILE"
        )
        raise UserError(text, path=path, reason=error.strerror) from error
