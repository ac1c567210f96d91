"""What PostgreSQL does with advisory locks, as the lock over clones relies on it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import psycopg2
import psycopg2.errors
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from worlds.postgres import Database

TRY = "SELECT pg_try_advisory_lock(7)"
HOLDER = """
import psycopg2, sys
connection = psycopg2.connect(sys.argv[1])
cursor = connection.cursor()
cursor.execute("SELECT pg_try_advisory_lock(7)")
connection.commit()
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def session(database: Database) -> Iterator[Callable[[str], Any]]:
    """Ask for one value in a session of its own, each time in a transaction of its own."""
    with closing(psycopg2.connect(database.dsn)) as connection:

        def ask(sql: str) -> Any:
            with connection, connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchone()[0]

        yield ask


def each_by_itself(database: Database, *statements: str) -> None:
    with closing(psycopg2.connect(database.dsn)) as connection:
        connection.autocommit = True
        for sql in statements:
            connection.cursor().execute(sql)


def test_a_lock_of_a_session_outlives_its_transactions(database: Database) -> None:
    with session(database) as one, session(database) as two:
        assert one(TRY)
        assert not two(TRY)
        with pytest.raises(psycopg2.errors.DivisionByZero):
            one("SELECT 1/0")
        assert not two(TRY)


def test_a_session_gets_its_own_lock_again(database: Database) -> None:
    with session(database) as one:
        assert one(TRY)
        assert one(TRY)


def test_another_database_has_locks_of_its_own(new_database: Callable[[], Database]) -> None:
    with session(new_database()) as one, session(new_database()) as two:
        assert one(TRY)
        assert two(TRY)


def test_it_goes_with_its_process(database: Database) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, database.dsn], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder, session(database) as other:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        assert not other(TRY)
        os.kill(holder.pid, signal.SIGKILL)
        assert other("SELECT pg_advisory_lock(7)::text") == ""  # it is had, sooner or later


def test_the_server_says_at_the_start_which_process_it_is(database: Database) -> None:
    with closing(psycopg2.connect(database.dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone() == (connection.get_backend_pid(),)


def test_a_concurrent_index_waits_for_who_waits_for_a_lock(database: Database) -> None:
    """So a lock is tried, never waited for: the one who holds it and builds an index would wait for its waiter."""
    database.execute("CREATE TABLE t (id int)")
    waiter = [sys.executable, "-c", HOLDER.replace("pg_try_advisory_lock", "pg_advisory_lock"), database.dsn]
    with session(database) as holder:
        holder(TRY)
        with subprocess.Popen(
            waiter, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            while not holder("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
                assert process.poll() is None
            with pytest.raises(psycopg2.errors.LockNotAvailable):
                each_by_itself(database, "SET lock_timeout = '1s'", "CREATE INDEX CONCURRENTLY i ON t (id)")
            holder("SELECT pg_advisory_unlock(7)")
            assert process.stdout
            assert process.stdout.readline() == b"held\n"
        with session(database) as idle:  # who only holds one is not waited for
            assert idle(TRY)
            each_by_itself(
                database, "SET lock_timeout = '10s'", "DROP INDEX i", "CREATE INDEX CONCURRENTLY i ON t (id)"
            )
