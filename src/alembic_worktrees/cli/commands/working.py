"""What a command works with that borrows, or changes a database: the project's Alembic, and a user who may be asked.

A database that is elsewhere is changed only if it is meant, and rows on their own only with a yes. What is borrowed is
shown before to who wants to read it.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from ...database.client import Database
from ...messages import WARN, Message, _, _n
from ...messages.errors import UserError
from ...search.archive import Team, sharing, team_of
from ..printer import YES
from .call import our_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ...borrow.preview import Page
    from ...borrow.situation import Situation
    from ...borrow.work import Work
    from ...database.applied import Applied, Remote
    from ..printer import Printer
    from .call import Call

ALL = "a"  # the answer to a question of a row of them


def open_database(call: Call, *, needed: bool = True) -> Database:
    """Start the Alembic of the project if it is `needed`, and come back at once."""
    return Database(
        call.project,
        call.settings,
        os.environ,
        directly=True,
        verbose=call.options.verbose,
        needed=needed,
        tell=call.printer.tell,
    )


def unasked(_call: Call, _applied: Applied) -> None:
    """Let a database be changed without a question."""


@contextmanager
def working(
    call: Call,
    allow: Callable[[Call, Applied], None] = unasked,
    team: Team | None = None,
    *,
    shared: bool = True,
    needed: bool = True,
) -> Iterator[Work]:
    """Start the project's Alembic, if it is `needed`, for what the command does; yield what it works with.

    `allow` may ask before a database is changed. What was applied is `shared` in the end.
    """
    team = team or team_of(call.project, call.settings, call.printer.tell)
    with sharing(team if shared else None), open_database(call, needed=needed) as database:
        from ...borrow.work import Audience, Work  # while Alembic starts

        audience = Audience(
            call.printer.tell,
            call.tell_detail,
            call.tell_skipped,
            partial(allow, call),
            partial(review, call),
            team.fetch if team else None,
        )
        yield Work(call.project, call.settings, database, audience)


def must_agree(call: Call, applied: Applied) -> None:
    """Ask whether what was shown is to be done to these databases; not with --yes. Raises UserError for a no."""
    options, printer = call.options, call.printer
    must_be_meant(call, applied)
    question = Message(_("Change {database:list} so? [y/N] "), {"database": applied.names}, WARN)
    if not applied.tables:
        question = Message(_("Change the files so? [y/N] "), mark=WARN)
    if options.yes or printer.ask(question):
        return
    if not printer.can_ask:
        raise UserError(_("Nobody can be asked here, so nothing was changed. To have it done: add --yes"))
    raise UserError(_("Nothing was changed."))


def must_be_meant(call: Call, applied: Applied) -> None:
    """Ask before a database is changed that is not local, unless all are meant, or its host is. Raises UserError."""
    meant = call.options.remote_database or call.settings.remote_database
    if meant is True:
        return
    named = {host.lower() for host in meant or ()}
    hosts = [(table.name, remote) for table in applied.tables for remote in table.remote]
    for name, remote in dict.fromkeys(hosts):
        values = {"database": name, "host": remote.host, "why": _why(remote)}
        question = Message(_("{database} is not a local database, {why}. Change it? [y/N] "), values, WARN)
        if remote.host.lower() not in named and not call.printer.ask(question):
            text = _(
                "{database} is not a local database, {why}; it is changed only if you say so: "
                "add --remote-database, or put its host under [tool.alembic-worktrees] in "
                'pyproject.toml: remote-database = ["{host}"]'
            )
            raise UserError(text, **values)


def is_near(call: Call, host: str) -> bool:
    """Whether a database on this host is local, or one of those that are meant; what it is else is said."""
    from ...runner.hosts import remote_among

    meant = call.settings.remote_database
    if meant is True or host in (meant or ()) or not remote_among([host], None):
        return True
    text = _(
        "The database is on {host}, which is not this machine, so nothing was borrowed. To borrow all the "
        "same: alembic-worktrees copy"
    )
    call.printer.tell(Message(text, {"host": host}, WARN))
    return False


def reviews(call: Call) -> bool:
    """Whether what would be borrowed is to be shown before."""
    chosen: bool | None = getattr(call.options, "review", None)
    return call.settings.review if chosen is None else chosen


def review(call: Call, situation: Situation) -> None:
    """Show each file that would be borrowed, and ask for it, or for all the rest, if so set. Raises UserError."""
    copies = situation.plan.copies
    if not reviews(call):
        return
    if not call.printer.can_ask:
        read = our_command(call.options, "copy", "--dry-run", "--review")
        ours = call.options.command if "review" in call.options else "copy"
        again = our_command(call.options, ours, "--no-review")
        count = _n("{n} migration would be borrowed", "{n} migrations would be borrowed", len(copies))
        text = _(
            "{count}, and here nobody can be asked; nothing was written.\n"
            "  To read what would be borrowed: {read}\n"
            "  Then to go on without a question: {again}"
        )
        raise UserError(text, count=count, read=read, again=again)
    for number, page in enumerate(sheets(situation), 1):
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


def sheets(situation: Situation) -> Iterator[Page]:
    """Yield each file that would be borrowed, to be read."""
    from ...borrow.preview import last_commit, pages

    here, around = situation.project.root, situation.search.surroundings
    return pages(situation.plan.copies, lambda candidate: last_commit(candidate, here, around))


def _why(remote: Remote) -> Message:
    if remote.address == remote.host:
        text = _("for {host} is not this machine's loopback address")
    elif remote.address:
        text = _("for {host} is {address}, not this machine's loopback address")
    else:
        text = _("for no address of {host} is known here")
    return Message(text, remote._asdict())
