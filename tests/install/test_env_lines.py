"""`init --with env`: with its lines in env.py, `alembic` itself borrows before it misses anything."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import alembic
import pytest

from alembic_worktrees.install.blocks import with_lines, without_block
from alembic_worktrees.install.extras import env_lines
from worlds.process import run
from worlds.world import Layout, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from worlds.postgres import Database
    from worlds.world import Checkout

TEMPLATES = sorted(Path(alembic.__file__).parent.glob("templates/*/env.py"))


def log_calls(world: World) -> None:
    """From here on each call of our command leaves a line in `calls`."""
    path = world.root / "logging"
    path.write_text(f'#!/bin/sh\necho "$*" >>{world.root}/calls\nexec alembic-worktrees "$@"\n')
    path.chmod(0o755)
    world.env["ALEMBIC_WORKTREES"] = str(path)


def names(checkout: Checkout) -> set[str]:
    return {path.name for path in checkout.versions.glob("*.py")}


def with_env(world: World) -> tuple[Checkout, Checkout]:
    """Two worktrees with our lines in env.py; A has applied two migrations that it has not committed."""
    world.main.revision("aaaa1111")
    world.main.tool("init", "--with", "env", "--yes", cwd=world.main.path, check=True)
    world.main.commit("Set up")
    world.main.alembic("upgrade", "heads", check=True)
    a, b = world.worktree("StoFlow-feature-A"), world.worktree("StoFlow-feature-B")
    a.applied("bbbb2222", "aaaa1111", commit=False)
    a.applied("cccc3333", "bbbb2222", commit=False)
    return a, b


@pytest.mark.parametrize("env", ["generic", "async", "multidb"])
def test_alembic_borrows_by_itself(env: str, world_root: Path, new_database: Callable[[], Database]) -> None:
    databases = [new_database() for _ in range(2 if env == "multidb" else 1)]
    urls = [one.async_url if env == "async" else one.url for one in databases]
    world = World.create(world_root, *urls[:1], layout=Layout(env=env), other_url=urls[-1])
    _, b = with_env(world)
    b.revision("dddd4444", "cccc3333")  # with which the folder cannot be loaded
    log_calls(world)
    first = b.alembic("current", check=True)
    assert "cccc3333" in first.stdout
    assert "Borrowed cccc3333 from StoFlow-feature-A" in first.stderr
    assert names(b) == {f"{id}_add_t.py" for id in ("aaaa1111", "bbbb2222", "cccc3333", "dddd4444")}
    (call,) = (world.root / "calls").read_text().splitlines()
    b.alembic("upgrade", "heads", check=True)
    assert [one.heads() for one in databases] == [{"dddd4444"}] * len(databases)
    assert (world.root / "calls").read_text() == f"{call}\n"  # nothing was missing, nothing started
    assert b.git_status() == "?? backend/migrations/versions/dddd4444_add_t.py\n"


def test_what_this_branch_cannot_import_is_commented_out(world: World) -> None:
    """Whether it comes now or was borrowed while another commit was checked out."""
    a, b = with_env(world)
    original = a.versions / "cccc3333_add_t.py"
    original.write_text(f"import kinds\n{original.read_text()}")
    assert "is commented out here" in b.alembic("upgrade", "heads", check=True).stderr
    b.tool("return", check=True)
    b.write("backend/kinds.py", "")
    assert "commented out" not in b.alembic("upgrade", "heads", check=True).stderr
    (b.backend / "kinds.py").unlink()
    assert "is commented out here" in b.alembic("upgrade", "heads", check=True).stderr


def test_what_env_py_puts_on_the_path_can_be_imported(world: World) -> None:
    """Alembic's config does not; so only where env.py runs a migration can import the code."""
    ini, env = world.main.backend / "alembic.ini", world.main.backend / "migrations/env.py"
    ini.write_text(ini.read_text().replace("prepend_sys_path = .", "prepend_sys_path = migrations"))
    env.write_text(f"import os, sys\nsys.path.append(os.getcwd())\n{env.read_text()}")
    world.main.write("backend/kinds.py", "")
    world.main.commit("Kinds")
    a, b = with_env(world)
    original = a.versions / "cccc3333_add_t.py"
    original.write_text(f"import kinds\n{original.read_text()}")
    assert "commented out" not in b.alembic("upgrade", "heads", check=True).stderr
    b.tool("return", check=True)
    b.tool("copy", check=True)
    assert "commented out" not in b.tool("revision", "-m", "mine").stderr


