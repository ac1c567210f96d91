"""Take migrations back: those that are named and no other, each with its row."""

from __future__ import annotations

import io
from functools import partial
from typing import Any, Callable, Iterable

from .commands import as_the_command
from .interruption import interruption


def downgrade(argv: list[str], revisions: list[str]) -> dict[str, Any]:
    """Take these back, children first, each in a run of env.py of its own; ^C ends only that.

    A target of `alembic downgrade` may take back more than it names, and leaves parallel heads to chance.
    """

    def take_back(config: Any) -> None:
        script = _scripts(config)
        for id in revisions:
            _run(config, script, partial(_step, script, id))

    interruption.listen()
    try:
        return {"failure": as_the_command([*argv, "downgrade", "base"], take_back)}
    except KeyboardInterrupt:
        return {"failure": {"unknown": None, "interrupted": True}}


def downgrade_sql(argv: list[str], parts: list[tuple[list[str], list[str]]]) -> dict[str, Any]:
    """Answer with the SQL for that; of each version table that env.py leads to `parts` has rows and revisions."""
    output, waiting = io.StringIO(), iter(parts)

    def write(config: Any) -> None:
        script, config.output_buffer = _scripts(config), output
        ids: list[str] = []

        def here() -> tuple[str, ...]:  # without a connection Alembic knows of one row at most
            rows, ids[:] = next(waiting)
            return tuple(rows)

        _run(config, script, lambda *_: _steps(script, ids), as_sql=True, current=here)

    failure = as_the_command([*argv, "downgrade", "--sql", "heads:base"], write)
    return {"failure": failure, "sql": output.getvalue()}


def _scripts(config: Any) -> Any:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(config)


def _step(script: Any, id: str, heads: tuple[str, ...], context: Any) -> list[Any]:
    return _steps(script, [id] if id in heads else [])  # another database may not have it


def _steps(script: Any, revisions: Iterable[str]) -> list[Any]:
    from alembic.runtime.migration import MigrationStep

    found = map(script.get_revision, revisions)
    return [MigrationStep.downgrade_from_script(script.revision_map, one) for one in found]


def _run(
    config: Any,
    script: Any,
    fn: Callable[..., list[Any]],
    current: Callable[[], tuple[str, ...]] | None = None,
    **about: Any,
) -> None:
    from alembic.runtime.environment import EnvironmentContext

    environment = EnvironmentContext(config, script, fn=fn, destination_rev="base", **about)
    run_migrations = environment.run_migrations

    def at_current(**argv: Any) -> None:
        environment.get_context().get_current_heads = current  # type: ignore
        run_migrations(**argv)

    if current:
        environment.run_migrations = at_current  # type: ignore[method-assign]
    with environment:
        script.run_env()


HANDLERS: dict[str, Callable[..., dict[str, Any]]] = {
    "downgrade": downgrade,
    "downgrade_sql": downgrade_sql,
}
