"""Which rows shall a version table have? For who has asked for just that: nothing is run, no migration read."""

from __future__ import annotations

from typing import Any, Callable, Optional

from .commands import as_the_command, unheard
from .hosts import describe


class Moved(Exception):
    """Somebody else has changed the rows in this moment."""


def set_rows(argv: list[str], changes: list[dict[str, Any]]) -> dict[str, Any]:
    """Give version tables other rows, each in one transaction, and answer with the changes that found no table.

    A change has a `table` as it was described, with its rows, and the `rows` that it is to have. It finds no table
    where the rows are others by now.
    """
    left = list(changes)
    with unheard():
        failure = as_the_command([*argv, "current"], lambda config: _change(config, left), _is_moved)
    return {"failure": failure, "left": left}


def _change(config: Any, left: list[dict[str, Any]]) -> None:
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    def change(heads: Any, context: Any) -> list[Any]:
        wanted = _wanted({**describe(heads, context), "heads": sorted(heads)}, left)
        if wanted:
            _set(context, set(heads), set(wanted["rows"]))
            left.remove(wanted)
        return []

    script = ScriptDirectory.from_config(config)
    with EnvironmentContext(config, script, fn=change, dont_mutate=True):
        script.run_env()


def _wanted(found: dict[str, Any], left: list[dict[str, Any]]) -> Optional[dict[str, Any]]:
    return next((one for one in left if one["table"].items() <= found.items()), None)


def _set(context: Any, before: set[str], after: set[str]) -> None:
    table, connection = context._version, context.connection
    with context.begin_transaction(_per_migration=True):  # unless env.py has begun one
        for id in sorted(before - after):
            done = connection.execute(table.delete().where(table.c.version_num == id))
            if context.dialect.supports_sane_rowcount and done.rowcount != 1:
                raise Moved
        for id in sorted(after - before):
            connection.execute(table.insert().values(version_num=id))


def _is_moved(error: BaseException) -> bool:
    return isinstance(error, Moved)


HANDLERS: dict[str, Callable[..., dict[str, Any]]] = {"set-rows": set_rows}
