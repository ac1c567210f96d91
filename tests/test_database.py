"""Which databases are local, and what one is called."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees import runner
from alembic_worktrees.database import Applied, Database, VersionTable
from worlds.searching import project

if TYPE_CHECKING:
    from worlds.world import World


def table(*hosts: str, port: int | None = None, heads: tuple[str, ...] = ()) -> VersionTable:
    return VersionTable(heads, "postgresql", hosts, port, "stoflow")


@pytest.mark.parametrize(
    "hosts",
    [
        (),
        ("localhost",),
        ("LOCALHOST",),
        ("127.0.0.1",),
        ("127.1.2.3",),
        ("::1",),
        ("/var/run/postgresql",),
        ("@abstract",),
        ("db",),
        ("postgres_1",),
        ("localhost", "/tmp"),
    ],
)
def test_local(hosts: tuple[str, ...]) -> None:
    assert table(*hosts).local


@pytest.mark.parametrize(
    "hosts",
    [
        ("db.example.com",),
        ("10.0.0.5",),
        ("192.168.1.2",),
        ("127.example.com",),
        ("127.0.0.1.example.com",),
        ("fe80::1",),
        ("2001:db8::1",),
        ("localhost", "db.example.com"),
        ("db.example.com", "localhost"),
        ("db.",),
    ],
)
def test_not_local(hosts: tuple[str, ...]) -> None:
    assert not table(*hosts).local


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
    monkeypatch.setattr(runner, "is_module", lambda _: False)  # in this process; the project's is another
    with Database(project(world.main), None, os.environ, direct=direct) as database:
        assert database.loads("x = 'é'".encode())
        assert database.loads(b"x = '\\d'\n# coding: latin-1 \xe9\n")
        assert not database.loads(b"x = '\xe9'\n")
        assert not database.loads(b"def upgrade():\n<<<<<<< HEAD\n")
        assert database.loads(b"pass")
