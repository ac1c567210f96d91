"""Stories of `upgrade` in true worlds: what `auto_copy_missing_migrations` calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worlds.postgres import Database
    from worlds.world import World


def test_one_missing_migration(world: World, database: Database) -> None:
    world.main.applied("aaaa1111")
    a = world.worktree("StoFlow-feature-A")
    b = world.worktree("StoFlow-feature-B")
    a.applied("bbbb2222", "aaaa1111")
    assert "Can't locate revision identified by 'bbbb2222'" in b.alembic("current").stdout
    done = b.tool("upgrade")
    print(done.stderr)
    assert done.returncode == 0
    assert (b.versions / "bbbb2222_add_t.py").read_bytes() == (a.versions / "bbbb2222_add_t.py").read_bytes()
    assert b.git_status() == ""
    assert database.heads() == {"bbbb2222"}
    print(b.tool("list").stdout, b.tool("find", "bbbb2222").stdout)
    again = b.tool("upgrade")
    print(again.stderr)

