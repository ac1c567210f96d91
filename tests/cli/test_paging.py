"""What is long goes through git's pager at a terminal that is too small, and what is only talk can be left out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from worlds.observe import at_terminal
from worlds.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from worlds.observe import Seen

TOOL = (sys.executable, "-m", "alembic_worktrees")
PAGER = "sed 's/^/paged: /'"


@pytest.fixture
def world(world_root: Path) -> World:
    """Six revisions, every second a branch of its own so that none is folded."""
    world = World.create(world_root, "sqlite:///nowhere.db")
    for number in range(1, 7):
        world.main.revision(f"a{number}", "a1" if number > 1 else None)
    world.main.commit("Add them")
    return world


def seen(world: World, *words: str, env: dict[str, str], answer: str = "", piped: bool = False) -> Seen:
    environment = {**world.env, "TERM": "xterm", "NO_COLOR": "1", "COLUMNS": "80", "LINES": "6", **env}
    return at_terminal([*TOOL, *words], cwd=world.main.path, env=environment, answer=answer, piped=piped)


def test_the_graph_is_paged_by_the_program_of_gits_choice_where_it_does_not_fit(world: World) -> None:
    graph = ("graph", "--no-database")
    whole = world.main.tool(*graph).stdout.splitlines()
    paged = [f"paged: {line}".rstrip() for line in whole]
    world.main.git("config", "core.pager", PAGER)
    for env in ({"PAGER": "false"}, {"GIT_PAGER": PAGER}):
        assert [line.rstrip() for line in seen(world, *graph, env=env).screen.splitlines()] == paged
        world.main.git("config", "core.pager", "false")
    for env in ({"LINES": "40"}, {"TERM": "dumb"}, {"GIT_PAGER": ""}, {"GIT_PAGER": "cat"}):
        assert seen(world, *graph, env={"GIT_PAGER": PAGER, **env}).screen.splitlines() == whole
    assert seen(world, *graph, piped=True, env={"GIT_PAGER": PAGER}).stdout.splitlines() == whole
    assert "a6" in seen(world, *graph, env={"GIT_PAGER": "exec no-such-program"}).screen
    assert seen(world, *graph, env={"GIT_PAGER": "true"}).returncode == 0  # left before it has read all


def test_the_newest_rows_alone(world: World) -> None:
    done = world.main.tool("graph", "--no-database", "--limit", "2")
    assert done.stdout.count("add t") == 2
    assert "4 older rows are left out." in done.stderr
    assert world.main.tool("graph", "--no-database", "--limit", "9").stderr == ""
    assert world.main.tool("graph", "--limit", "0").returncode == 2


def test_what_init_would_write_is_paged_before_the_question(world: World) -> None:
    done = seen(world, "init", "--with", "agents", "--quiet", answer="y\n", env={"GIT_PAGER": PAGER})
    assert done.returncode == 0
    assert "paged: 📋 To write: ~/StoFlow/AGENTS.md" in done.screen  # shown, though it is to be quiet
    assert done.screen.index("paged: ") < done.screen.index("Write this? [y/N]")
    assert "paged: ⚠️  Write this" not in done.screen
    assert (world.main.path / "AGENTS.md").exists()
    assert "Done." not in done.screen


def test_quiet_says_only_what_is_wrong(world: World) -> None:
    said = world.main.tool("init", "--yes", "--quiet", cwd=world.main.path).stderr
    assert "1 thing is wrong" in said
    assert "To write" not in said
    wrong = world.main.tool("find", "nowhere", "--quiet")
    assert (wrong.returncode, "nowhere" in wrong.stderr) == (1, True)
    assert world.main.tool("graph", "--quiet", "--verbose").returncode == 2
