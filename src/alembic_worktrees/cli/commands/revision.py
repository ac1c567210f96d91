"""`revision`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from ...author.compare import Author
from ...author.revision import Wanted, write_revision
from ...messages import TITLE, Message, _
from ...messages.errors import DONE
from ..subcommands import ALEMBIC
from .call import open_call, our_command

if TYPE_CHECKING:
    import argparse

    from ..printer import Printer


def revision(options: argparse.Namespace, printer: Printer) -> int:
    """Write a migration of this branch; print its path."""
    call = open_call(options, printer)
    author = Author(call.project, call.settings, os.environ, printer.tell, options.verbose)
    paths = write_revision(author, _wanted(options))
    printer.data(*map(str, paths))
    if paths:
        sys.stdout.flush()  # what is told comes after it
        printer.tell(Message(_("Next: {command}"), {"command": our_command(options, "upgrade")}, TITLE))
    return DONE


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
