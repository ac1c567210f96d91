"""`return` and `run`."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ...borrow.aside import own_only, take_out
from ...borrow.lock import WAITING, only_one
from ...borrow.telling import touched
from ...check.review import projects
from ...database.client import OFF
from ...messages import OK, STEP, WARN, Message, _, few
from ...messages.errors import DONE
from ...system.process import accompany
from .call import our_command, scope_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from ...borrow.aside import Taken
    from ...project.project import Project
    from ..printer import Printer


def give_back(options: argparse.Namespace, printer: Printer) -> int:
    """Take the borrowed files out of this checkout."""
    found = _projects(options, printer)
    with only_one(found[0].repository if found else None, lambda: printer.tell(WAITING)):
        taken = tuple(map(take_out, found))
    _tell_what_stays(taken, printer)
    rows = [row for one in taken for row in one.rows]
    each = [
        Message(_("Took out {revision}, borrowed from {origin}: {path}"), row.about, STEP) for row in rows
    ]
    printer.tell(*few(each, Message(_("Took out {count} borrowed migrations"), {"count": len(rows)}, STEP)))
    text = _("Nothing to take out.")
    if rows:
        text = _("To have back what was taken out: {command}")
    printer.tell(Message(text, {"command": our_command(options, "upgrade")}, OK))
    return DONE


def run(options: argparse.Namespace, printer: Printer) -> int:
    """Run a command where only this branch's own migrations are; its status is ours."""
    with without_copies(options, printer):
        return accompany(options.argv, folder=Path.cwd(), environment={**os.environ, **OFF})


@contextmanager
def without_copies(options: argparse.Namespace, printer: Printer) -> Iterator[None]:
    """Leave only this branch's own migrations here, until the end; say what else stays."""
    with own_only(_projects(options, printer), lambda: printer.tell(WAITING)) as taken:
        _tell_what_stays(taken, printer)
        yield


def _tell_what_stays(taken: Iterable[Taken], printer: Printer) -> None:
    for one in taken:
        printer.tell(*touched(one.before))
        if one.staying:
            text = _("Stays here, for what is not borrowed needs it: {revisions:list}")
            printer.tell(Message(text, {"revisions": one.staying}, WARN))


def _projects(options: argparse.Namespace, printer: Printer) -> tuple[Project, ...]:
    scope = scope_of(options)
    if scope is None:
        return ()
    printer.speak(scope.language())
    return projects(scope, placed=True)
