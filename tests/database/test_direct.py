"""The setting `database-url`: Alembic is not started where the version table alone says enough."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING

import dotenv
import pytest

from alembic_worktrees.borrow import lock
from alembic_worktrees.database.direct import same, url_of, variables
from worlds.process import locked
from worlds.running import running
from worlds.world import Layout, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from worlds.postgres import Database
    from worlds.world import Checkout

FILE = "bbbb2222_add_t.py"


def configure(checkout: Checkout, value: str) -> None:
    checkout.write("backend/pyproject.toml", f'[tool.alembic-worktrees]\ndatabase-url = "{value}"\n')


def break_env(checkout: Checkout) -> None:
    """From now on whoever starts Alembic fails."""
    checkout.write("backend/migrations/env.py", "raise RuntimeError('Alembic was started')\n")


@pytest.fixture
def here(world: World) -> Checkout:
    world.main.applied("aaaa1111")
    configure(world.main, "env:DATABASE_URL")
    return world.main


def test_alembic_is_not_started_where_all_is_applied(here: Checkout, database: Database) -> None:
    break_env(here)
    done = here.tool("upgrade", env={"DATABASE_URL": database.url})
    assert (done.returncode, done.stdout) == (0, "")
    assert "is up to date: aaaa1111" in done.stderr


def test_the_url_itself_may_stand_in_the_setting(here: Checkout, database: Database) -> None:
    configure(here, database.url)
    break_env(here)
    assert here.tool("upgrade").returncode == 0


def test_alembic_is_started_for_a_migration_that_waits(here: Checkout, database: Database) -> None:
    here.revision("bbbb2222", "aaaa1111")
    assert here.tool("upgrade", env={"DATABASE_URL": database.url}).returncode == 0
    assert database.heads() == {"bbbb2222"}


def test_a_missing_migration_is_borrowed(here: Checkout, world: World, database: Database) -> None:
    here.commit("Settings")
    other = world.worktree("StoFlow-feature-A")
    other.applied("bbbb2222", "aaaa1111")
    assert here.tool("upgrade", env={"DATABASE_URL": database.url}).returncode == 0
    assert (here.versions / "bbbb2222_add_t.py").exists()


def test_an_application_that_upgrades_whenever_it_is_made(
    here: Checkout, world: World, database: Database
) -> None:
    """Its env.py fails as long as a migration is missing, so only the setting can say which."""
    here.commit("Settings")
    world.worktree("StoFlow-feature-A").applied("bbbb2222", "aaaa1111")
    env = here.backend / "migrations/env.py"
    needed = f"import os\nif not os.path.exists({str(here.versions / FILE)!r}):\n    raise SystemExit(1)\n"
    env.write_text(needed + env.read_text())
    done = here.tool("upgrade", env={"DATABASE_URL": database.url})
    assert done.returncode == 0
    assert "Borrowing what database-url says is missing here, then asking env.py again." in done.stderr
    assert (here.versions / FILE).exists()


@pytest.mark.parametrize(
    "url", ["postgresql://nobody@/nowhere?host=/nowhere", "sqlite:///x.db", "postgresql+asyncpg://x/?ssl=a"]
)
def test_where_it_cannot_be_read_alembic_is_asked(here: Checkout, url: str) -> None:
    done = here.tool("upgrade", env={"DATABASE_URL": url})
    assert done.returncode == 0
    assert "INFO  [alembic.runtime.migration] Context impl PostgresqlImpl." in done.stderr


def test_an_empty_database_is_left_to_alembic(here: Checkout, database: Database) -> None:
    database.execute("DROP TABLE alembic_version, t_aaaa1111")
    assert here.tool("upgrade", env={"DATABASE_URL": database.url}).returncode == 0
    assert database.heads() == {"aaaa1111"}


def test_a_variable_that_is_not_set_is_named(here: Checkout) -> None:
    done = here.tool("upgrade")
    assert done.returncode == 1
    assert "database-url reads the variable DATABASE_URL, which is not set" in done.stderr


def test_another_target_is_alembics(here: Checkout, database: Database) -> None:
    break_env(here)
    done = here.tool("upgrade", "--target", "aaaa1111", env={"DATABASE_URL": database.url})
    assert done.returncode == 1
    assert "Alembic was started" in done.stderr


# copy


@pytest.fixture
def ahead(here: Checkout, world: World, database: Database) -> Checkout:
    """Another checkout, whose migration bbbb2222 is applied; ours names its database in the setting itself."""
    configure(here, database.url)
    other = world.worktree("StoFlow-feature-A")
    other.applied("bbbb2222", "aaaa1111")
    return other


def test_copy_does_not_start_alembic(here: Checkout, ahead: Checkout) -> None:
    break_env(here)
    dry = here.tool("copy", "--dry-run", "--json", check=True)
    assert json.loads(dry.stdout)["applied"] == ["bbbb2222"]
    assert not (here.versions / FILE).exists()
    assert "Borrowed bbbb2222 from StoFlow-feature-A" in here.tool("copy", check=True).stderr
    assert (here.versions / FILE).read_bytes() == (ahead.versions / FILE).read_bytes()
    assert "Nothing to borrow" in here.tool("copy", check=True).stderr


def test_copy_finds_what_only_git_remembers(here: Checkout, ahead: Checkout) -> None:
    break_env(here)
    here.git("worktree", "remove", str(ahead.path))
    assert here.tool("copy", check=True).stderr.count("Borrowed bbbb2222 from StoFlow-feature-A") == 1


def test_copy_says_what_it_cannot_find(here: Checkout, database: Database) -> None:
    configure(here, database.url)
    break_env(here)
    database.set_heads("nowhere")
    done = here.tool("copy")
    assert done.returncode == 1
    assert "Migration nowhere not found" in done.stderr
    assert "Alembic was started" not in done.stderr


def test_copy_reads_the_rows_when_nobody_else_is_at_work(
    here: Checkout, ahead: Checkout, database: Database
) -> None:
    break_env(here)
    with ExitStack() as held:
        held.enter_context(locked(here.path / ".git" / lock.NAME))
        with running(here, "copy") as process:
            process.until("Another checkout is upgrading")
            ahead.revision("cccc3333", "bbbb2222")
            database.set_heads("cccc3333")
            held.close()
            assert process.finish() == 0
    assert (here.versions / "cccc3333_add_t.py").exists()


def test_where_it_cannot_be_read_copy_asks_alembic(here: Checkout, ahead: Checkout) -> None:
    configure(here, "postgresql://nobody@/nowhere?host=/nowhere")
    assert "Borrowed bbbb2222" in here.tool("copy", check=True).stderr
    break_env(here)
    assert here.tool("copy").returncode == 1


def only_borrows(here: Checkout, ahead: Checkout, database: Database, row: str) -> None:
    """`copy` removes and replaces nothing by the one table alone, but what is missing comes all the same."""
    before = (here.versions / FILE).read_bytes()
    ahead.revision("cccc3333", row)
    database.set_heads("cccc3333")
    break_env(here)
    done = here.tool("copy", check=True)
    assert "Alembic was started" in done.stderr
    assert "env.py could not be asked, so what was borrowed before stays as it is: bbbb2222" in done.stderr
    assert (here.versions / FILE).read_bytes() == before
    assert (here.versions / "cccc3333_add_t.py").exists()


def test_copy_removes_nothing_by_one_table_alone(here: Checkout, ahead: Checkout, database: Database) -> None:
    here.tool("copy", check=True)
    only_borrows(here, ahead, database, "aaaa1111")


def test_copy_replaces_nothing_by_one_table_alone(
    here: Checkout, ahead: Checkout, database: Database
) -> None:
    here.tool("copy", check=True)
    with (ahead.versions / FILE).open("a") as file:
        file.write("# changed\n")
    only_borrows(here, ahead, database, "bbbb2222")


def test_copy_refuses_nothing_for_want_of_a_row_of_one_table_alone(
    here: Checkout, ahead: Checkout, database: Database
) -> None:
    here.revision("cccc3333", "bbbb2222")
    database.set_heads("aaaa1111")
    break_env(here)
    done = here.tool("copy")
    assert done.returncode == 1
    assert "Alembic was started" in done.stderr


def test_what_was_stepped_over_is_named_once(here: Checkout, ahead: Checkout, database: Database) -> None:
    here.tool("copy", check=True)
    here.write("backend/migrations/versions/broken.py", "revision = (\n")
    database.set_heads("aaaa1111")
    done = here.tool("copy", check=True)
    assert "Removed the borrowed bbbb2222" in done.stderr
    assert done.stderr.count("broken.py") == 1


def test_a_second_database_keeps_what_it_needs(
    world_root: Path, new_database: Callable[[], Database]
) -> None:
    """The setting names the first; env.py leads to both."""
    one, two = new_database(), new_database()
    world = World.create(world_root, one.url, layout=Layout(env="multidb"), other_url=two.url)
    here = world.main
    here.applied("aaaa1111")
    world.worktree("StoFlow-feature-A").applied("bbbb2222", "aaaa1111")
    configure(here, one.url)
    here.tool("copy", check=True)
    one.set_heads("aaaa1111")
    here.tool("copy", check=True)
    assert (here.versions / FILE).exists()


# Where it leads


DOTENV = """\
# not=this
A=plain
export B = spaced out   # remark
C='single # no remark'
D="double ${A}/${B}"
E=
F=a#b
A=again
"""


def test_a_file_of_variables_is_read_as_python_dotenv_does(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(DOTENV)
    assert variables(file, {}) == dotenv.dotenv_values(file)
    assert url_of(f"dotenv:{file}:A", {}) == "again"
    assert url_of(f"dotenv:{file}:A", {"A": "mine"}) == "mine"
    assert url_of(f"dotenv:{file}.none:A", {}) is None


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("postgres://a:p%40@h/d", "postgresql+asyncpg://a:p%40@h:5432/d", True),
        ("postgres://a:p@h/d?x=1&y=2", "postgres://a:p@h/d?y=2&x=1", True),
        ("postgres://a:p@h/d", "postgres://a:q@h/d", False),
        ("postgres://a:p@h:x/d", "postgres://a:p@h:x/d", False),
        ("/usr/bin", "postgres://a:p@h/d", False),
    ],
)
def test_which_urls_lead_to_the_same(one: str, other: str, alike: bool) -> None:
    assert same(one, other) is alike


def test_env_py_wins_and_that_is_said(world_root: Path, database: Database) -> None:
    """The version table has another name, and the setting forgets it."""
    database.execute("CREATE SCHEMA apart")
    layout = Layout(version_table="rows", version_schema="apart")
    here = World.create(world_root, database.url, layout=layout).main
    here.revision("aaaa1111")
    here.write("backend/.env", f"DATABASE_URL={database.url}\n")
    settings = '[tool.alembic-worktrees]\nversion-table = "apart.rows"\ndatabase-url = "dotenv:.env:%s"\n'
    here.write("backend/pyproject.toml", settings % "DATABASE_URL")
    said = here.tool("upgrade", cwd=here.path, check=True).stderr
    assert "database-url leads to" not in said
    here.write("backend/pyproject.toml", settings.replace("apart.rows", "alembic_version") % "DATABASE_URL")
    database.set_heads("zzzz9999")
    said = here.tool("upgrade", check=True).stderr
    assert f"database-url leads to {database.name} (postgresql): alembic_version" in said
    assert f"env.py to {database.name} (postgresql): apart.rows" in said
