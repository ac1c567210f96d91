"""`revision`, `adopt`, `merge` and `rebase`: how this branch writes its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ... import git
from ...author import own
from ...author.compare import Author
from ...author.revision import Wanted, write_revision
from ...author.stub import write_stub
from ...messages import OK, TITLE, WARN, Message, _
from ...messages.errors import DONE, Usage
from ..subcommands import ALEMBIC
from .call import Call, open_call, our_command
from .working import must_agree, working

if TYPE_CHECKING:
    import argparse

    from ..printer import Printer


def revision(options: argparse.Namespace, printer: Printer) -> int:
    """Write a migration of this branch; print its path."""
    call = open_call(options, printer)
    paths = write_revision(_author(call), _wanted(options))
    printer.data(*map(str, paths))
    if paths:
        text = (
            _("Next: {command}")
            if options.autogenerate
            else _("Next: write what it is to do, then {command}")
        )
        printer.tell(Message(text, {"command": our_command(options, "upgrade")}, TITLE))
    return DONE


def _author(call: Call) -> Author:
    return Author(call.project, call.settings, os.environ, call.printer.tell, call.options.verbose)


def _wanted(options: argparse.Namespace) -> Wanted:
    argv = ["-m", options.message] if options.message is not None else []
    for (name,), *_rest in ALEMBIC:
        if (value := getattr(options, name[2:].replace("-", "_"))) is not None:
            argv += [name, value]
    argv += ["--sql"] if options.sql else []
    return Wanted(
        tuple(argv),
        autogenerate=options.autogenerate,
        head=options.head,
        splice=options.splice,
        depends_on=tuple(options.depends_on),
        on_borrowed=options.on_borrowed,
        keep_all=options.keep_all,
        allow_empty=options.allow_empty,
        own_it=options.own_it,
    )


def adopt(options: argparse.Namespace, printer: Printer) -> int:
    """Make borrowed migrations this branch's own."""
    if options.stub != bool(options.parent) or (options.stub and len(options.revisions) != 1):
        text = _(
            "--stub and --parent belong together, for one id: {command} --stub REVISION --parent REVISION"
        )
        raise Usage(text, command="alembic-worktrees adopt")
    call = open_call(options, printer)
    if options.stub:
        return _stand_in(call, options.revisions[0], options.parent)
    rows = own.adopt(call.project, options.revisions)
    for row in rows:
        text = _("{revision}, borrowed from {origin}, is now this branch's own, and staged: {path}")
        printer.tell(Message(text, row.about, OK))
    if whole := tuple(row.revision for row in rows if row.migration.commented_out):
        text = _(
            "{revisions:list} was commented out here, for this branch could not import it, and is whole again: "
            "add what it imports, or Alembic fails."
        )
        printer.tell(Message(text, {"revisions": whole}, WARN))
    return DONE


def _stand_in(call: Call, revision: str, parent: str) -> int:
    path = write_stub(call.project, call.settings, revision, parent)
    text = _(
        "An empty migration stands in for {revision}, after {parent}, and is staged: {path}\n"
        "  It makes nothing of what that one made; write that into it if others need it. Then commit it."
    )
    call.printer.tell(Message(text, {"revision": revision, "parent": parent, "path": path}, OK))
    return DONE


def merge(options: argparse.Namespace, printer: Printer) -> int:
    """Join this branch's own heads; print the path of each new migration."""
    call = open_call(options, printer)
    paths = own.merge(_author(call), options.message or "merge heads")
    if options.stage and paths:
        git.stage(call.project.root, paths)
    printer.data(*map(str, paths))
    return DONE


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
