"""What belongs to this branch: `adopt` makes borrowed migrations its own, `merge` joins its own heads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import git
from ..borrow.apply import hand_over, tidy
from ..borrow.loading import comment_out
from ..borrow.lock import only_one
from ..messages import OK, STEP, Message, _
from ..messages.errors import UserError
from ..migrations.graph import number_of_heads
from ..migrations.inventory import Borrowed, Inventory, from_origin, take_inventory
from .parent import why_not_loaded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from ..project.project import Project
    from .compare import Author, Tell


def adopt(project: Project, revisions: Sequence[str]) -> tuple[Borrowed, ...]:
    """Make borrowed revisions, and the borrowed ancestors that they need, this branch's own, and stage them.

    Returns what was adopted, parents first. Raises UserError; then nothing is staged.
    """
    with only_one(project.repository, lambda: None):
        inventory = take_inventory(project)
        tidy(project, inventory)
        borrowed = {row.entry.revision: row for row in _adoptable(project, inventory)}
        for revision in revisions:
            _must_be_borrowed(revision, borrowed, inventory)
        needed = inventory.graph.closure(revisions).known & borrowed.keys()
        rows = tuple(borrowed[revision] for revision in inventory.graph.order(needed))
        hand_over(rows, project, inventory)
        return rows


def _adoptable(project: Project, inventory: Inventory) -> Iterator[Borrowed]:
    """Yield what is borrowed, and what was and has been staged since: by hand, or by an `adopt` that was killed."""
    yield from inventory.copies
    brought = git.in_head(project.root, [row.migration.path for row in inventory.arrived])
    yield from (row for row in inventory.arrived if row.migration.path not in brought)


def _must_be_borrowed(revision: str, borrowed: Mapping[str, Borrowed], inventory: Inventory) -> None:
    if revision in borrowed:
        return
    for migration in inventory.own:
        if migration.revision.id == revision:
            text = _("{revision} is not borrowed here; it is this checkout's own already: {path}")
            raise UserError(text, revision=revision, path=migration.path)
    text = _(
        "{revision} is not borrowed here, so it cannot be adopted. What is borrowed:\n"
        "{known:lines}\n"
        "  To borrow what the database needs: alembic-worktrees copy"
    )
    raise UserError(text, revision=revision, known=tuple(sorted(borrowed)))


def merge(author: Author, message: str) -> tuple[Path, ...]:
    """Join this branch's own diverged heads, and return the paths of the new migrations; () if there are none.

    A borrowed head is told of and never named in `down_revision`. Raises UserError.
    """
    inventory = take_inventory(author.project)
    families = inventory.graph.families(inventory.branch_graph.heads)
    _tell_left_out(inventory, author.tell)
    diverged = [family for family in families if len(family) > 1]
    if not diverged:
        count = number_of_heads(sum(map(len, families)))
        text = _("Nothing to merge: this branch has {count} of its own, and none diverge.")
        author.tell(Message(text, {"count": count}, OK))
        return ()
    written: list[Path] = []
    with author.database() as database:
        comment_out([row.migration for row in inventory.borrowed], database, author.tell)
        for heads in diverged:
            paths = database.merge(message, heads)
            if paths is None:
                text = _("Alembic could not merge {heads:list}; see its message above.")
                raise why_not_loaded(inventory) or UserError(text, heads=heads)
            author.tell(Message(_("Merged {heads:list}. Commit the new file."), {"heads": heads}, OK))
            written += paths
    return tuple(written)


def _tell_left_out(inventory: Inventory, tell: Tell) -> None:
    origins = inventory.origins
    heads = [head for head in inventory.graph.real_heads if head in origins]
    if heads:
        text = _("Left out, because they belong to other checkouts: {heads:list}")
        tell(Message(text, {"heads": tuple(from_origin(head, origins[head]) for head in heads)}, STEP))
