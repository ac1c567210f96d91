"""`adopt` and `merge`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ... import git
from ...author import own
from ...author.stub import write_stub
from ...messages import OK, Message, _
from ...messages.errors import DONE, Usage
from .call import Call, open_call

if TYPE_CHECKING:
    import argparse

    from ..printer import Printer


def adopt(options: argparse.Namespace, printer: Printer) -> int:
    """Make borrowed migrations this branch's own."""
    if options.stub != bool(options.parent) or (options.stub and len(options.revisions) != 1):
        text = _(
            "--stub and --parent belong together, for one id: {command} --stub REVISION --parent REVISION"
        )
        raise Usage(text, command="alembic-worktrees adopt")
    call = open_call(options, printer)
    if options.stub:
        return _stand_in(call, options.revisions[0], options.parent)
    for row in own.adopt(call.project, options.revisions):
        text = _("{revision}, borrowed from {origin}, is now this branch's own, and staged: {path}")
        printer.tell(Message(text, row.about, OK))
    return DONE


def _stand_in(call: Call, revision: str, parent: str) -> int:
    path = write_stub(call.project, call.settings, revision, parent)
    text = _(
        "An empty migration stands in for {revision}, after {parent}, and is staged: {path}\n"
        "  It makes nothing of what that one made; write that into it if others need it. Then commit it."
    )
    call.printer.tell(Message(text, {"revision": revision, "parent": parent, "path": path}, OK))
    return DONE


def merge(options: argparse.Namespace, printer: Printer) -> int:
    """Join this branch's own heads; print the path of each new migration."""
    call = open_call(options, printer)
    paths = own.merge(call.project, call.settings, os.environ, options.message, printer.tell)
    if options.stage and paths:
        git.stage(call.project.root, paths)
    printer.data(*map(str, paths))
    return DONE
