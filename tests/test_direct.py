"""The setting `database-url`: Alembic is not started while there is nothing to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from worlds.postgres import Database
    from worlds.world import Checkout, World


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
