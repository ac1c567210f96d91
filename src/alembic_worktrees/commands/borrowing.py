"""`upgrade` and `copy`."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from .. import upgrade as story
from ..errors import DONE, Refusal
from ..messages import Message
from .call import Call, open_call

if TYPE_CHECKING:
    import argparse

    from ..database import Applied
    from ..printer import Printer


def upgrade(options: argparse.Namespace, printer: Printer) -> int:
    """Borrow what is missing here, then upgrade."""
    call = open_call(options, printer)
    settings = call.settings
    settings = settings._replace(
        target=options.target or settings.target, max_attempts=options.max_attempts or settings.max_attempts
    )
    trusted = options.remote_database or settings.remote_database
    audience = _audience(call, trusted=trusted)
    story.upgrade(call.project, settings, os.environ, audience, prefer=options.prefer)
    return DONE


def copy(options: argparse.Namespace, printer: Printer) -> int:
    """Borrow what is missing here; with --dry-run say what that would be."""
    call = open_call(options, printer)
    audience = _audience(call, trusted=True)  # nothing is changed in the database
    situation = story.copy(
        call.project, call.settings, os.environ, audience, prefer=options.prefer, dry_run=options.dry_run
    )
    if options.json:
        printer.document(_plan_document(situation))
    elif options.dry_run:
        _print_plan(situation, printer)
    if refusal := situation.obstacle:
        raise refusal
    if not situation.plan.copies and not situation.plan.returned:
        printer.tell(Message("plan-nothing"))
    return DONE


def _audience(call: Call, *, trusted: bool) -> story.Audience:
    allow = (lambda _: None) if trusted else partial(_consent, call.printer)
    return story.Audience(call.printer.tell, call.tell_stepped, allow)


def _consent(printer: Printer, applied: Applied) -> None:
    for name in dict.fromkeys(table.name for table in applied.tables if not table.local):
        if not printer.ask(Message("ask-not-local", {"database": name})):
            raise Refusal("not-local", database=name)


def _plan_document(situation: story.Situation) -> dict[str, object]:
    plan, root = situation.plan, situation.project.root
    copies = [
        {
            "revision": copied.candidate.revision.id,
            "path": os.path.relpath(copied.path, root),
            "origin": copied.candidate.origin._asdict(),
        }
        for copied in plan.copies
    ]
    return {
        "applied": list(plan.applied),
        "missing": list(plan.missing),
        "copies": copies,
        "unresolved": list(plan.unresolved),
    }


def _print_plan(situation: story.Situation, printer: Printer) -> None:
    for copied in situation.plan.copies:
        revision, origin = copied.candidate.revision.id, copied.candidate.origin.name
        values = {"revision": revision, "origin": origin, "path": copied.path}
        printer.data(printer.phrase(Message("plan-copy", values)))
    for row in situation.plan.returned:
        values = {"revision": row.entry.revision, "path": row.migration.path}
        printer.data(printer.phrase(Message("plan-return", values)))
