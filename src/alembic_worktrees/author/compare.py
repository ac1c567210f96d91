"""What is this branch's own of what models and database differ in? (DESIGN, rule 14)."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from ..database.client import Database
from ..messages import _
from ..messages.errors import UserError
from ..migrations.inventory import take_inventory
from ..search.archive import team_of
from ..search.by_hand import copied_by_hand
from ..search.checkouts import look_around
from .authors import Authors, Text
from .content import Content, content_by_names, own_content, whole_content
from .published import published_point, written_out

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from ..borrow.situation import Situation
    from ..database.applied import Applied, VersionTable
    from ..database.comparison import Comparison
    from ..messages import Message
    from ..migrations.inventory import Inventory, Migration
    from ..project.project import Project
    from ..project.settings import Settings

    Tell = Callable[[Message], None]


class Author(NamedTuple):
    """Who writes: one checkout, and how it is asked and told."""

    project: Project
    settings: Settings
    environment: Mapping[str, str]
    tell: Tell
    verbose: bool = False

    def database(self, *, silent: bool = False) -> Database:
        """Start the project's Alembic."""
        silent, verbose = silent and not self.verbose, self.verbose
        return Database(self.project, self.settings, self.environment, verbose=verbose, silent=silent)


def inventory_of(author: Author) -> Inventory:
    """Return what lies here; what somebody has copied by hand from another checkout is not this branch's."""
    inventory, project = take_inventory(author.project), author.project
    around = author.settings.search
    return inventory.taking_over(copied_by_hand(project, inventory, lambda: look_around(project, around)))


def differences(author: Author) -> Content:
    """Return in what models and database differ. Raises what `compare` raises."""
    with author.database() as database:
        return compare(author, database, inventory_of(author), ["--autogenerate"])


def compare(
    author: Author, database: Database, inventory: Inventory, argv: Sequence[str], *, own_it: bool = False
) -> Content:
    """Return what the models of this checkout want of the database, and what of that is not this branch's own.

    With `own_it` also what others have done already is to be written, if these models want it.
    Raises UserError, also what `Database.comparison` raises.
    """
    with Published(author) as published:
        database.begin_comparison(argv)
        published.begin(argv)
        mine = database.comparison()
        if not _foreign_ids(mine.applied, inventory):
            _must_be_applied(inventory.branch_graph.nodes.keys() - _everywhere(mine.applied, inventory))
            return whole_content(mine.operations)
        from ..borrow.work import Audience, Work

        team = team_of(author.project, author.settings, author.tell)
        fetch = team.fetch if team else None
        audience = Audience(author.tell, fetch=fetch)
        situation = Work(author.project, author.settings, database, audience).look(mine.applied)
        authors = _authors(situation, published)
        _must_be_applied(_pending(situation, authors))
        try:
            theirs = published.comparison(mine.applied)
        except (UserError, OSError) as error:
            return content_by_names(mine.operations, authors, _reason(error))
        content = own_content(mine.operations, theirs.operations, authors)
        return content._replace(added=published.undoing(content.undoing)) if own_it else content


def _foreign_ids(applied: Applied, inventory: Inventory) -> frozenset[str]:
    return inventory.graph.closure(applied.heads).all - inventory.branch_graph.nodes.keys()


def _everywhere(applied: Applied, inventory: Inventory) -> frozenset[str]:
    """Return what is applied in every database."""
    done = [inventory.graph.closure(table.heads).known for table in applied.tables]
    return frozenset.intersection(*done)


def _must_be_applied(pending: frozenset[str] | set[str]) -> None:
    if pending:
        text = _(
            "{revisions:list} of this branch is not applied yet, so the database cannot be "
            "compared with the models. Apply it first: alembic-worktrees upgrade"
        )
        raise UserError(text, revisions=tuple(sorted(pending)))


def _pending(situation: Situation, authors: Authors) -> frozenset[str] | set[str]:
    """Return what of this branch some database has not applied."""
    pending = situation.pending & situation.inventory.branch_graph.nodes.keys()
    if situation.plan.lost:  # what nobody has may have come after anything that is published
        return pending & {text.revision for text in authors.new}
    return pending


def _reason(error: UserError | OSError) -> Message | str:
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}"
    return str(error.values["reason"]) if "reason" in error.values else error.message


def _authors(situation: Situation, published: Published) -> Authors:
    old: list[Text] = []
    new: list[Text] = []
    for one in situation.inventory.originals:
        (old if published.has(one.path) else new).append(_text(one, ""))
    copies = (
        Text(one.candidate.revision.id, one.candidate.origin.name, _decoded(one.candidate.content))
        for one in situation.plan.copies
    )
    rows = situation.inventory.copies
    borrowed = {row.entry.revision: _text(row.migration, row.entry.origin.name) for row in rows}
    foreign = borrowed | {text.revision: text for text in copies}
    return Authors(tuple(new), tuple(old), tuple(foreign.values()))


def _text(migration: Migration, origin: str) -> Text:
    return Text(migration.revision.id, origin, _decoded(migration.content))


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", "replace")


class Published:
    """The models of the published point, which another process holds against the same database meanwhile."""

    def __init__(self, author: Author) -> None:
        self._author = author
        self._stack = ExitStack()
        self._error: UserError | OSError | None = None
        self._written: Mapping[str, str] = {}

    def __enter__(self) -> Published:
        self._database = self._author.database(silent=True)
        self._stack.callback(self._database.end)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def begin(self, argv: Sequence[str]) -> None:
        """Write the published point out, and let Alembic compare it; that it cannot be is for `comparison` to say."""
        project, settings = self._author.project, self._author.settings
        try:
            if project.repository is None:
                raise UserError(_("there is no git here"))
            point = published_point(project, settings.published)
            self._written = self._stack.enter_context(written_out(project, point, settings.config))
            self._database.begin_comparison(argv, self._written)
        except (UserError, OSError) as error:
            self._error = error

    def has(self, path: Path) -> bool:
        """Whether the published point has a file of this checkout."""
        root = self._author.project.root
        if not self._written or not path.is_relative_to(root):
            return True
        return os.path.lexists(os.path.join(self._written["there"], path.relative_to(root)))

    def undoing(self, numbers: Sequence[int]) -> tuple[Mapping[str, object], ...]:
        """Return what undoes these operations of its comparison."""
        return self._database.undoing(numbers)

    def comparison(self, applied: Applied) -> Comparison:
        """Return what its models want of the database with these rows. Raises UserError, OSError."""
        if self._error:
            raise self._error
        found = self._database.comparison()
        here = {_where(table, str(self._author.project.folder)) for table in applied.tables}
        if {_where(table, self._written["folder"]) for table in found.applied.tables} != here:
            text = _("its env.py leads to another database: {databases:list}")
            raise UserError(text, databases=found.applied.names)
        return found


def _where(table: VersionTable, folder: str) -> tuple[object, ...]:
    database = os.path.realpath(os.path.join(folder, table.file)) if table.file else table.database
    about = table.dialect, table.hosts, table.port, table.table, table.schema
    return (database, frozenset(table.heads), *about)
