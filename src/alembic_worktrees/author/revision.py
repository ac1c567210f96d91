"""The story of a new migration: it follows this branch's own head, and undoes nobody's work."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..borrow.loading import comment_out
from ..messages import OK, WARN, Message, _
from ..messages.errors import UserError
from ..migrations.inventory import names_in
from .compare import compare, inventory_of
from .content import done_labels, labels, whole_content
from .parent import choose_parent, only_borrowed, why_not_loaded
from .telling import told

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..migrations.inventory import Inventory
    from ..project.project import Project
    from .compare import Author, Tell


class Wanted(NamedTuple):
    """What the user wants of a new migration; `argv` are Alembic's words for it that need no thought of ours."""

    argv: tuple[str, ...] = ()
    autogenerate: bool = False
    head: str | None = None
    splice: bool = False
    depends_on: tuple[str, ...] = ()
    on_borrowed: bool = False
    keep_all: bool = False
    allow_empty: bool = False
    own_it: bool = False


def write_revision(author: Author, wanted: Wanted) -> tuple[Path, ...]:
    """Let Alembic write a migration, and return its path; () where there is nothing to write.

    Raises UserError whenever there should be one and is none.
    """
    with author.database() as database:
        inventory, before = inventory_of(author), names_in(author.project, [])
        argv = _argv(inventory, wanted, author.tell)
        copies = [row.migration for row in inventory.borrowed]
        if not wanted.autogenerate:
            comment_out(copies, database, author.tell)
            return _must_be_written(database.revision(argv), author.project, inventory, before)
        argv = ["--autogenerate", *argv]
        content = compare(author, database, inventory, argv, own_it=wanted.own_it)
        if wanted.keep_all:
            content = whole_content(content.mine)
        for message in told(content):
            author.tell(message)
        if not content.kept and not content.added and not wanted.allow_empty:
            text = _(
                "Models and database differ in nothing of this branch's own, so no migration was "
                "written. To have an empty one: --allow-empty"
            )
            author.tell(Message(text, mark=OK))
            return ()
        comment_out(copies, database, author.tell)
        written = database.write_revision(content.numbers, even_empty=wanted.allow_empty, added=content.added)
        paths = _must_be_written(written, author.project, inventory, before)
        if paths:
            operations = labels(content.kept) + (done_labels(content) if content.added else ())
            text = _("The new migration:\n{operations:lines}")
            author.tell(Message(text, {"operations": operations}, OK))
        return paths


def _argv(inventory: Inventory, wanted: Wanted, tell: Tell) -> list[str]:
    parent = choose_parent(inventory, wanted.head, wanted.depends_on, splice=wanted.splice)
    if parent.borrowed:
        if not wanted.on_borrowed:
            raise only_borrowed(parent.borrowed[0], inventory)
        text = _(
            "The new migration follows {revisions:list}, only borrowed here: until git brings it, "
            "alembic-worktrees check refuses a commit of the one without the other."
        )
        tell(Message(text, {"revisions": parent.borrowed}, WARN))
    needed = [word for name in wanted.depends_on for word in ("--depends-on", name)]
    return [*parent.argv, *needed, *wanted.argv]


def _must_be_written(
    paths: tuple[Path, ...] | None, project: Project, inventory: Inventory, before: Sequence[str]
) -> tuple[Path, ...]:
    """Return these paths; if Alembic failed, say which file it left all the same, as where a post_write_hook failed."""
    if paths is not None:
        return paths
    new = [name for name in names_in(project, []) if name not in before]
    places = (location / name for name in new for location in project.versions)
    if left := tuple(path for path in places if path.exists()):
        text = _(
            "Alembic has written the migration, and failed after that; see its message above. It is kept: "
            "{files:list}\n"
            "  To have it written anew: rm {files:words}"
        )
        raise UserError(text, files=left)
    raise why_not_loaded(inventory) or UserError(
        _("Alembic could not write the migration; see its message above.")
    )
