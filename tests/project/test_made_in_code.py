"""A config that the project makes in code, and a command of its own that upgrades."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from worlds.modelled import knowing, write_models
from worlds.world import Layout, World, project_files

if TYPE_CHECKING:
    from pathlib import Path

    from worlds.postgres import Database

LAYOUT = Layout(script_location="shop/db", config="pyproject")
MAKE = """\
import sys
from alembic import command
from alembic.config import Config


class Shop:
    @staticmethod
    def config():
        config = Config()
        config.set_main_option("script_location", "shop/db")
        config.set_main_option("sqlalchemy.url", "@URL@".replace("%", "%%"))
        return config


if __name__ == "__main__":
    print("SHOP UPGRADES TO", *sys.argv[1:])
    command.upgrade(Shop.config(), sys.argv[1])
"""
SETTINGS = """\
[tool.alembic-worktrees]
script-location = "shop/db"
config = "shop.make:Shop.config"
"""


def shop(world_root: Path, database: Database, settings: str) -> World:
    """A world whose Alembic has no config but the one that `shop/make.py` makes, with these settings."""
    world = World.empty(world_root, LAYOUT)
    main = world.main
    files = project_files(LAYOUT, database.url) | {
        "backend/pyproject.toml": settings,
        "backend/shop/make.py": MAKE.replace("@URL@", database.url),
    }
    env = "backend/shop/db/env.py"
    files[env] = files[env].replace(
        "from settings import DATABASE_URL", "DATABASE_URL = config.get_main_option('sqlalchemy.url')"
    )
    for path, text in files.items():
        main.write(path, text)
    main.revision("aaaa1111")
    main.commit("Start")
    return world


def test_a_config_that_is_made_in_code(world_root: Path, database: Database) -> None:
    world = shop(world_root, database, SETTINGS)
    a, b = world.worktree("feature-A"), world.worktree("feature-B")
    original = a.revision("bbbb2222", "aaaa1111")
    b.revision("cccc3333", "aaaa1111")
    b.commit("Add cccc3333")
    a.tool("upgrade", cwd=a.path, check=True)
    assert database.heads() == {"bbbb2222"}

    b.write(
        "backend/pyproject.toml", SETTINGS + 'upgrade-command = ["python", "-m", "shop.make", "{target}"]\n'
    )
    done = b.tool("upgrade", check=True)
    assert (done.stdout, "SHOP UPGRADES TO heads" in done.stderr) == ("", True)
    assert database.heads() == {"bbbb2222", "cccc3333"}
    assert (b.versions / original.name).read_bytes() == original.read_bytes()
    b.tool("revision", "-m", "next", "--rev-id", "dddd4444", check=True)
    assert b.tool("check", check=True).stdout == ""

    b.revision("eeee5555", "dddd4444", body="raise ValueError('no')")
    done = b.tool("upgrade")
    assert (done.returncode, "ValueError: no" in done.stderr) == (1, True)
    assert done.stderr.endswith("&& python -m shop.make heads\n")
    b.write("backend/pyproject.toml", SETTINGS + 'upgrade-command = ["python", "-m", "shop.make", "heads"]\n')
    assert b.tool("upgrade", "--target", "cccc3333").returncode == 2

    b.write("backend/pyproject.toml", SETTINGS)
    said = b.tool("upgrade").stderr
    again = shlex.split(said.rpartition("&& ")[2])
    assert "ValueError: no" in world.run(*again, cwd=b.backend).stderr
    b.revision("ffff6666", "nowhere")
    b.git("add", "--all")
    assert "ffff6666 follows nowhere" in b.tool("check", "--staged", cwd=b.path).stdout
    b.write("backend/shop/alembic.ini", "[alembic]\nscript_location = db\n")  # the same migrations once more
    assert b.tool("check", cwd=b.path).stdout.count("ffff6666 follows nowhere") == 1
    b.revision("ffff6666", "cccc3333")
    b.git("add", "--all")
    assert b.tool("check", "--staged", cwd=b.path).stdout.count("diverged-heads:") == 1


def test_settings_that_are_younger_than_other_branches(world_root: Path, database: Database) -> None:
    """What other branches have lies where it lies here, and the published models load with the config of today."""
    world = shop(world_root, database, "")
    main = world.main
    env = main.backend / "shop/db/env.py"
    env.write_text(knowing(env.read_text()))
    write_models(main, "")
    main.revision("aaaa2222", "aaaa1111", body="pass")
    main.commit("Models")
    a = world.worktree("feature-A")
    a.revision("bbbb2222", "aaaa2222")
    world.run("python", "-m", "shop.make", "heads", cwd=a.backend, check=True)

    said = main.tool("upgrade").stderr
    assert said.count("backend/shop/db") == 2
    assert 'script-location = "backend/shop/db"' in said

    main.write("backend/shop/tool.py", "from .make import Shop\n")
    main.write("backend/pyproject.toml", SETTINGS.replace("shop.make:", "shop.tool:"))
    main.commit("Work in many worktrees")
    done = main.tool("status")
    assert "no Alembic project" not in done.stdout
    assert "bbbb2222  feature-A" in done.stdout
    main.tool("upgrade", check=True)
    write_models(main, 'sa.Table("own", metadata, sa.Column("id", sa.Integer, primary_key=True))\n')
    done = main.tool("revision", "--autogenerate", "-m", "own", check=True)
    assert "could not be compared" not in done.stderr
    assert "create_table own" in done.stderr
