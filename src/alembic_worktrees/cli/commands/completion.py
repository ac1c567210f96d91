"""`completion`: the script for a shell, and what that script asks with each press of the tab key."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from ... import git
from ...install.shim import detect, render_completion
from ...messages.errors import DONE, UserError
from ...migrations.inventory import take_inventory, visit
from ...search.checkouts import look_around
from ..completion import Word, complete
from ..options import make_parser
from .call import Call, open_call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..printer import Printer


def completion(options: argparse.Namespace, printer: Printer) -> int:
    """Print the script of a shell, or answer it: the kind of what may stand next, then each word and its meaning."""
    if options.line is None:
        sys.stdout.write(render_completion(options.shell or detect()))
        return DONE

    def know(command: str, kind: str) -> Iterator[Word]:
        try:
            yield from _known(command, kind, printer)
        except UserError:
            return  # the user presses tab and shall see nothing but the line

    offer = complete(make_parser(printer.phrase), options.line, know)
    printer.data(offer.kind)
    for word, meaning in dict.fromkeys(offer.words):
        if f"{word}{meaning}".isprintable():
            printer.data(f"{word}\t{meaning}")
    return DONE


def _known(command: str, kind: str, printer: Printer) -> Iterator[Word]:
    nothing_said = argparse.Namespace(config=[], name="alembic", directory=None, verbose=False)
    call = open_call(nothing_said, printer)
    if kind == "REVISION":
        yield from _borrowed(call) if command == "adopt" else _revisions(call, everywhere=command == "find")
    elif kind == "ORIGIN":
        yield from (Word(checkout.name, str(checkout.path)) for checkout in look_around(call.project).others)
        yield from _refs(call)
    elif kind == "REV":
        yield from (Word("HEAD"), *_refs(call))


def _borrowed(call: Call) -> Iterator[Word]:
    inventory = take_inventory(call.project)
    for row in (*inventory.borrowed, *inventory.edited):
        yield Word(row.entry.revision, f"{row.migration.path.name} ({row.entry.origin.name})")


def _revisions(call: Call, *, everywhere: bool) -> Iterator[Word]:
    """Yield every revision of this checkout, or of all of them, each once."""
    around = look_around(call.project, call.settings.search)
    checkouts = around.checkouts if everywhere else [around.here]
    found = [(one, each) for one in checkouts for each in visit(one.project, []).all]
    words: dict[str, Word] = {}
    for checkout, migration in found:
        id, name = migration.revision.id, os.path.basename(migration.relative_path)
        if id not in words:
            words[id] = Word(id, f"{name} ({checkout.name})" if everywhere else name)
    yield from words.values()


def _refs(call: Call) -> Iterator[Word]:
    if call.project.repository:
        for tip in git.refs(call.project.root, "refs/heads", "refs/tags", "refs/remotes"):
            yield Word(tip.name.split("/", 2)[2])
