"""A real history: the database stands where one branch is, the checkout on another, and `copy` makes it whole.

`worlds/stoflow.fi.gz` is the shape of a real repository: 109 branches, every migration's id, parents and file name, and
which versions of a file differ; what is in them is made up.
"""

from __future__ import annotations

import gzip
import random
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.migrations.inventory import take_inventory
from alembic_worktrees.search import archive
from worlds.searching import project
from worlds.world import Checkout, Layout, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from worlds.postgres import Database

HISTORY = Path(__file__).parents[1] / "worlds" / "stoflow.fi.gz"


@pytest.fixture
def replayed(world_root: Path, database: Database) -> World:
    """The repository, its main worktree on `develop`, and two more on no branch: `StoFlow-A` and `StoFlow-B`."""
    world = World.empty(world_root, Layout())
    world.env["DATABASE_URL"] = database.url
    world.run(
        "git",
        "fast-import",
        "--quiet",
        cwd=world.main.path,
        input=gzip.decompress(HISTORY.read_bytes()).decode(),
    )
    world.main.git("checkout", "--quiet", "develop")
    for name in "AB":
        world.main.git("worktree", "add", "--quiet", "--detach", world.root / f"StoFlow-{name}")
    return world


def stand_at(checkout: Checkout, branch: str) -> None:
    """Check a branch out, and no more."""
    checkout.git("clean", "--quiet", "-fdX")
    checkout.git("checkout", "--quiet", "--detach", branch)


def heads(checkout: Checkout) -> frozenset[str]:
    """The heads that Alembic sees; none if it cannot load the files, or finds an id twice."""
    shown = checkout.alembic("heads")
    sound = shown.returncode == 0 and "present more than once" not in shown.stderr
    return frozenset(line.split(" ")[0] for line in shown.stdout.splitlines() if sound)


def pairs(world: World, a: Checkout) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Ordered pairs of branches whose own files are sound, the same in each run, and the first one's heads."""
    names = world.main.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split()
    seen: dict[str, frozenset[str]] = {}
    draw = random.Random(12)  # noqa: S311
    while True:
        both = draw.choice(names), draw.choice(names)
        for name in set(both) - seen.keys():
            stand_at(a, name)
            seen[name] = heads(a)
        if all(map(seen.get, both)):
            yield *both, seen[both[0]]


def keep_what_ran(a: Checkout) -> None:
    """Archive the files of A, as its `upgrade` does; nothing else is in the archive."""
    here = project(a)
    files = {one.revision.id: one for one in take_inventory(here).own}
    archive.keep(here, files, (), frozenset(), None)


def what_is_wrong(b: Checkout, rows: frozenset[str]) -> str:
    """What keeps B from being whole after `copy`; nothing if it is."""
    done, shown = b.tool("copy"), b.alembic("current")
    found = {line.split(" ")[0] for line in shown.stdout.splitlines()}
    wrong = {
        done.stderr: done.returncode != 0,
        shown.stdout + shown.stderr: shown.returncode != 0 or not rows <= found,
        "git sees it": b.git_status() != "",
    }
    return "\n".join(words for words, is_so in wrong.items() if is_so)


def test_pairs_of_branches(
    replayed: World, database: Database, thorough: bool, record_property: Callable[[str, object], None]
) -> None:
    """A is checked out in every second pair, else only in git; in half of both the archive has what ran."""
    a, b = (Checkout(replayed, replayed.root / f"StoFlow-{name}") for name in "AB")
    wrong, borrowing, count = [], 0, 300 if thorough else 8
    for number, (one, other, rows) in enumerate(islice(pairs(replayed, a), count)):
        replayed.main.git("update-ref", "-d", archive.REF)
        stand_at(b, other)
        stand_at(a, one)
        if number & 2:
            keep_what_ran(a)
        if number & 1:
            stand_at(a, other)
        database.set_heads(*rows)
        if words := what_is_wrong(b, rows):
            wrong.append(f"{one} → {other} ({number}): {words}")
        borrowing += (b.versions / ".gitignore").exists()
    record_property("pairs", f"{count}, of which {borrowing} borrow")
    assert wrong == []
