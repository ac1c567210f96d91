"""`status`: where every checkout and the database stand."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from ...messages.errors import DONE, NOT_DONE
from ...status.next_step import Case, next_step
from ...status.standing import stand
from ...status.survey import survey
from ...status.view import document, render
from ...system.encoding import encoded
from ..printer import has_colour, room
from .call import open_call, our_command

if TYPE_CHECKING:
    import argparse

    from ..printer import Printer


def status(options: argparse.Namespace, printer: Printer) -> int:
    """Show where every checkout and the database stand; status 1 if the database did not answer."""
    call = open_call(options, printer)
    landscape = survey(call.project, call.settings, os.environ, printer.tell, verbose=options.verbose)
    call.tell_skipped(landscape.skipped)
    standing = stand(landscape)
    step = next_step(Case(landscape, standing.here, partial(our_command, options), call.settings))
    if options.json:
        printer.document(document(standing, step, printer.phrase))
    else:
        text = render(standing, step, printer.phrase, width=room(), colour=has_colour(sys.stdout))
        printer.write(encoded(text, sys.stdout.encoding))
    return NOT_DONE if standing.silence else DONE
