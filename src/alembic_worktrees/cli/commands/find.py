"""`find` and `list`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from ...messages import Message, _
from ...messages.errors import DONE, UserError
from ...migrations.inventory import from_origin, names_in, visit
from ...search.archive import runners, team_of
from ...search.checkouts import look_around
from ...search.search import THOROUGH, Search
from .call import Call, open_call

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Set

    from ...migrations.inventory import Borrowed, Inventory
    from ...search.checkouts import Checkout, Surroundings
    from ..printer import Printer


def find(options: argparse.Namespace, printer: Printer) -> int:
    """Print where a revision lies: a path, or COMMIT:PATH if only git has it."""
    call = open_call(options, printer)
    id = options.revision
    team = team_of(call.project, call.settings, printer.tell)
    search = Search(
        call.project,
        call.settings,
        here_too=True,
        tell=printer.tell,
        fetch=team.fetch if team else None,
        timeout=THOROUGH,
    )
    found = [one for one in search.find(id) if one.revision.id == id]
    call.tell_skipped(search.skipped)
    if not found:
        from ...borrow.obstacles import not_found
        from ...borrow.plan import Gap

        if longer := _beginning_with(id, search):
            text = _(
                "Migration {revision} not found in the worktrees. These begin with it, and an id "
                "has to be whole:\n"
                "{longer:lines}"
            )
            raise UserError(text, revision=id, longer=longer)
        raise not_found(call.project, search.surroundings, [Gap(id, ())], search.skipped)
    printer.data(str(found[0].path or f"{found[0].origin.commit}:{found[0].origin.path}"))
    return DONE


def _beginning_with(word: str, search: Search) -> tuple[str, ...]:
    """Return the ids in all checkouts that begin with `word`, which is not empty."""
    inventories = (visit(checkout.project, []) for checkout in search.surroundings.checkouts) if word else ()
    ids = {one.revision.id for inventory in inventories for one in inventory.all}
    return tuple(sorted(id for id in ids if id.startswith(word)))


def list_all(options: argparse.Namespace, printer: Printer) -> int:
    """Print every checkout and its migrations, the main one first."""
    call = open_call(options, printer)
    surroundings = look_around(call.project, call.settings.search)
    skipped = [*surroundings.skipped]
    seen = surroundings.checkouts if options.json or sys.stdout.isatty() else ()
    inventories = {one: visit(one.project, skipped if options.json else []) for one in seen}
    nobody = _abandoned(call, surroundings, inventories.values())
    if options.json:
        rows = [_document(one, inventory, nobody) for one, inventory in inventories.items()]
        printer.document({"checkouts": rows})
    else:
        for checkout in surroundings.checkouts:
            copies = inventories[checkout].copies if seen else ()
            borrowed = {row.migration.relative_path: printer.phrase(_borrowed(row, nobody)) for row in copies}
            names = names_in(checkout.project, skipped)
            count = f"{len(names)} migration{'' if len(names) == 1 else 's'}"
            printer.data(f"{checkout.name} ({count})", *(f"  {borrowed.get(name, name)}" for name in names))
    call.tell_skipped(skipped)
    return DONE


def _abandoned(call: Call, surroundings: Surroundings, inventories: Iterable[Inventory]) -> frozenset[str]:
    """Return what is borrowed somewhere, and of no checkout, branch or tag any more."""
    borrowed = frozenset(row.entry.revision for one in inventories for row in one.copies)
    if not borrowed:
        return borrowed
    search = Search(call.project, call.settings, here_too=True, around=surroundings)
    theirs = runners(call.project, call.settings.share)
    return borrowed.difference(theirs, (one.revision.id for one in search.owned()))


def _borrowed(row: Borrowed, nobody: Set[str]) -> Message:
    name, origin = row.migration.relative_path, row.entry.origin.name
    if row.entry.revision not in nobody:
        return from_origin(name, origin)
    text = _("{revision} (borrowed from {origin}, abandoned since)")
    return Message(text, {"revision": name, "origin": origin})


def _document(checkout: Checkout, inventory: Inventory, nobody: Set[str]) -> dict[str, object]:
    borrowed = {row.migration.path for row in inventory.copies}
    rows = [
        {
            "revision": migration.revision.id,
            "down_revision": list(migration.revision.down_revisions),
            "depends_on": list(migration.revision.depends_on),
            "path": os.path.relpath(migration.path, checkout.path),
            "borrowed": migration.path in borrowed,
            **({"abandoned": True} if migration.path in borrowed and migration.revision.id in nobody else {}),
        }
        for migration in sorted(inventory.all, key=lambda migration: migration.path)
    ]
    return {"name": checkout.name, "path": str(checkout.path), "branch": checkout.branch, "migrations": rows}
