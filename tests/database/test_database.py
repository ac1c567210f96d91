"""Which databases are local, and what one is called."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.database.applied import Applied, VersionTable
from alembic_worktrees.database.client import Database
from alembic_worktrees.messages.errors import UserError
from alembic_worktrees.project.settings import Settings
from alembic_worktrees.runner import hosts, parsing
from worlds.searching import project
from worlds.world import Layout, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from worlds.postgres import Database as Postgres


def table(*hosts: str, port: int | None = None, heads: tuple[str, ...] = ()) -> VersionTable:
    return VersionTable(heads, "postgresql", hosts, port, "stoflow")


LOCAL = [
    ("", None),
    ("localhost", "127.0.0.1"),
    ("localhost", "::1"),
    ("127.1.2.3", "127.1.2.3"),
    ("::1", "::1"),
    ("db.example.com", "127.0.0.1"),  # by /etc/hosts, or by hostaddr
    ("mapped", "::ffff:127.0.0.1"),
    ("/var/run/postgresql", None),
    ("@abstract", None),
    ("db.example.com", ""),  # of a socket that the query of the URL names
]
REMOTE = [
    ("prod-db", "10.0.0.5"),
    ("prod-db", None),
    ("localhost", "10.0.0.5"),
    ("db.example.com", "10.0.0.5"),
    ("10.0.0.5", "10.0.0.5"),
    ("127.example.com", None),
    ("fe80::1", "fe80::1%eth0"),
    ("2001:db8::1", "2001:db8::1"),
    ("db.", "10.0.0.5"),
]
COMPOSE = [("db", "172.18.0.2"), ("postgres_1", "fd00::2"), ("db", None)]


@pytest.mark.parametrize("contained", [True, False])
def test_what_is_local(contained: bool) -> None:
    assert [row for row in LOCAL if not hosts.is_local(*row, contained)] == []
    names = {"prod-db", "localhost"} if contained else set()  # no dot: compose calls its services so
    assert {host for host, address in REMOTE if hosts.is_local(host, address, contained)} == names
    assert [hosts.is_local(*row, contained) for row in COMPOSE] == [contained] * 3


def test_what_is_a_container(tmp_path: Path) -> None:
    assert not hosts.is_container(str(tmp_path))
    (tmp_path / "run").mkdir()
    (tmp_path / "run/.containerenv").touch()
    assert hosts.is_container(str(tmp_path))
    (tmp_path / "run/.containerenv").unlink()
    (tmp_path / "proc/1").mkdir(parents=True)
    for cgroup, contained in (
        ("0::/\n", False),
        ("0::/kubepods/pod1\n", True),
        ("5:pids:/docker/ab\n", True),
    ):
        (tmp_path / "proc/1/cgroup").write_text(cgroup)
        assert hosts.is_container(str(tmp_path)) == contained


@pytest.mark.parametrize(
    ("hosts", "port", "name"),
    [
        ((), None, "stoflow (postgresql)"),
        (("/tmp",), 5432, "stoflow (postgresql)"),
        (("localhost",), 5432, "stoflow (postgresql, localhost:5432)"),
        (("db.example.com",), None, "stoflow (postgresql, db.example.com)"),
        (("one", "two"), 5433, "stoflow (postgresql, one,two:5433)"),
    ],
)
def test_name(hosts: tuple[str, ...], port: int | None, name: str) -> None:
    assert table(*hosts, port=port).name == name


def test_all_tables_count() -> None:
    applied = Applied((table("localhost", heads=("a",)), table("localhost", heads=("a", "b"))))
    assert applied.heads == {"a", "b"}
    assert applied.names == ("stoflow (postgresql, localhost)",)


@pytest.mark.parametrize("direct", [None, "env:DATABASE_URL"])
def test_where_our_python_is_too_old_the_projects_is_asked(
    world: World, monkeypatch: pytest.MonkeyPatch, direct: str | None
) -> None:
    monkeypatch.setattr(parsing, "is_module", lambda _: False)  # in this process; the project's is another
    with Database(project(world.main), Settings(database_url=direct), os.environ, directly=True) as database:
        assert database.loads("x = 'é'".encode())
        assert database.loads(b"x = '\\d'\n# coding: latin-1 \xe9\n")
        assert not database.loads(b"x = '\xe9'\n")
        assert not database.loads(b"def upgrade():\n<<<<<<< HEAD\n")
        assert database.loads(b"pass")


@pytest.mark.parametrize("env", ["multidb", "async"])
def test_rows_are_set_where_they_are_as_they_were_seen(
    world_root: Path, new_database: Callable[[], Postgres], env: str
) -> None:
    one, other = new_database(), new_database()
    url = one.async_url if env == "async" else one.url
    layout = Layout(env=env, version_table="rows", version_schema="apart")
    world = World.create(world_root, url, layout=layout, other_url=other.url)
    about = {"table": "rows", "schema": "apart"}
    for place in (one, other):
        place.execute("CREATE SCHEMA apart")
    one.set_heads("a", "b", **about)
    with Database(project(world.main), Settings(), os.environ) as database:
        first, *rest = database.probe().tables
        database.set_rows([(first, {"b", "it's"})])
        assert one.heads(**about) == {"b", "it's"}
        assert all(table.heads == () for table in rest)
        assert "apart.rows" not in other.tables()
        with pytest.raises(UserError):
            database.set_rows([(first, {"c"})])  # seen before
        one.execute(
            "CREATE RULE stubborn AS ON DELETE TO apart.rows WHERE old.version_num = 'b' DO INSTEAD NOTHING"
        )
        with pytest.raises(UserError):
            database.set_rows(
                [(database.probe().tables[0], {"c"})]
            )  # one that somebody else takes in this moment
        assert one.heads(**about) == {"b", "it's"}
