"""`init --remove`: what it says that it leaves, what it takes from others, and what `--purge` takes besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.migrations.notes import MEMORY
from alembic_worktrees.search.archive import REF
from worlds.observe import tree
from worlds.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from worlds.world import Checkout

B = "backend/migrations/versions/bb_add_t.py"
C = "backend/migrations/versions/cc_add_t.py"


@pytest.fixture
def world(world_root: Path) -> World:
    """A has applied bb and cc."""
    world = World.create(world_root, f"sqlite:///{world_root}/db")
    world.main.applied("aa")
    a = world.worktree("StoFlow-A")
    a.applied("bb", "aa")
    a.applied("cc", "bb")
    return world


def files(world: World) -> dict[str, bytes | str]:
    """All but folders, and what git itself keeps."""
    found = tree(world.root, without=["__pycache__"])
    return {
        path: text
        for path, text in found.items()
        if text is not None
        and ("/.git/" not in path or "alembic-worktrees" in path or "/.git/hooks/" in path)
    }


def test_all_that_its_use_leaves_is_said_and_purged(world: World) -> None:
    b = world.worktree("StoFlow-B")
    before = files(world)
    b.tool("init", "--yes", check=True)
    b.tool("upgrade", check=True)
    assert (b.path / B).exists()
    removed = b.tool("init", "--remove", "--yes")
    assert removed.returncode == 0
    assert "these lose them too:\n  ~/StoFlow\n  ~/StoFlow-A\n" in removed.stderr
    left = "  2 borrowed files in this worktree\n  the archive: 3 migrations that ran\n  "
    assert f"This stays:\n{left}" in removed.stderr
    assert "take it out too: alembic-worktrees init --remove --purge\n" in removed.stderr
    assert (b.path / B).exists()
    commit = b.git("rev-parse", REF).strip()
    shown = b.tool("init", "--remove", "--purge", "--dry-run")
    back = f"git update-ref {REF} {commit}"
    for word in (
        f"To remove: ~/StoFlow-B/{B}\n",
        f"3 migrations that ran. To have it back, until git's gc: {back}",
    ):
        assert word in shown.stdout
    assert "Alembic stops here" in shown.stderr
    assert b.tool("init", "--remove", "--purge").returncode == 1  # without a yes
    assert (b.path / B).exists()
    b.tool("init", "--remove", "--purge", "--yes", check=True)
    assert files(world) == before
    assert b.git_status() == b.git("for-each-ref", "refs/alembic-worktrees") == ""
    nothing = b.tool("init", "--remove", "--yes", check=True).stderr
    assert nothing == "Nothing to remove.\n"
    b.git(*back.split()[1:])  # as it was told
    assert b.tool("find", "cc", check=True).returncode == 0


def test_what_is_not_ours_to_take_stays(world: World) -> None:
    """A borrowed file that was edited, one that git has brought, and what other worktrees have borrowed."""
    b, c = world.worktree("StoFlow-B"), world.worktree("StoFlow-C")
    for checkout in (b, c, world.main):
        checkout.tool("copy", check=True)
    (b.path / C).write_text((b.path / C).read_text() + "# mine\n")
    b.git("add", "--force", B)
    said = b.tool("init", "--remove", "--purge", "--yes", check=True).stderr
    assert f"Left unchanged, not written by alembic-worktrees: ~/StoFlow-B/{C}\n" in said
    assert "run this there as well:\n  ~/StoFlow\n  ~/StoFlow-C\n" in said
    assert (b.path / B).exists()
    assert (b.path / C).read_text().endswith("# mine\n")
    assert b.git_status() == f"A  {B}\n"  # git still does not stumble over the edited one
    assert (world.main.path / ".git" / MEMORY).exists()
    for checkout in (c, world.main):
        assert checkout.git_status() == ""
        purge(checkout)
        assert not (checkout.path / B).exists()


def purge(checkout: Checkout) -> None:
    checkout.tool("init", "--remove", "--purge", "--yes", check=True)


def test_copies_that_only_the_memory_knows_are_purged_too(world: World) -> None:
    world.main.tool("copy", check=True)
    (world.main.versions / ".gitignore").unlink()
    assert world.main.git_status() != ""
    purge(world.main)
    assert world.main.git_status() == ""
    assert not list((world.main.path / ".git").glob("alembic-worktrees*"))


def test_purge_goes_with_remove(world: World) -> None:
    refused = world.main.tool("init", "--purge", "--yes")
    assert refused.returncode == 2
    assert "alembic-worktrees init --purge --remove" in refused.stderr
