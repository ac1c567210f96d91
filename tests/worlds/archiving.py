"""What is kept in an archive; as a program, what keeps one generation of migrations after the other."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from alembic_worktrees.migrations.inventory import Migration
from alembic_worktrees.migrations.revision import read_revision
from alembic_worktrees.search import archive
from worlds.searching import project
from worlds.world import Checkout, Layout, World, revision_text

if TYPE_CHECKING:
    from collections.abc import Sequence


def migration(checkout: Checkout, id: str, *, file: str | None = None, table: str = "t") -> Migration:
    """A migration as it would be applied in this checkout."""
    content = revision_text(id, None, table=table).encode()
    below = file or f"{abs(hash(id))}.py"
    path = checkout.versions / below
    return Migration(read_revision(content, path.name), content, path.parent, path.name)


def generation(checkout: Checkout, mark: str) -> list[Migration]:
    """Five migrations that belong together."""
    return [migration(checkout, f"{mark}-{number}".replace("-", "_")) for number in range(5)]


def keep(checkout: Checkout, *migrations: Migration, ran: Sequence[str] = ()) -> tuple[str, ...]:
    """Keep them as applied in the database `db`, where some of them ran."""
    here, ids = project(checkout), frozenset(one.revision.id for one in migrations)
    runs = [archive.Run("db", frozenset(ran), ids)] if ran else []
    applied = {one.revision.id: one for one in migrations}
    before = archive.read(here.root) if here.repository else None
    return archive.keep(here, applied, runs, frozenset(), before)


def main(root: str, name: str, mark: str, count: str) -> None:
    """Keep `count` generations of the checkout `name` of the world in `root`, as fast as that goes."""
    checkout = Checkout(World(Path(root), Layout(), {}), Path(root, name))
    print("ready", flush=True)
    for number in range(int(count)):
        keep(checkout, *generation(checkout, f"{mark}{number}"))


if __name__ == "__main__":
    main(*sys.argv[1:])
