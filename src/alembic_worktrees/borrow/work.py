"""On what does a command work, and who follows it? What each story of borrowing is told with."""

from __future__ import annotations

from contextlib import closing, contextmanager, nullcontext
from typing import TYPE_CHECKING, NamedTuple

from ..migrations.inventory import take_inventory
from ..search.search import THOROUGH, Search
from .aside import waiting
from .lock import WAITING, only_one
from .situation import decide, take_over

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from ..database.applied import Applied
    from ..database.client import Database
    from ..messages import Message
    from ..migrations.inventory import Inventory, Skipped
    from ..project.project import Project
    from ..project.settings import Settings
    from .situation import Situation


class Audience(NamedTuple):
    """Who follows the story: what to tell it, and whom to ask before anything is changed."""

    tell: Callable[[Message], None]
    detail: Callable[[Message], None] = lambda _: None  # what is of interest only with -v
    tell_skipped: Callable[[Sequence[Skipped]], None] = lambda _: None
    allow: Callable[[Applied], None] = lambda _: None  # raises UserError if that is not to be changed
    review: Callable[[Situation], None] = lambda _: None  # raises UserError if that is not to be borrowed
    fetch: Callable[[], None] | None = None  # brings the archives of others


class Work(NamedTuple):
    """One project and its database, and who follows what is done there."""

    project: Project
    settings: Settings
    database: Database
    audience: Audience

    def look(
        self, applied: Applied, prefer: str | None = None, inventory: Inventory | None = None
    ) -> Situation:
        """Compare what is applied with what is here, and decide. Reads only. Raises UserError.

        `prefer` names the origin that beats all others; `inventory` is what lies here, if that was read already.
        """
        project, audience = self.project, self.audience
        inventory = inventory or take_inventory(project)
        search = Search(
            project,
            self.settings,
            borrowed=inventory.borrowed,
            waiting=waiting(project),
            prefer=prefer,
            loads=self.database.loads,
            tell=audience.tell,
            fetch=audience.fetch,
            timeout=THOROUGH,
        )
        if prefer:
            search.must_know_preferred()
        return decide(project, applied, take_over(inventory, applied, project, search), search)

    def locked(self) -> AbstractContextManager[None]:
        """Hold the lock of all checkouts of the repository."""
        return only_one(self.project.repository, lambda: self.audience.tell(WAITING))

    @contextmanager
    def asked_alone(self, *, dry_run: bool = False) -> Iterator[Applied]:
        """Hold that lock and the database's, but not with `dry_run`; yield what is applied."""
        database = self.database
        with nullcontext() if dry_run else self.locked(), closing(database):
            yield database.probe() if dry_run else database.probe_alone(lambda: self.audience.tell(WAITING))
