"""Flask-Migrate: the ini says no script_location, and env.py runs in the application's context only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from worlds.world import Checkout, Layout, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from worlds.postgres import Database

LAYOUT = Layout(backend="api", env="multidb", script_location="store/db")
SHOP = """\
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)


def create_app():
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = "@URL@"
    app.config["SQLALCHEMY_BINDS"] = {"logs": "@LOGS@"}
    db.init_app(app)
    Migrate(app, db, directory="store/db")
    return app
"""
ONLY_FOR_MIGRATIONS = """\
import sys

if not (sys.argv[0].endswith("flask") and sys.argv[1] == "db"):
    raise ImportError("the whole application cannot be had here")
"""
PRODUCT = """\
class Product(db.Model):
    id = db.Column(db.Integer, primary_key=True)


"""


def flask(checkout: Checkout, *words: str, check: bool = True) -> str:
    return checkout.world.run("flask", "db", *words, cwd=checkout.backend, check=check).stderr


def test_the_day_of_a_flask_project(
    world_root: Path, database: Database, new_database: Callable[[], Database]
) -> None:
    """Its migrations lie in an unusual folder, a factory makes the application for this only, and it has two binds."""
    world = World.empty(world_root, LAYOUT)
    main, logs = world.main, new_database()
    main.write(".gitignore", "__pycache__/\n")
    main.write("api/.flaskenv", "FLASK_APP=shop:create_app\n")
    shop = ONLY_FOR_MIGRATIONS + SHOP
    main.write("api/shop/__init__.py", shop.replace("@URL@", database.url).replace("@LOGS@", logs.url))
    flask(main, "init", "--multidb")
    main.tool("init", "store/db", "--with", "env", "--yes", check=True)
    main.revision("aaaa1111", table="user")
    main.commit("Start")
    a, b = world.worktree("Shop-A"), world.worktree("Shop-B")
    models = a.backend / "shop/__init__.py"
    models.write_text(models.read_text().replace("def create_app", PRODUCT + "def create_app"))
    original = a.revision("bbbb2222", "aaaa1111", table="product")
    flask(a, "upgrade")
    a.commit("Add product")

    said = b.tool("upgrade", "api/store/db", cwd=b.path, check=True).stderr
    assert database.name in said
    assert logs.name in said
    assert (b.versions / original.name).read_bytes() == original.read_bytes()
    assert b.git_status() == ""
    b.tool("return", "api/store/db", cwd=b.path, check=True)
    flask(b, "upgrade")  # which borrows by itself
    assert (b.versions / original.name).read_bytes() == original.read_bytes()

    refused = flask(b, "migrate", check=False)
    assert "bbbb2222 is applied and not this branch's own" in refused
    assert "alembic revision" not in refused

    b.revision("cccc3333", "nowhere")
    b.git("add", "--all")
    done = b.tool("check", "--staged", cwd=b.path)
    assert (done.returncode, "cccc3333 follows nowhere" in done.stdout) == (1, True)
    b.git("reset", "--hard", "--quiet")
    done = b.tool("revision", "--autogenerate", "-m", "none", "store/db")
    assert (done.returncode, done.stdout) == (0, "")
    assert "drop_table product" in done.stderr

    done = b.tool("upgrade", "store/db", env={"FLASK_APP": "nope"})
    assert f"cd ~/{b.name}/api && flask db current -d store/db" in done.stderr
    assert "from ~/Shop-B/api (Could not import 'nope'.)" in done.stderr
    assert "Traceback" not in done.stderr
    models = b.backend / "shop/__init__.py"
    models.write_text("import no_such_package\n" + models.read_text())
    status = b.tool("status", "store/db").stdout
    assert "cannot load env.py: ModuleNotFoundError: No module named 'no_such_package'" in status


@pytest.mark.parametrize("location", ["", "script_location = .\n"])
def test_the_usual_place_needs_no_name(location: str, world_root: Path) -> None:
    """And the hooks find it where git alone has it."""
    world = World.empty(world_root, Layout(backend="", script_location="migrations"))
    main = world.main
    main.write("migrations/alembic.ini", f"[alembic]\n{location}")
    main.write("migrations/env.py", "from flask import current_app\ncurrent_app.extensions['migrate']\n")
    main.revision("aaaa1111")
    main.commit("Start")
    main.revision("bbbb2222", "nowhere")
    assert "StoFlow (2 migrations)" in main.tool("list", cwd=main.path, check=True).stdout
    assert "&& flask db current\n" in main.tool("upgrade", cwd=main.path).stderr
    main.commit("Add bbbb2222")
    assert "bbbb2222 follows nowhere" in main.tool("check", "--ref", "HEAD", cwd=main.path).stdout
    main.git("rm", "--quiet", "migrations/versions/bbbb2222_add_t.py")
    main.commit("Remove bbbb2222")
    assert main.tool("find", "bbbb2222", "migrations", check=True).stdout.endswith("bbbb2222_add_t.py\n")
