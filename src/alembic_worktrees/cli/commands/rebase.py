"""`rebase`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ... import git
from ...messages.errors import DONE
from ...search.archive import sharing, team_of
from .call import open_call
from .consent import must_agree
from .upgrade import open_database

if TYPE_CHECKING:
    import argparse

    from ..printer import Printer


def rebase(options: argparse.Namespace, printer: Printer) -> int:
    """Give own migrations other parents, in files and rows; print the path of each file that changed."""
    call = open_call(options, printer)
    team = team_of(call.project, call.settings, printer.tell)
    with sharing(team), open_database(call) as database:
        from ...author import rebase as story  # while Alembic starts
        from ...borrow.upgrade import upgrade
        from ...borrow.work import Audience, Work

        allow = partial(must_agree, call)
        audience = Audience(printer.tell, call.tell_detail, call.tell_skipped, allow)
        wanted = story.Wanted(tuple(options.revisions), options.onto, options.replay, options.dry_run)
        paths = story.rebase(Work(call.project, call.settings, database, audience), wanted)
    if options.stage and paths:
        git.stage(call.project.root, paths)
    for path in paths:
        printer.data(str(path))
    if options.replay and not options.dry_run:
        with sharing(team), open_database(call) as database:
            audience = Audience(printer.tell, call.tell_detail, call.tell_skipped)
            upgrade(Work(call.project, call.settings._replace(target="heads"), database, audience))
    return DONE
