"""`protect` and `report`."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from ...messages import WARN, Message, _
from ...messages.errors import DONE, UserError
from .call import scope_of
from .check import is_skipped, passable

if TYPE_CHECKING:
    import argparse

    from ...check.review import Scope
    from ..printer import Printer


def protect(options: argparse.Namespace, printer: Printer) -> int:
    """Refuse a commit that rewrites a published migration, unless SKIP names us, as for pre-commit."""
    if is_skipped("alembic-protect"):
        return DONE
    scope = scope_of(options)
    past = _("  To commit it anyway: SKIP=alembic-protect git commit …, or git commit --no-verify …")
    return passable(printer, Message(past), partial(_protect, scope, printer)) if scope else DONE


def _protect(scope: Scope, printer: Printer) -> int:
    from ...hooks.protect import rewritten

    rows = tuple(rewritten(scope))
    if not rows:
        return DONE
    printer.speak(scope.language())
    branches = tuple(dict.fromkeys(row.published for row in rows))
    named, paths = tuple(row.message for row in rows), tuple(row.path for row in rows)
    text = _(
        "{branches:list} already has these migrations, and others may have applied them:\n"
        "{rows:lines}\n"
        "  Write a new migration instead. To undo the change: git restore --staged "
        "--worktree {paths:top}"
    )
    raise UserError(text, branches=branches, rows=named, paths=paths)


def report(options: argparse.Namespace, printer: Printer) -> int:
    """Say what a merge, rebase or checkout brought. Never fails: git has done its work already."""
    try:
        _report(options, printer)
    except UserError as error:
        printer.tell(error.message)
    except Exception as error:
        from ...database.runner.masking import mask

        text = _(
            "alembic-worktrees could not look at the migrations ({error}). To see why: alembic-worktrees check"
        )
        printer.tell(Message(text, {"error": mask(f"{type(error).__name__}: {error}")}, WARN))
    return DONE


def _report(options: argparse.Namespace, printer: Printer) -> None:
    from ...hooks.report import make_report, what_happened
    from ...hooks.touched import told

    scope = scope_of(options)
    event = what_happened(told(options.argv, os.environ), scope) if scope else None
    if scope and event:
        found = make_report(scope, event)
        printer.speak(scope.language(found.folders))
        printer.tell(*found.messages)
