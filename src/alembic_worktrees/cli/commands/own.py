"""`adopt` and `merge`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ... import git
from ...author import own
from ...messages import OK, Message, _
from ...messages.errors import DONE
from .call import open_call

if TYPE_CHECKING:
    import argparse

    from ..printer import Printer


def adopt(options: argparse.Namespace, printer: Printer) -> int:
    """Make borrowed migrations this branch's own."""
    call = open_call(options, printer)
    for row in own.adopt(call.project, options.revisions):
        values = {"revision": row.entry.revision, "path": row.migration.path, "origin": row.entry.origin.name}
        text = _("{revision}, borrowed from {origin}, is now this branch's own, and staged: {path}")
        printer.tell(Message(text, values, OK))
    return DONE


def merge(options: argparse.Namespace, printer: Printer) -> int:
    """Join this branch's own heads; print the path of each new migration."""
    call = open_call(options, printer)
    paths = own.merge(call.project, call.settings, os.environ, options.message, printer.tell)
    if options.stage and paths:
        git.stage(call.project.root, paths)
    for path in paths:
        printer.data(str(path))
    return DONE
