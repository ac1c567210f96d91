"""Who upgrades? Locks of PostgreSQL on its version tables."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from .failures import reason_of


class Locks:
    """Advisory locks of PostgreSQL that nobody upgrades what we upgrade, also from another clone.

    They end with this process, however it ends. They are held by sessions of their own, which are idle and in no
    transaction, and are only ever tried: `CREATE INDEX CONCURRENTLY` would wait for a statement that waits. All or
    none: where one is taken the others are given back, so that two never wait for each other.
    """

    def __init__(self) -> None:
        self._sessions: dict[Any, Any] = {}  # by the database's URL
        self._held: set[tuple[Any, int]] = set()

    def take(self, context: Any) -> dict[str, object]:
        """Lock one version table. The answer is empty, or says that it is taken, or why it cannot be locked."""
        engine = context.connection.engine
        lock = engine.url, _lock_number(context)
        if context.dialect.name != "postgresql" or lock in self._held:
            return {}
        try:
            free = self._try(engine, lock)
        except Exception as error:  # no second connection, no such function: an upgrade can do without
            return {"unlocked": reason_of(error)}
        if free is None:
            return {"unlocked": ""}
        return {} if free else {"taken": True}

    def _try(self, engine: Any, lock: tuple[Any, int]) -> bool | None:
        database, number = lock
        if database not in self._sessions:
            self._sessions[database] = _session_of_its_own(engine)
        session, pid = self._sessions[database]
        cursor = session.cursor()
        cursor.execute(_TRY_LOCK.format(pid=pid, number=number))
        free: bool | None = cursor.fetchone()[0]
        cursor.close()
        session.commit()
        if free:
            self._held.add(lock)
        else:
            self._give_back()
        return free

    def _give_back(self) -> None:
        self._held.clear()
        while self._sessions:
            session, _ = self._sessions.popitem()[1]
            session.close()


# Behind a connection pooler, which makes up the process id, a session is not ours alone: the lock would stay with
# whoever gets it next.
_TRY_LOCK = "SELECT CASE WHEN pg_backend_pid() = {pid} THEN pg_try_advisory_lock({number}) END"


def _session_of_its_own(engine: Any) -> tuple[Any, object]:
    """Return a connection that no pool counts or takes back, and which process the server said it is."""
    session = engine.pool.recreate().connect()
    pid = _pid(getattr(session, "driver_connection", None))
    session.detach()
    return session, pid


def _pid(driver: Any) -> object:
    for name in ("get_backend_pid", "get_server_pid"):  # psycopg2, asyncpg
        if hasattr(driver, name):
            return getattr(driver, name)()
    # psycopg 3; what another driver was told is not known, and taken for true
    return getattr(getattr(driver, "info", None), "backend_pid", "pg_backend_pid()")


def _lock_number(context: Any) -> int:
    """Return what stands for a version table; each database has locks of its own."""
    schema = context.version_table_schema or context.dialect.default_schema_name
    name = json.dumps(["alembic-worktrees", schema, context.version_table])
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
