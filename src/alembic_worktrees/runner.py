"""Runs inside the project: Alembic itself, as the `alembic` command would run it, asked over a channel.

Run by path with the project's interpreter, so nothing but the standard library and Alembic is imported, and the
syntax is that of Python 3.8. Requests and answers are lines of JSON on two file descriptors; what Alembic, env.py
and migrations print goes where they print it, with passwords masked.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import logging
import os
import re
import sys
import threading
import traceback
import warnings
from contextlib import suppress
from typing import Any, Callable, Dict, Iterable, Match, Optional, Set, TextIO, Tuple

# user:password@ in a URL: up to the last @ of the word, or where a password has a space, to the first of the line
_URL_PASSWORD = re.compile(r"(://[^\s:/@'\"]*:)(?:[^\s'\"]*|[^\n@]*)(?=@)")
# password=… in a connection string, an environment or a call; PGPASS= and ODBC's PWD= too, but PWD: is a folder
_FIELD_PASSWORD = re.compile(
    r"((?:pass(?:word|wd|phrase)['\"]?\s*[=:]|pass['\"]?\s*=|\bpwd=|_pwd['\"]?\s*[=:])\s*)('(?:\\.|[^'\\\n])*'?|\"(?:\\.|[^\"\\\n])*\"?|[^\s&]+)",
    re.IGNORECASE,
)
# What drivers take for a host, or for a word, where a password has an @ or a space that is not quoted
_PIECE_OF_PASSWORD = re.compile(r"(\bhost(?: name)?\W{1,3})[^\s'\"]*(?=@)|(missing \"=\" after )\"[^\"]*\"")

# What SQLAlchemy, libpq and configparser quote of a URL that they cannot read: it may hold a password, or be one
_UNREADABLE = re.compile(
    r"(engine[/\\]url\.py\", line (?:.*\n)*?ValueError: invalid literal for int\(\) with base 10: ).*"
    r"|(non-integer port arguments: ).*"
    r"|(invalid (?:port number|integer value):? )\"[^\"]*\""
    r"|(must be followed by '%' or '\(', found: ).*"
    r"|(invalid interpolation syntax in )'.*'"
)


def mask(text: str) -> str:
    """Return `text` with every password in a database URL or connection string as ***."""
    for pattern in (_URL_PASSWORD, _FIELD_PASSWORD, _PIECE_OF_PASSWORD, _UNREADABLE):
        text = pattern.sub(_hide, text)
    return text


def _hide(match: Match[str]) -> str:
    kept: str = next(filter(None, match.groups()))
    return kept + "***"


class Masked:
    """A text stream that never lets a password through."""

    def __init__(self, stream: TextIO) -> None:
        with suppress(AttributeError):  # what the locale has no sign for must not end a migration half-way
            stream.reconfigure(errors="backslashreplace")  # type: ignore[attr-defined]
        self._stream = stream

    def write(self, text: str) -> int:
        """Write `text`, masked. Where it cannot be written the work goes on: it is talk."""
        with suppress(OSError):
            self._stream.write(mask(text))
        return len(text)

    def flush(self) -> None:
        """Let what was written be seen, if it can be."""
        with suppress(OSError):
            self._stream.flush()

    def writelines(self, lines: Iterable[str]) -> None:
        """Write every one of `lines`, masked."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Locks:
    """Advisory locks of PostgreSQL that nobody upgrades what we upgrade, also from another clone.

    They end with this process, however it ends. They are held by sessions of their own, which are idle and in no
    transaction, and are only ever tried: `CREATE INDEX CONCURRENTLY` would wait for a statement that waits. All or
    none: where one is taken the others are given back, so that two never wait for each other.
    """

    def __init__(self) -> None:
        self._sessions: Dict[Any, Any] = {}  # by the database's URL
        self._held: Set[Tuple[Any, int]] = set()

    def take(self, context: Any) -> Dict[str, object]:
        """Lock one version table. The answer is empty, or says that it is taken, or why it cannot be locked."""
        engine = context.connection.engine
        lock = engine.url, _lock_number(context)
        if context.dialect.name != "postgresql" or lock in self._held:
            return {}
        try:
            free = self._try(engine, lock)
        except Exception as error:  # no second connection, no such function: an upgrade can do without
            return {"unlocked": _reason(error)}
        return {} if free else {"unlocked": None} if free is None else {"taken": True}

    def _try(self, engine: Any, lock: Tuple[Any, int]) -> Optional[bool]:
        database, number = lock
        if database not in self._sessions:
            self._sessions[database] = _session_of_its_own(engine)
        session, pid = self._sessions[database]
        cursor = session.cursor()
        cursor.execute(_TRY_LOCK.format(pid=pid, number=number))
        free: Optional[bool] = cursor.fetchone()[0]
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


def _session_of_its_own(engine: Any) -> Tuple[Any, object]:
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


def main(read_end: int, write_end: int) -> None:
    """Say whether Alembic is here, then answer requests until the channel is closed."""
    sys.path[:] = [folder for folder in sys.path if not _is_ours(folder)]
    sys.stdout, sys.stderr = Masked(sys.stdout), Masked(sys.stderr)
    with os.fdopen(read_end) as requests, os.fdopen(write_end, "w") as answers:
        try:
            import alembic.config
        except ImportError as error:
            _send(answers, ready=False, reason=mask(str(error)))
            return
        _send(answers, ready=True, alembic=alembic.__version__, python=sys.executable)
        for line in requests:
            request = json.loads(line)
            _send(answers, **_HANDLERS[request.pop("do")](**request))


