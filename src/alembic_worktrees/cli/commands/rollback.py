"""`rollback`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ...messages import WARN, _
from ...messages.errors import DONE, Usage
from ...search.archive import NotShared, Team, team_of
from ...system.encoding import encoded
from .call import Call, open_call
from .working import must_agree, working

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from ...borrow.preview import Page
    from ...messages import Message
    from ..printer import Printer


def rollback(options: argparse.Namespace, printer: Printer) -> int:
    """Take back what nobody has any more; or let go of a row that has no file anywhere."""
    if options.forget != bool(options.at) or (options.forget and len(options.revisions) != 1):
        text = _("--forget and --at belong together, for one row: {command} REVISION --forget --at REVISION")
        raise Usage(text, command="alembic-worktrees rollback")
    call = open_call(options, printer)
    team = team_of(call.project, call.settings, printer.tell)
    if team:
        _look_at_branches(team, call)
    with working(call, must_agree, team) as work:
        from ...borrow import lost  # while Alembic starts
        from ...borrow import rollback as story

        if options.forget:
            (revision,) = options.revisions
            say = partial(printer.tell, data=options.dry_run)
            lost.forget(work, revision, options.at, say, dry_run=options.dry_run)
        elif options.sql:
            printer.write(encoded(story.rollback_sql(work, options.revisions)))
        else:
            story.rollback(work, options.revisions, partial(_show, call), dry_run=options.dry_run)
    return DONE


def _look_at_branches(team: Team, call: Call) -> None:
    """Get what others have, so that none of it looks abandoned; what is named is taken back without that too."""
    try:
        team.must_fetch_branches()
    except NotShared as error:
        if call.options.forget or not call.options.revisions:
            raise
        call.printer.tell(error.message._replace(mark=WARN))


def _show(call: Call, pages: Iterable[Page], order: Message) -> None:
    """Show what would run, through a pager at a terminal; and its order where it is still seen when one is asked."""
    dry_run = call.options.dry_run
    with call.printer.paged():
        call.show(pages, data=dry_run)
    call.printer.tell(order, data=dry_run)
