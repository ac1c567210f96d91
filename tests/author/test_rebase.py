"""Other parents for migrations that have run: file and rows together, nothing is forgotten, nothing runs twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from worlds.postgres import Database
    from worlds.world import Checkout, World


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