def _is_ours(folder: str) -> bool:
    return os.path.realpath(folder or ".") == os.path.dirname(os.path.realpath(__file__))


def _send(answers: TextIO, **answer: object) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


_locks = Locks()


def probe(words: list[str], quiet: bool = False, lock: bool = False) -> dict[str, Any]:
    """Answer with the rows of every version table that env.py leads to. Nothing is changed, no migration read.

    With `quiet` a failure is not shown, only answered; with `lock` each table is locked before it is read.
    """
    tables: list[dict[str, Any]] = []
    logging.disable(logging.INFO)  # env.py is run again for the upgrade, and says the same again
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        failure = _as_the_command([*words, "current"], lambda config: _capture(config, tables, lock), quiet)
    finally:
        logging.disable(logging.NOTSET)
        sys.dont_write_bytecode = before
    return {"failure": failure, "tables": tables}


def upgrade(words: list[str], target: str) -> dict[str, Any]:
    """Run `alembic upgrade TARGET`."""
    return {"failure": _as_the_command([*words, "upgrade", target])}


def merge(words: list[str], message: str, heads: list[str]) -> dict[str, Any]:
    """Write a revision that joins `heads`, also if others have followed them, which `alembic merge` refuses."""
    from alembic import command

    def join(config: Any) -> None:
        command.revision(config, message=message, head=heads, splice=True)  # type: ignore[arg-type]

    return {"failure": _as_the_command([*words, "merge", "-m", message, *heads], join)}


def parse(content: str) -> dict[str, Any]:
    """Answer whether this Python takes a file for a module; the characters of `content` are its bytes."""
    return {"sound": is_module(content.encode("latin-1"))}


def is_module(content: bytes) -> bool:
    """Whether Python could load a file of this content, as far as that can be told without running it."""
    try:
        with warnings.catch_warnings():  # a "\\d" in a string is for others to complain about
            warnings.simplefilter("ignore")
            compile(content, "<migration>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


_HANDLERS: dict[str, Callable[..., dict[str, Any]]] = {
    "probe": probe,
    "upgrade": upgrade,
    "merge": merge,
    "parse": parse,
}


def _capture(config: Any, tables: list[dict[str, Any]], lock: bool) -> None:
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    def capture(heads: Any, context: Any) -> list[Any]:
        tables.append(_describe(heads, context))
        return []

    def locked_first(**words: Any) -> None:
        answer = {} if any("taken" in table for table in tables) else _locks.take(environment.get_context())
        run_migrations(**words)
        tables[-1].update(answer)

    script = ScriptDirectory.from_config(config)
    environment = EnvironmentContext(config, script, fn=capture, dont_mutate=True)
    run_migrations = environment.run_migrations
    if lock:
        environment.run_migrations = locked_first  # type: ignore[method-assign]
    with environment:
        script.run_env()


def _describe(heads: Any, context: Any) -> dict[str, Any]:
    url = context.connection.engine.url
    hosts = [url.host] if url.host else _listed(url.query.get("host"))
    return {
        "heads": list(heads),
        "table": context.version_table,
        "schema": context.version_table_schema,
        "dialect": context.dialect.name,
        "hosts": [host for item in hosts for host in item.split(",")],
        "port": url.port,
        "database": url.database,
    }


def _listed(value: Any) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def _as_the_command(
    words: list[str], instead: Callable[[Any], None] | None = None, quiet: bool = False
) -> dict[str, Any] | None:
    """Run the `alembic` command line, or `instead` with its config, and show failures as the command does.

    Returns None on success, else {"unknown": the revision id that Alembic could not locate, or None, "reason": the
    failure in one line}.
    """
    from alembic import util
    from alembic.config import CommandLine

    class Command(CommandLine):
        def run_cmd(self, config: Any, options: Any) -> None:
            if instead:
                instead(config)
            else:
                options.raiseerr = True
                super().run_cmd(config, options)

    try:
        Command(prog="alembic").main(words)
    except util.CommandError as error:
        if not quiet:
            _show_as_alembic_does(util, error)
        return {"unknown": getattr(error.__cause__, "argument", None), "reason": _reason(error)}
    except (Exception, SystemExit) as error:
        if not (isinstance(error, SystemExit) and error.code in (None, 0)):
            if not quiet:
                _show_traceback(error)
            return {"unknown": None, "reason": _reason(error)}
    return None


def _reason(error: BaseException) -> str:
    """Return what an error says, in one line, without SQLAlchemy's hint where to read about it."""
    said = str(error).partition("(Background on this error at")[0]
    where = traceback.extract_tb(error.__traceback__)[-1:]
    if (
        isinstance(error, ValueError)
        and where
        and where[0].filename.endswith(os.path.join("engine", "url.py"))
    ):
        said = "the port in the database's URL is not a number: ***"
    return mask(f"{type(error).__name__}: {' '.join(said.split())}")


def _show_as_alembic_does(util: Any, error: BaseException) -> None:
    try:
        util.err(str(error))  # prints FAILED and exits
    except SystemExit:
        pass


def _show_traceback(error: BaseException) -> None:
    frames = error.__traceback__
    while frames and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next  # ours say nothing to the user
    sys.stderr.write("".join(traceback.format_exception(type(error), error, frames)))


def _leave() -> None:
    """End as Python does, but without freeing object by object what ends anyway: that takes 0.09 s of 0.5 s.

    Where a thread is still at work Python's own way is right, which waits for it.
    """
    if threading.active_count() == 1:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    try:
        main(int(sys.argv[-2]), int(sys.argv[-1]))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # who asked has gone, and has said why
        os._exit(0)
    _leave()
