"""What is borrowed and cannot be imported here: each command in which Alembic loads it comments it out first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from worlds.world import Checkout, Layout, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from worlds.postgres import Database


@pytest.fixture
def a(world: World) -> Checkout:
    """One of two worktrees of a project with one migration, `aaaa1111`."""
    world.main.revision("aaaa1111")
    world.main.commit("Add aaaa1111")
    return world.worktree("StoFlow-A", "feature-A")


@pytest.fixture
def b(world: World, a: Checkout) -> Checkout:
    return world.worktree("StoFlow-B", "feature-B")


def importing_kinds(a: Checkout, *revisions: str) -> None:
    """Let these, one after another, import a module that only A's branch has."""
    a.write("backend/kinds.py", "KINDS = 1\n")
    parent = "aaaa1111"
    for id in revisions:
        original = a.revision(id, parent)
        original.write_bytes(b"import kinds\n" + original.read_bytes())
        parent = id
    a.commit("Kinds")


def commented_out(checkout: Checkout, *revisions: str) -> list[bool]:
    files = [checkout.versions / f"{id}_add_t.py" for id in revisions]
    return [b"# import kinds" in file.read_bytes() for file in files]


def borrowed_with_kinds(b: Checkout) -> None:
    """Let B borrow while it has the code, as on another branch."""
    code = b.write("backend/kinds.py", "KINDS = 1\n")
    b.tool("copy", check=True)
    assert commented_out(b, "bbbb2222") == [False]
    code.unlink()


def test_all_at_once(a: Checkout, b: Checkout) -> None:
    importing_kinds(a, "bbbb2222", "cccc3333", "dddd4444")
    a.tool("upgrade", check=True)
    done = b.tool("upgrade", check=True)
    assert commented_out(b, "bbbb2222", "cccc3333", "dddd4444") == [True] * 3
    assert "3 borrowed files are commented out here" in done.stderr
    assert "commented out" not in b.tool("upgrade", check=True).stderr


@pytest.mark.parametrize("words", [("-m", "mine"), ("-m", "mine", "--autogenerate", "--allow-empty")])
def test_a_revision_where_the_code_was_left(words: tuple[str, ...], a: Checkout, b: Checkout) -> None:
    importing_kinds(a, "bbbb2222")
    a.tool("upgrade", check=True)
    borrowed_with_kinds(b)
    env = b.backend / "migrations/env.py"
    models = "'target_metadata': __import__('sqlalchemy').MetaData()"
    env.write_text(env.read_text().replace("'target_metadata': None", models))
    done = b.tool("revision", *words, check=True)
    assert "Traceback" not in done.stderr
    assert commented_out(b, "bbbb2222") == [True]
    assert "bbbb2222 (head)" in b.alembic("heads", check=True).stdout


def test_a_merge_where_the_code_was_left(a: Checkout, b: Checkout) -> None:
    importing_kinds(a, "bbbb2222")
    a.tool("upgrade", check=True)
    borrowed_with_kinds(b)
    for id in ("mine1", "mine2"):
        b.revision(id, "aaaa1111")
    done = b.tool("merge", "-m", "join", check=True)
    assert "Merged mine1, mine2" in done.stderr
    assert commented_out(b, "bbbb2222") == [True]


def test_a_rollback_where_another_one_cannot_be_imported(world: World, a: Checkout, b: Checkout) -> None:
    importing_kinds(a, "bbbb2222")
    a.tool("upgrade", check=True)
    c = world.worktree("StoFlow-C")
    c.revision("cccc3333", "aaaa1111")
    c.tool("upgrade", check=True)
    world.main.git("worktree", "remove", "--force", c.path)
    done = b.tool("rollback", "--yes", check=True)
    assert "Taken back: cccc3333" in done.stderr


def test_a_rollback_of_what_cannot_be_imported(world: World, a: Checkout, b: Checkout) -> None:
    """It ends, and goes on as it says once the file is mended."""
    importing_kinds(a, "bbbb2222")
    a.tool("upgrade", check=True)
    b.tool("upgrade", check=True)
    world.main.git("worktree", "remove", "--force", a.path)
    world.main.git("branch", "--quiet", "-D", "feature-A")
    done = b.tool("rollback", "--yes")
    assert "Mend what failed in " in done.stderr
    copy = b.versions / "bbbb2222_add_t.py"
    copy.write_text(copy.read_text().replace("import kinds\n", ""))
    done = b.tool("rollback", "--yes", "bbbb2222", check=True)
    assert "Taken back: bbbb2222" in done.stderr


def test_what_is_to_run_is_whole_again(world_root: Path, new_database: Callable[[], Database]) -> None:
    """One of two databases was made anew, when the code had come."""
    one, two = new_database(), new_database()
    world = World.create(world_root, one.url, layout=Layout(env="multidb"), other_url=two.url)
    world.main.revision("aaaa1111")
    world.main.commit("Add aaaa1111")
    a, b = world.worktree("StoFlow-A", "feature-A"), world.worktree("StoFlow-B", "feature-B")
    importing_kinds(a, "bbbb2222")
    a.tool("upgrade", check=True)
    b.tool("upgrade", check=True)
    assert commented_out(b, "bbbb2222") == [True]
    two.execute("drop table t_bbbb2222")
    two.set_heads("aaaa1111")
    b.write("backend/kinds.py", "KINDS = 1\n")
    b.tool("upgrade", check=True)
    assert commented_out(b, "bbbb2222") == [False]
    assert two.heads() == {"bbbb2222"}


def test_a_new_database_is_told_how_to_do_without(a: Checkout, b: Checkout, database: Database) -> None:
    importing_kinds(a, "bbbb2222")
    a.tool("upgrade", check=True)
    b.tool("upgrade", check=True)
    for table in ("t_aaaa1111", "t_bbbb2222"):
        database.execute(f"drop table {table}")
    database.set_heads()
    done = b.alembic("upgrade", "heads")
    assert "commented out: try alembic-worktrees run --own" in done.stderr
    b.tool("run", "--own", "--", "alembic", "upgrade", "heads", check=True)
    assert database.heads() == {"aaaa1111"}
