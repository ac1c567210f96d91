"""A migration that somebody has copied here by hand: it is another's, and git must not stumble over it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from worlds.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from worlds.world import Checkout

FILE = "bbbb2222_add_t.py"
VERSIONS = "backend/migrations/versions"
UNTRACKED = f"?? {VERSIONS}/{FILE}\n"


@pytest.fixture
def world(world_root: Path) -> World:
    world = World.create(world_root, f"sqlite:///{world_root}/shared.db")
    world.main.applied("aaaa1111")
    return world


@pytest.fixture
def a(world: World) -> Checkout:
    """The checkout that has bbbb2222 committed and applied."""
    a = world.worktree("StoFlow-A")
    a.applied("bbbb2222", "aaaa1111")
    return a


@pytest.fixture
def b(world: World, a: Checkout) -> Checkout:
    """The checkout that has it as a copy that was made by hand."""
    b = world.worktree("StoFlow-B", "feature-B", "develop")
    shutil.copy(a.versions / FILE, b.versions)
    return b


def visible(checkout: Checkout) -> str:
    return checkout.git("status", "--porcelain", "--untracked-files=all")


def test_it_is_taken_over(a: Checkout, b: Checkout) -> None:
    b.revision("cccc3333", "aaaa1111")  # its own, which is diverged from the copy, and to be committed
    b.alembic("upgrade", "heads", check=True)
    shown = b.tool("status", check=True).stdout.partition("Next: ")[2]
    assert shown.startswith("bbbb2222 was copied here by hand, and StoFlow-A has it committed")
    assert "alembic-worktrees upgrade" in shown
    assert "counts as borrowed from StoFlow-A" in b.tool("copy", "--dry-run", check=True).stderr
    assert UNTRACKED in visible(b)
    done = b.tool("upgrade", check=True)
    assert "bbbb2222, copied here by hand, counts as borrowed from StoFlow-A" in done.stderr
    assert visible(b) == f"?? {VERSIONS}/cccc3333_add_t.py\n"
    assert "Commit it" in b.tool("status").stdout
    assert "by hand" not in b.tool("upgrade", check=True).stderr
    b.git("merge", "--quiet", a.name)
    assert "git has brought it" in b.tool("upgrade", check=True).stderr


@pytest.mark.parametrize("where", ["branch", "detached worktree", "clone"])
def test_wherever_it_is_committed(where: str, world: World, a: Checkout, b: Checkout) -> None:
    origin = a.name
    if where == "branch":
        world.main.git("worktree", "remove", a.path)
    elif where == "detached worktree":
        a.git("switch", "--quiet", "--detach")
        world.main.git("branch", "-D", a.name)
    else:
        origin = "StoFlow-clone"
        world.main.git("clone", "--quiet", "--branch", a.name, world.main.path, world.root / origin)
        world.main.git("worktree", "remove", a.path)
        world.main.git("branch", "-D", a.name)
    assert f"counts as borrowed from {origin}" in b.tool("copy", check=True).stderr
    assert visible(b) == ""


def test_what_this_branch_took_back_is_its_own(b: Checkout) -> None:
    """It was committed here, and published; the commit was undone to be changed."""
    b.commit("Add bbbb2222")
    b.git("tag", "published")
    b.git("reset", "--quiet", "HEAD~1")
    assert "Commit it" in b.tool("status").stdout
    b.tool("upgrade", check=True)
    assert visible(b) == UNTRACKED


@pytest.mark.parametrize("why", ["changed", "not committed there", "not applied"])
def test_what_is_left_alone(why: str, a: Checkout, b: Checkout) -> None:
    if why == "changed":
        with (b.versions / FILE).open("a") as file:
            file.write("# mine\n")
    elif why == "not committed there":
        a.git("reset", "--quiet", "HEAD~1")
    else:
        a.alembic("downgrade", "aaaa1111", check=True)
    b.tool("copy", check=True)
    assert visible(b) == UNTRACKED
