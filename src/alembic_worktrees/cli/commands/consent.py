"""May a database be changed? One that is elsewhere only if it is meant, and on its own only with a yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...messages import WARN, Message, _
from ...messages.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...database.applied import Applied, Remote
    from ..printer import Printer
    from .call import Call


def must_agree(call: Call, applied: Applied) -> None:
    """Ask whether what was shown is to be done to these databases; not with --yes. Raises UserError for a no."""
    options, printer = call.options, call.printer
    must_be_meant(printer, options.remote_database or call.settings.remote_database, applied)
    question = Message(_("Change {database:list} so? [y/N] "), {"database": applied.names}, WARN)
    if not applied.tables:
        question = Message(_("Change the files so? [y/N] "), mark=WARN)
    if options.yes or printer.ask(question):
        return
    if not printer.can_ask:
        raise UserError(_("Nobody can be asked here, so nothing was changed. To have it done: add --yes"))
    raise UserError(_("Nothing was changed."))


def must_be_meant(printer: Printer, meant: bool | Sequence[str] | None, applied: Applied) -> None:
    """Ask before a database is changed that is not local, unless all are meant, or its host is. Raises UserError."""
    if meant is True:
        return
    named = {host.lower() for host in meant or ()}
    hosts = [(table.name, remote) for table in applied.tables for remote in table.remote]
    for name, remote in dict.fromkeys(hosts):
        values = {"database": name, "host": remote.host, "why": _why(remote)}
        question = Message(_("{database} is not a local database, {why}. Change it? [y/N] "), values, WARN)
        if remote.host.lower() not in named and not printer.ask(question):
            text = _(
                "{database} is not a local database, {why}; it is changed only if you say so: "
                "add --remote-database, or put its host under [tool.alembic-worktrees] in "
                'pyproject.toml: remote-database = ["{host}"]'
            )
            raise UserError(text, **values)


def is_near(call: Call, host: str) -> bool:
    """Whether a database on this host is local, or one of those that are meant; what it is else is said."""
    from ...database.runner.hosts import remote_among

    meant = call.settings.remote_database
    if meant is True or host in (meant or ()) or not remote_among([host], None):
        return True
    text = _(
        "The database is on {host}, which is not this machine, so nothing was borrowed. To borrow all the "
        "same: alembic-worktrees copy"
    )
    call.printer.tell(Message(text, {"host": host}, WARN))
    return False


def _why(remote: Remote) -> Message:
    if remote.address == remote.host:
        text = _("for {host} is not this machine's loopback address")
    elif remote.address:
        text = _("for {host} is {address}, not this machine's loopback address")
    else:
        text = _("for no address of {host} is known here")
    return Message(text, remote._asdict())
