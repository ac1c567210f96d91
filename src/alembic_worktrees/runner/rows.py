"""Which rows shall a version table have? For who has asked for just that: nothing is run, no migration read."""

from __future__ import annotations

from typing import Any

from .commands import as_the_command
from .hosts import describe
from .running import run_env, scripts, unheard


class Moved(Exception):
    """Somebody else has changed the rows in this moment."""


def set_rows(changes: list[dict[str, Any]]) -> dict[str, Any]:
    """Give version tables other rows, each in one transaction, and answer with the changes that found no table.

    A change has a `table` as it was described, with its rows, and the `rows` that it is to have. It finds no table
    where the rows are others by now.
    """
    left = list(changes)

    def change(heads: Any, context: Any) -> list[Any]:
        found = {**describe(heads, context), "heads": sorted(heads)}
        wanted = next((one for one in left if one["table"].items() <= found.items()), None)
        if wanted:
            _set(context, set(heads), set(wanted["rows"]))
            left.remove(wanted)
        return []

    def run(config: Any) -> None:
        run_env(config, scripts(config), change, dont_mutate=True)

    with unheard():
        failure = as_the_command(["current"], run, lambda error: isinstance(error, Moved))
    return {"failure": failure, "left": left}


def _set(context: Any, before: set[str], after: set[str]) -> None:
    table, connection = context._version, context.connection
    with context.begin_transaction(_per_migration=True):  # unless env.py has begun one
        for id in sorted(before - after):
            done = connection.execute(table.delete().where(table.c.version_num == id))
            if context.dialect.supports_sane_rowcount and done.rowcount != 1:
                raise Moved
        for id in sorted(after - before):
            connection.execute(table.insert().values(version_num=id))
