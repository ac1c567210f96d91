"""The worlds that every other test stands on are themselves true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from worlds import warm
from worlds.world import Layout, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from worlds.postgres import Database


def test_world_is_clean_and_reaches_its_database(world: World, database: Database) -> None:
    assert world.main.git_status() == ""
    assert world.main.git("branch", "--show-current").strip() == "develop"
    world.main.applied("a1b2c3d4")
    assert database.heads() == {"a1b2c3d4"}
    assert database.tables() == {"alembic_version", "t_a1b2c3d4"}
    assert world.main.git_status() == ""


def test_worktree_and_clone_lie_beside_main(world: World) -> None:
    world.main.revision("a1")
    world.main.commit("Add a1")
    linked = world.worktree("StoFlow-feature-A", "feature-A")
    clone = world.clone("StoFlow-clone")
    assert linked.git("branch", "--show-current").strip() == "feature-A"
    for checkout in (linked, clone):
        assert checkout.path.parent == world.root
        assert [path.name for path in checkout.versions.glob("*.py")] == ["a1_add_t.py"]
    world.main.git("branch", "other")
    again = world.worktree("StoFlow-B", "other")
    assert again.git("branch", "--show-current").strip() == "other"


def test_environment_knows_nothing_of_the_caller(world_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "VIRTUAL_ENV", "ALEMBIC_CONFIG", "ALEMBIC_WORKTREES", "LANG"):
        monkeypatch.setenv(name, "elsewhere")
    assert "elsewhere" not in World.create(world_root, "sqlite://").env.values()


def test_set_heads_is_what_alembic_reads(world: World, database: Database) -> None:
    world.main.revision("aaaa1111")
    database.set_heads("aaaa1111")
    assert world.main.alembic("current").stdout.strip() == "aaaa1111 (head)"


LAYOUTS = {
    "root": Layout(backend=""),
    "pyproject": Layout(config="pyproject", script_location="%(here)s/migrations"),
    "both": Layout(config="both", script_location="%(here)s/migrations"),
    "here": Layout(script_location="%(here)s/migrations"),
    "package": Layout(script_location="app:migrations"),
    "locations": Layout(version_locations=("migrations/versions", "plugins/versions")),
    "recursive": Layout(recursive=True),
    "version table": Layout(version_table="stoflow_version"),
    "options": Layout(options=(("file_template", "%%(year)d_%%(rev)s_%%(slug)s"),)),
    "space dir": Layout(name="é $x dir", backend="back end"),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout_upgrades(name: str, world_root: Path, database: Database) -> None:
    layout = LAYOUTS[name]
    world = World.create(world_root, database.url, layout=layout)
    world.main.revision("aa")
    file = "2024/bb.py" if layout.recursive else None
    world.main.revision("bb", "aa", location=layout.locations[-1], file=file)
    world.main.alembic("upgrade", "head", check=True)
    assert database.heads(layout.version_table) == {"bb"}
    assert {"t_aa", "t_bb"} <= database.tables()
    world.main.alembic("revision", "-m", "made by alembic", "--head", "bb", check=True)
    assert world.main.git_status().count("??") > 0


def test_layout_schema(world_root: Path, database: Database) -> None:
    database.execute("CREATE SCHEMA meta")
    world = World.create(world_root, database.url, layout=Layout(version_schema="meta"))
    world.main.applied("aa")
    assert database.heads(schema="meta") == {"aa"}


def test_layout_async(world_root: Path, database: Database) -> None:
    world = World.create(world_root, database.async_url, layout=Layout(env="async"))
    world.main.applied("aa")
    assert database.heads() == {"aa"}


def test_layout_multidb(world_root: Path, new_database: Callable[[], Database]) -> None:
    one, two = new_database(), new_database()
    world = World.create(world_root, one.url, layout=Layout(env="multidb"), other_url=two.url)
    world.main.applied("aa")
    assert one.heads() == two.heads() == {"aa"}


@pytest.mark.parametrize("command", ["current -v", "upgrade heads", "upgrade head", "no-such-command"])
def test_warm_alembic_is_alembic(command: str, world: World, database: Database) -> None:
    world.main.revision("aa")
    world.main.revision("bb")
    database.set_heads("aa")
    done = world.main.alembic(*command.split())
    database.set_heads("aa")
    database.execute("DROP TABLE IF EXISTS t_bb")
    cold = world.main.alembic(*command.split(), cold=True)
    assert (done.returncode, done.stdout, done.stderr) == (cold.returncode, cold.stdout, cold.stderr)


def test_warm_programs_are_warm(world: World) -> None:
    env = world.main.backend / "migrations/env.py"
    env.write_text("import sys; print('warm:', 'psycopg2' in sys.modules)\n" + env.read_text())

    def ask() -> list[bool]:
        world.warm_path()
        by_name = world.run("alembic-worktrees", "status", cwd=world.main.backend)
        asked = [by_name, world.main.tool("status"), world.main.alembic("current")]
        return ["warm: True" in done.stdout + done.stderr for done in asked]

    with warm.paused():
        assert ask() == [False, False, False]
    assert ask() == [True, True, True]


def test_warm_alembic_crashes_alike(world: World) -> None:
    world.main.revision("bb", "missing")
    done, cold = (world.main.alembic("heads", cold=cold) for cold in (False, True))
    assert (done.returncode, done.stdout, done.stderr) == (cold.returncode, cold.stdout, cold.stderr)
    assert cold.stderr.splitlines()[-1] == "KeyError: 'missing'"


def test_warm_alembic_does_not_import_from_the_current_folder(world: World) -> None:
    ini = world.main.backend / "alembic.ini"
    ini.write_text(ini.read_text().replace("prepend_sys_path = .", ""))
    world.main.write("backend/beside.py", "")
    env = world.main.backend / "migrations/env.py"
    env.write_text("import beside\n" + env.read_text())
    for cold in (False, True):
        assert "No module named 'beside'" in world.main.alembic("current", cold=cold).stderr
