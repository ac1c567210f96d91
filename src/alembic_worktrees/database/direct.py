"""What does the version table say, read without env.py? The setting `database-url` → where a database is → its rows."""

from __future__ import annotations

import re
import select
import time
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..messages import WARN, Message, _
from ..messages.errors import UserError
from .applied import VersionTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .applied import Applied

SOON = 5.0  # seconds in which the database is to answer

_DRIVER = re.compile(r"^postgres(ql)?(\+\w+)?://")  # SQLAlchemy names a driver, libpq does not
_LINE = re.compile(  # of a `.env`; in what has no quotes a remark begins with a space
    r"""^[ \t]*(?:export[ \t]+)?(\w+)[ \t]*=[ \t]*"""
    r"""(?:(?:'([^'\n]*)'|"((?:\\.|[^"\\\n])*)")[ \t]*(?:\#.*)?|([^'"\n][^\n]*?|)(?:[ \t]+\#.*)?[ \t]*)$""",
    re.MULTILINE,
)


def url_of(setting: str, environment: Mapping[str, str]) -> str | None:
    """Return the URL that "env:NAME" or "dotenv:FILE:NAME" leads to; a setting that is neither is one itself.

    The environment beats the file, as python-dotenv has it. None where the file has none.
    Raises UserError if there is no such variable.
    """
    kind, _colon, rest = setting.partition(":")
    if kind == "dotenv":
        file, _colon, name = rest.rpartition(":")
        return environment.get(name) or variables(Path(file), environment).get(name)
    if kind != "env":
        return setting
    if not environment.get(rest):
        text = _(
            "The setting database-url reads the variable {name}, which is not set. Set it, or "
            "remove database-url under [tool.alembic-worktrees] in pyproject.toml"
        )
        raise UserError(text, name=rest)
    return environment[rest]


def variables(file: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a `.env` file sets, {} if it cannot be read; `${NAME}` is filled from it and the environment."""
    found: dict[str, str] = {}
    with suppress(OSError, UnicodeDecodeError):
        for name, *values in _LINE.findall(file.read_text(encoding="utf-8")):
            known = {**found, **environment}
            found[name] = re.sub(r"\$\{(\w+)\}", lambda word: known.get(word[1], ""), "".join(values))  # noqa: B023
    return found


def same(one: str, other: str) -> bool:
    """Whether two URLs lead to the same database, whatever the driver and the way they are written."""
    with suppress(ValueError):
        return _parts(one) == _parts(other)
    return False


def _parts(url: str) -> tuple[object, ...]:
    from urllib.parse import parse_qsl, unquote, urlsplit

    found = urlsplit(_DRIVER.sub("postgresql://", url))
    words = (found.username, found.password, found.path)
    about = found.hostname, found.port or 5432, sorted(parse_qsl(found.query))
    return (found.scheme, *(unquote(word or "") for word in words), *about)


def leads_elsewhere(read: Applied, applied: Applied) -> Message | None:
    """Return what is to be said where the setting leads to other tables than env.py does, which counts."""
    if {*map(_place, read.tables)} == {*map(_place, applied.tables)}:
        return None
    text = _(
        "The setting database-url leads to {direct:list}, and env.py to {databases:list}, which counts. "
        "Correct database-url or version-table under [tool.alembic-worktrees] in pyproject.toml"
    )
    values = {"direct": tuple(map(_label, read.tables)), "databases": tuple(map(_label, applied.tables))}
    return Message(text, values, WARN)


def _place(table: VersionTable) -> tuple[object, ...]:
    return table.database, table.servers, table.port or 5432, table.schema, table.table


def _label(table: VersionTable) -> str:
    return f"{table.name}: {'.'.join(filter(None, [table.schema, table.table]))}"


def read(url: str, name: str) -> VersionTable | None:
    """Read a version table, in whose name a schema may stand before a dot. Raises TimeoutError.

    None where that cannot be done, for whatever reason: env.py and Alembic's own words are the way then.
    """
    import psycopg2
    from psycopg2.extensions import set_wait_callback
    from psycopg2.sql import SQL, Identifier

    schema, _dot, table = name.rpartition(".")
    set_wait_callback(partial(_wait, time.monotonic() + SOON))
    try:
        with closing(psycopg2.connect(_DRIVER.sub("postgresql://", url))) as connection:
            with connection.cursor() as cursor:
                names = Identifier(*filter(None, [schema, table]))
                cursor.execute(SQL("SELECT version_num FROM {}").format(names))
                heads = tuple(row[0] for row in cursor.fetchall())
            about = connection.info
            hosts = () if about.host.startswith("/") else (about.host,)
            found = VersionTable(heads, "postgresql", hosts, about.port, about.dbname)
            return found._replace(table=table, schema=schema or None)
    except psycopg2.Error:
        return None
    finally:
        set_wait_callback(None)


def _wait(deadline: float, connection: Any) -> None:
    """Wait for what psycopg2 waits for, at most until `deadline`, and so that ^C is heard. Raises TimeoutError."""
    from psycopg2.extensions import POLL_OK, POLL_READ

    while (state := connection.poll()) != POLL_OK:
        ends = ([connection], []) if state == POLL_READ else ([], [connection])
        if not any(select.select(*ends, [], max(0.0, deadline - time.monotonic()))):
            raise TimeoutError
