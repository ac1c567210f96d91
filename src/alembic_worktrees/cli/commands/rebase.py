"""`rebase`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ... import git
from ...messages.errors import DONE
from .call import open_call
from .working import must_agree, working

if TYPE_CHECKING:
    import argparse

    from ..printer import Printer


def rebase(options: argparse.Namespace, printer: Printer) -> int:
    """Give own migrations other parents, in files and rows; print the path of each file that changed."""
    call = open_call(options, printer)
    with working(call, must_agree) as work:
        from ...author import rebase as story  # while Alembic starts

        wanted = story.Wanted(tuple(options.revisions), options.onto, options.replay, options.dry_run)
        paths = story.rebase(work, wanted)
    if options.stage and paths:
        git.stage(call.project.root, paths)
    printer.data(*map(str, paths))
    if options.replay and not options.dry_run:
        heads = call._replace(settings=call.settings._replace(target="heads"))
        with working(heads) as work:
            from ...borrow.upgrade import upgrade

            upgrade(work)
    return DONE
