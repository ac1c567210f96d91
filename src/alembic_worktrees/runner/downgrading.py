"""Take migrations back: those that are named and no other, each with its row."""

from __future__ import annotations

import io
from typing import Any, Iterable

from .commands import as_the_command, in_order
from .running import run_env, scripts


def downgrade(revisions: list[str]) -> dict[str, Any]:
    """Take these back, children first, each in a run of env.py of its own; ^C ends only that.

    A target of `alembic downgrade` may take back more than it names, and leaves parallel heads to chance.
    """

    def take_back(config: Any) -> None:
        script = scripts(config)
        for id in revisions:
            _take_back(config, script, id)

    return in_order(["downgrade", "base"], take_back)


def _take_back(config: Any, script: Any, id: str) -> None:
    def step(heads: tuple[str, ...], _context: Any) -> list[Any]:
        return _steps(script, [id] if id in heads else [])  # another database may not have it

    run_env(config, script, step, destination_rev="base")


def downgrade_sql(parts: list[tuple[list[str], list[str]]]) -> dict[str, Any]:
    """Answer with the SQL for that; of each version table that env.py leads to `parts` has rows and revisions."""
    output, waiting = io.StringIO(), iter(parts)

    def write(config: Any) -> None:
        script, config.output_buffer = scripts(config), output
        ids: list[str] = []

        def begin(context: Any) -> None:  # without a connection Alembic knows of one row at most
            rows, ids[:] = next(waiting)
            context.get_current_heads = lambda: tuple(rows)

        run_env(config, script, lambda *_: _steps(script, ids), begin, destination_rev="base", as_sql=True)

    failure = as_the_command(["downgrade", "--sql", "heads:base"], write)
    return {"failure": failure, "sql": output.getvalue()}


def _steps(script: Any, revisions: Iterable[str]) -> list[Any]:
    from alembic.runtime.migration import MigrationStep

    found = map(script.get_revision, revisions)
    return [MigrationStep.downgrade_from_script(script.revision_map, one) for one in found]
