"""`upgrade` and `copy`."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ...database.client import Database
from ...messages import OK, WARN, Message, _, _n
from ...messages.errors import DONE, Usage, UserError
from ...project.project import find_folder
from ...search.archive import Team, sharing, team_of
from ..printer import YES
from .call import Call, files_of, open_call, our_command
from .consent import is_near, must_be_meant

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from ...borrow.preview import Page
    from ...borrow.situation import Situation
    from ...borrow.work import Audience
    from ...database.applied import Applied
    from ..printer import Printer

ALL = "a"  # the answer to a question of a row of them


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
    team = team_of(call.project, settings, printer.tell)
    with sharing(team), open_database(call) as database:
        from ...borrow import upgrade as story  # while Alembic starts
        from ...borrow.work import Work

        meant = options.remote_database or settings.remote_database
        listening = audience(call, partial(must_be_meant, printer, meant), team)
        story.upgrade(
            Work(call.project, settings, database, listening),
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
    if options.host and not is_near(call, options.host):
        return DONE
    situation = _copied(call)
    return _must_be_own(situation) if options.own else _show(situation, call)


def _find_caller(options: argparse.Namespace) -> None:
    """Make the options name the project of the env.py that calls: it hands on what Alembic knows, as it stands."""
    options.config = [os.path.abspath(ini) for ini in options.config if ini]
    scripts = Path(options.env).resolve().parent
    places = (Path(options.config[0]).parent, Path.cwd()) if options.config else scripts.parents
    options.directory = str(find_folder(scripts, places, files_of(options)) or Path.cwd())
    options.host = options.host or os.environ.get("PGHOST")


def _copied(call: Call) -> Situation:
    options = call.options
    with open_database(call, needed=not options.applied) as database:
        from ...borrow import upgrade as story  # while Alembic starts
        from ...borrow.work import Work

        return story.copy(
            Work(call.project, call.settings, database, audience(call)),
            prefer=options.prefer,
            dry_run=options.dry_run or options.own,
            told=options.applied,
        )


def _show(situation: Situation, call: Call) -> int:
    """Show what was borrowed, or would be. Raises UserError if it could not be."""
    options, printer = call.options, call.printer
    if options.json:
        printer.document(_plan_document(situation))
    elif options.dry_run:
        _print_plan(situation, printer)
    if options.dry_run and _reviews(call):
        with printer.paged():
            call.show(_sheets(situation), data=not options.json)
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
            "  To let Alembic write all the same: ALEMBIC_WORKTREES=off alembic revision …"
        )
        raise UserError(text, revisions=foreign)
    return DONE


def open_database(call: Call, *, needed: bool = True) -> Database:
    """Start the Alembic of the project if it is `needed`, and come back at once."""
    settings = call.settings
    return Database(
        call.project,
        settings,
        os.environ,
        directly=True,
        verbose=call.options.verbose,
        needed=needed,
        tell=call.printer.tell,
    )


def audience(
    call: Call, allow: Callable[[Applied], None] = lambda _: None, team: Team | None = None
) -> Audience:
    """Return who follows a story: the user, who may be asked by `allow` before a database is changed."""
    from ...borrow.work import Audience

    review = partial(_review, call) if _reviews(call) else (lambda _: None)
    team = team or team_of(call.project, call.settings, call.printer.tell)
    fetch = team.fetch if team else None
    return Audience(call.printer.tell, call.tell_detail, call.tell_skipped, allow, review, fetch)


def _reviews(call: Call) -> bool:
    chosen: bool | None = getattr(call.options, "review", None)
    return call.settings.review if chosen is None else chosen


def _review(call: Call, situation: Situation) -> None:
    """Show each file that would be borrowed, and ask for it, or for all the rest. Raises UserError."""
    copies = situation.plan.copies
    if not call.printer.can_ask:
        read = our_command(call.options, "copy", "--dry-run", "--review")
        again = our_command(call.options, call.options.command, "--no-review")
        count = _n("{n} migration would be borrowed", "{n} migrations would be borrowed", len(copies))
        text = _(
            "{count}, and here nobody can be asked; nothing was written.\n"
            "  To read what would be borrowed: {read}\n"
            "  Then to go on without a question: {again}"
        )
        raise UserError(text, count=count, read=read, again=again)
    for number, page in enumerate(_sheets(situation), 1):
        with call.printer.paged():
            call.show([page])
        if _chosen(call.printer, number, len(copies)) == ALL:
            return


def _chosen(printer: Printer, number: int, total: int) -> str:
    """Return the answer to whether this file is to be borrowed. Raises UserError for a no: all are needed, or none."""
    about = {"number": number, "total": total}
    text = _("Alembic runs what it loads. Borrow this file ({number} of {total})? [y,n,a,?] ")
    help = _("y: this file; n: none of them, and nothing is written; a: this and all that follow, unread")
    while (answer := printer.choice(Message(text, about, WARN))) == "?":
        printer.tell(Message(help, mark=WARN))
    if answer not in YES | {ALL}:
        raise UserError(_("Not borrowed; nothing was written."))
    return answer


def _sheets(situation: Situation) -> Iterator[Page]:
    from ...borrow.preview import author_of, pages

    return pages(situation.plan.copies, author_of(situation.project, lambda: situation.search.surroundings))


def _plan_document(situation: Situation) -> dict[str, object]:
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
        "applied": sorted(situation.applied.heads),
        "missing": list(plan.missing),
        "copies": copies,
        "unresolved": list(plan.unresolved),
    }


def _print_plan(situation: Situation, printer: Printer) -> None:
    from ...borrow.telling import taken_over

    for row in situation.inventory.taken:
        printer.tell(taken_over(row))
    for copied in situation.plan.copies:
        revision, origin = copied.candidate.revision.id, copied.candidate.origin.name
        values = {"revision": revision, "origin": origin, "path": copied.path}
        printer.answer(Message(_("{revision} ← {origin}: {path}"), values))
    for row in situation.plan.returned:
        values = {"revision": row.entry.revision, "path": row.migration.path}
        printer.answer(Message(_("{revision} would be removed: {path}"), values))