API = """
import sys
from alembic import command
from alembic.config import Config
config = Config(*sys.argv[3:])
config.set_main_option("sqlalchemy.url", sys.argv[1])
config.set_main_option("script_location", sys.argv[2])
command.upgrade(config, "heads")
"""


@pytest.mark.parametrize("ini", ["alembic.ini", None])
def test_an_application_that_upgrades_from_another_folder(
    ini: str | None, world: World, database: Database
) -> None:
    for path in (world.main.backend / "alembic.ini", world.main.backend / "migrations/env.py"):
        path.write_text(path.read_text().replace("script_location = migr", "script_location = %(here)s/migr"))
    _, b = with_env(world)
    b.revision("dddd4444", "aaaa1111")
    given = [database.url, str(b.backend / "migrations"), *([str(b.backend / ini)] if ini else [])]
    done = world.run(sys.executable, "-c", API, *given, cwd=world.root)
    assert done.returncode == 0, done.stderr
    assert database.heads() == {"cccc3333", "dddd4444"}


def test_a_config_that_is_named_from_above(world: World) -> None:
    ini = world.main.backend / "alembic.ini"
    ini.write_text(ini.read_text().replace("script_location = migr", "script_location = backend/migr"))
    ini.rename(ini.with_name("other.ini"))
    world.main.revision("aaaa1111")
    words = ("-c", "backend/other.ini")
    world.main.tool("init", *words, "--with", "env", "--yes", ".", cwd=world.main.path, check=True)
    world.main.commit("Set up")
    a, b = world.worktree("StoFlow-feature-A"), world.worktree("StoFlow-feature-B")
    a.revision("bbbb2222", "aaaa1111")
    for checkout in (a, b):
        world.run("alembic", *words, "upgrade", "heads", cwd=checkout.path, check=True)
    assert names(b) == names(a)


def test_what_holds_it_back(world: World) -> None:
    """Switched off, in CI, and for a database elsewhere it does nothing; what others made is not written over."""
    a, b = with_env(world)
    lost = "Can't locate revision identified by 'cccc3333'"
    for name, value in (("CI", "true"), ("ALEMBIC_WORKTREES", "off"), ("ALEMBIC_WORKTREES", "/no")):
        world.env[name] = value
        done = b.alembic("upgrade", "heads")
        del world.env[name]
        assert (lost in done.stdout, names(b)) == (True, {"aaaa1111_add_t.py"}), done.stderr
    offline = [one.alembic("upgrade", "bbbb2222:cccc3333", "--sql") for one in (a, b)]
    assert ["UPDATE alembic_version" in done.stdout for done in offline] == [True, False]
    assert names(b) == {"aaaa1111_add_t.py"}
    for text in ("missing", "borrowed"):
        refused = b.alembic("revision", "--autogenerate", "-m", "x")
        assert (refused.returncode, "alembic-worktrees revision" in refused.stderr) == (1, True), text
        b.alembic("upgrade", "heads", check=True)
    b.alembic("check")
    assert names(b) == names(a)
    assert "MetaData" in a.alembic("revision", "--autogenerate").stdout  # all is its own: on it goes
    b.tool("return", check=True)
    assert b.tool("upgrade", check=True).stderr.count("Borrowed cccc3333") == 1  # by us, not by env.py


@pytest.mark.parametrize("path", TEMPLATES, ids=[path.parent.name for path in TEMPLATES])
def test_it_comes_and_goes_without_a_trace(path: Path) -> None:
    for text in (path.read_text(), path.read_text().replace("\n", "\r\n")):
        once = with_lines(text, env_lines())
        assert once and with_lines(once, env_lines()) == once
        assert with_lines(with_lines(text, "if True:\n    older = 1\n") or "", env_lines()) == once
        compile(once, str(path), "exec")
        assert without_block(once) == text
        for length in ("79", "120"):  # a formatter leaves it as it is, or the next init would change it
            ruff = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", length, "-"]
            formatted = run(ruff, cwd=path.parent, env={}, input=once, check=True).stdout
            assert with_lines(formatted, env_lines()) == formatted
            assert (
                without_block(formatted) == run(ruff, cwd=path.parent, env={}, input=text, check=True).stdout
            )
    assert with_lines("import alembic\n", "x") is None
