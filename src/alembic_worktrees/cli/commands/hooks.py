"""`protect` and `report`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ...check.review import find_scope
from ...messages.errors import DONE, UserError
from ...messages.message import Message
from ...project.project import config_files
from .check import _is_skipped, _passable

if TYPE_CHECKING:
    import argparse

    from ..printer import Printer


def protect(options: argparse.Namespace, printer: Printer) -> int:
    """Refuse a commit that rewrites a published migration, unless SKIP names us, as for pre-commit."""
    from ...hooks.protect import rewritten

    if _is_skipped("alembic-protect"):
        return DONE
    files = config_files(options.config, options.name, (), os.environ)
    scope = find_scope(options.directory, Path.cwd(), files)
    with _passable(printer, Message("past-protect")):
        rows = tuple(rewritten(scope)) if scope else ()
        if scope and rows:
            printer.speak(scope.language())
            named = tuple(Message(f"protected-{row.how}", {"path": row.path}) for row in rows)
            branches = tuple(dict.fromkeys(row.published for row in rows))
            raise UserError("protected", branches=branches, rows=named, paths=tuple(row.path for row in rows))
    return DONE


def report(options: argparse.Namespace, printer: Printer) -> int:
    """Say what a merge, rebase or checkout brought. Never fails: git has done its work already."""
    try:
        _report(options, printer)
    except UserError as error:
        printer.tell(Message(error.key, error.values))
    except Exception as error:
        from ...database.runner.masking import mask

        printer.tell(Message("report-failed", {"error": mask(f"{type(error).__name__}: {error}")}))
    return DONE


def _report(options: argparse.Namespace, printer: Printer) -> None:
    from ...hooks.report import make_report, say, what_happened
    from ...hooks.touched import told

    files = config_files(options.config, options.name, (), os.environ)
    scope = find_scope(None, Path.cwd(), files)
    event = what_happened(told(options.argv, os.environ), scope) if scope else None
    if scope and event:
        found = make_report(scope, event)
        printer.speak(scope.language(found.folders))
        say(found, printer.tell)
