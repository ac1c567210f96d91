"""Other parents for migrations that have run: file and rows together, nothing is forgotten, nothing runs twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from worlds.running import running
from worlds.world import Layout, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from worlds.postgres import Database
    from worlds.world import Checkout


@pytest.fixture
def diverged(world: World) -> tuple[Checkout, Checkout]:
    """A has published p2, which the database has; B has built u1 and u2 on p1, applied them, and merged A's."""
    return diverge(world)


def diverge(world: World, *, applied: bool = True) -> tuple[Checkout, Checkout]:
    main = world.main
    main.revision("p001", table="first")
    main.commit("Add p001")
    a, b = main, world.worktree("StoFlow-feature-B")
    b.revision("u001", "p001")
    b.revision("u002", "u001")
    b.commit("Add u001 and u002")
    b.tool("upgrade", check=True)
    a.revision("p002", "p001")
    a.commit("Add p002")
    if applied:
        a.tool("upgrade", check=True)
    b.git("merge", "--quiet", "--no-edit", "develop")
    return a, b


def test_two_heads_of_which_none_is_published(world: World) -> None:
    """Two branches are merged before either is published: it says what would join them, and that does."""
    world.main.revision("aaaa1111")
    world.main.commit("Add aaaa1111")
    a, b = world.worktree("feature-A"), world.worktree("feature-B")
    a.revision("a001", "aaaa1111", table="first")
    a.commit("Add a001")
    b.revision("b001", "aaaa1111")
    b.revision("b002", "b001")
    b.commit("Add b001 and b002")
    b.tool("upgrade", check=True)
    b.git("merge", "--quiet", "--no-edit", "feature-A")
    b.tool("upgrade", check=True)
    said = b.tool("rebase", "--yes", check=True).stderr
    command = said.rstrip().rpartition(": ")[2]
    assert command == "alembic-worktrees rebase b001 --onto a001"
    b.tool(*command.split()[1:], "--yes", check=True)
    assert b.tool("check", check=True).stdout == ""


def test_onto_the_head_that_git_brought(database: Database, diverged: tuple[Checkout, Checkout]) -> None:
    a, b = diverged
    c = b.world.worktree("StoFlow-feature-C", base="develop")
    c.tool("upgrade", check=True)
    assert database.heads() == {"p002", "u002"}
    before = (b.versions / "u001_add_t.py").read_text()
    shown = b.tool("rebase", "--dry-run", check=True)
    assert (shown.stdout, database.heads(), b.git_status()) == ("", {"p002", "u002"}, "")
    assert "p002, u002 → u002" in shown.stderr
    assert b.tool("rebase").returncode == 1  # nobody can be asked
    done = b.tool("rebase", "--yes", "--stage", check=True)
    assert done.stdout == f"{b.versions / 'u001_add_t.py'}\n"
    assert b.git_status() == "M  backend/migrations/versions/u001_add_t.py\n"
    after = before.replace("'p001'", "'p002'").replace("Revises: p001", "Revises: p002")
    assert (b.versions / "u001_add_t.py").read_text() == after
    assert database.heads() == {"u002"}
    assert "Nothing to rebase" in b.tool("rebase", "--yes", check=True).stderr
    # who has borrowed the old version has the new one after the next run; nothing runs twice, nothing is skipped
    for checkout in (c, a, b):
        done = checkout.tool("upgrade", check=True)
        assert database.heads() == {"u002"}
        assert checkout.alembic("upgrade", "heads").returncode == 0
    assert (c.versions / "u001_add_t.py").read_text() == after
    b.alembic("downgrade", "p001", check=True)
    assert database.tables() == {"alembic_version", "first"}


def test_the_new_line_has_to_run_first(world: World, database: Database) -> None:
    """It says so, and what it names works: to upgrade first, or to take back and run again."""
    _a, b = diverge(world, applied=False)
    said = b.tool("rebase", "--yes")
    assert (said.returncode, database.heads()) == (1, {"u002"})
    assert "p002 would come before what is applied, and has not run yet" in said.stderr
    assert "u002, u001" in said.stderr
    assert "alembic-worktrees upgrade && alembic-worktrees rebase\n" in said.stderr
    database.execute("INSERT INTO t_u001 VALUES (1)")
    assert "Taken back" in b.tool("rebase", "--replay", "--dry-run", check=True).stderr
    b.tool("rebase", "--replay", "--yes", check=True)
    assert database.heads() == {"u002"}
    assert database.tables() == {"alembic_version", "first", "t_p002", "t_u001", "t_u002"}
    assert database.execute("SELECT * FROM t_u001") == []
    assert "Nothing to rebase" in b.tool("rebase", "--replay", "--yes", check=True).stderr


def test_each_database_by_its_own_rows(world_root: Path, new_database: Callable[[], Database]) -> None:
    """The second one has only what is published."""
    one, two = new_database(), new_database()
    world = World.create(world_root, one.url, other_url=two.url, layout=Layout(env="multidb"))
    _a, b = diverge(world)
    two.execute("DROP TABLE t_u001, t_u002")
    two.set_heads("p002")
    b.tool("rebase", "--yes", check=True)
    assert (one.heads(), two.heads()) == ({"u002"}, {"p002"})
    b.tool("rebase", "u002", "--onto", "p002", "--yes", check=True)
    assert (one.heads(), two.heads()) == ({"u001", "u002"}, {"p002"})
    b.alembic("upgrade", "heads", check=True)
    assert one.heads() == two.heads() == {"u001", "u002"}


def test_two_at_once_and_what_is_not_here_to_move(
    database: Database, diverged: tuple[Checkout, Checkout]
) -> None:
    a, b = diverged
    a.tool("upgrade", check=True)
    said = a.tool("rebase", "u001", "--onto", "p002", "--yes")
    assert "only borrowed here, from StoFlow-feature-B" in said.stderr
    assert "is published" in b.tool("rebase", "p002", "--onto", "u002", "--yes").stderr
    path = b.versions / "u001_add_t.py"
    text = path.read_text()
    path.write_text(text.replace("= 'p001'", "= 'p' + '001'"))
    said = b.tool("rebase", "u001", "--onto", "p002", "--yes")
    assert (said.returncode, database.heads()) == (1, {"p002", "u002"})
    path.write_text(text)
    with running(b, "rebase", "--yes") as one, running(b, "rebase", "--yes") as other:
        assert (one.finish(), other.finish()) == (0, 0)
    assert sorted("Nothing to rebase" in each.said for each in (one, other)) == [False, True]
    assert database.heads() == {"u002"}


def test_what_follows_one_that_is_not_applied_gets_another_parent(
    database: Database, diverged: tuple[Checkout, Checkout]
) -> None:
    a, b = diverged
    a.revision("q001", "p002")
    b.revision("w001", "q001")
    assert "needs q001" in b.tool("upgrade").stderr
    assert "Commit it" in b.tool("rebase", "w001", "--onto", "u002", "--yes", check=True).stderr
    assert database.heads() == {"p002", "u002"}
    b.tool("upgrade", check=True)
    assert database.heads() == {"p002", "w001"}
