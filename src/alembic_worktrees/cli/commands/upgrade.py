"""`upgrade` and `copy`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ...messages import OK, Message, _
from ...messages.errors import DONE, Usage, UserError
from ...project.finding import find_folder
from .call import Call, files_of, open_call
from .working import is_near, must_be_meant, reviews, sheets, working

if TYPE_CHECKING:
    import argparse

    from ...borrow.situation import Situation
    from ..printer import Printer


def upgrade(options: argparse.Namespace, printer: Printer) -> int:
    """Borrow what is missing here, then upgrade."""
    call = open_call(options, printer)
    settings = call.settings
    settings = settings._replace(
        target=options.target or settings.target, max_attempts=options.max_attempts or settings.max_attempts
    )
    if options.target and settings.upgrade_argv("") == settings.upgrade_command != ():
        text = _(
            "The setting upgrade-command goes where it always goes. For --target put {target} into it, "
            "where the target is to stand: {words:list}"
        )
        raise Usage(text, target="{target}", words=settings.upgrade_command)
    with working(call._replace(settings=settings), must_be_meant) as work:
        from ...borrow import upgrade as story  # while Alembic starts

        story.upgrade(
            work,
            prefer=options.prefer,
            trust_files=options.trust_files,
            borrowed_parents=options.on_borrowed,
            drops=options.yes_drop,
        )
    return DONE


def copy(options: argparse.Namespace, printer: Printer) -> int:
    """Borrow what is missing here; with --dry-run say what that would be."""
    if (options.own or options.host) and not options.applied:
        raise Usage(_("--own and --host go with --applied: alembic-worktrees copy --applied a1b2c3d4 --own"))
    if options.env:
        if os.environ.get("CI"):
            return DONE
        _find_caller(options)
    call = open_call(options, printer)
    if options.host and not (options.own or is_near(call, options.host)):
        return DONE
    with working(call, shared=False, needed=not options.applied) as work:
        from ...borrow import copying as story  # while Alembic starts

        dry_run = options.dry_run or options.own
        situation = story.copy(work, prefer=options.prefer, dry_run=dry_run, told=options.applied)
    return _must_be_own(situation) if options.own else _show(situation, call)


def _find_caller(options: argparse.Namespace) -> None:
    """Make the options name the project of the env.py that calls: it hands on what Alembic knows, as it stands."""
    options.config = [os.path.abspath(ini) for ini in options.config if ini]
    scripts = Path(options.env).resolve().parent
    places = (Path(options.config[0]).parent, Path.cwd()) if options.config else scripts.parents
    options.directory = str(find_folder(scripts, places, files_of(options)) or Path.cwd())
    options.host = options.host or os.environ.get("PGHOST")


def _show(situation: Situation, call: Call) -> int:
    """Show what was borrowed, or would be. Raises UserError if it could not be."""
    options, printer = call.options, call.printer
    if options.json:
        printer.document(_plan_document(situation))
    elif options.dry_run:
        _print_plan(situation, printer)
    if options.dry_run and reviews(call):
        with printer.paged():
            call.show(sheets(situation), data=not options.json)
    from ...borrow.obstacles import obstacle_to

    if error := obstacle_to(situation):
        raise error
    if not situation.plan.copies and not situation.plan.returned:
        printer.tell(Message(_("Nothing to borrow: all that is applied is here."), mark=OK))
    return DONE


def _must_be_own(situation: Situation) -> int:
    """Stop an `alembic revision` that would build on what others made, and take it back."""
    if foreign := tuple(sorted(situation.foreign)):
        text = _(
            "{revisions:list} is applied and not this branch's own, so Alembic would build on it, and with "
            "--autogenerate take back what it did. Nothing was written.\n"
            "  To write only what is this branch's own: alembic-worktrees revision --autogenerate -m MESSAGE\n"
            "  To let Alembic write all the same, put before your command: ALEMBIC_WORKTREES=off"
        )
        raise UserError(text, revisions=foreign)
    return DONE


def _plan_document(situation: Situation) -> dict[str, object]:
    plan, root = situation.plan, situation.project.root
    copies = [
        {
            "revision": copied.revision,
            "path": os.path.relpath(copied.path, root),
            "origin": copied.candidate.origin._asdict(),
        }
        for copied in plan.copies
    ]
    return {
        "applied": sorted(situation.applied.heads),
        "missing": list(plan.missing),
        "copies": copies,
        "unresolved": list(plan.unresolved),
    }


def _print_plan(situation: Situation, printer: Printer) -> None:
    from ...borrow.telling import taken_over

    printer.tell(*map(taken_over, situation.inventory.taken))
    for copied in situation.plan.copies:
        printer.tell(Message(_("{revision} ← {origin}: {path}"), copied.about), data=True)
    for row in situation.plan.returned:
        printer.tell(Message(_("{revision} would be removed: {path}"), row.about), data=True)
