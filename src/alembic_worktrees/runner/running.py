"""Where does env.py lead? It runs as for a command of Alembic's, with a function of ours for the steps."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from typing import Any, Callable, Iterator


def scripts(config: Any) -> Any:
    """Return Alembic's folder of migrations, which reads none before it is asked."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(config)


def run_env(
    config: Any,
    script: Any,
    fn: Callable[[Any, Any], list[Any]],
    first: Callable[[Any], None] = lambda _: None,
    **about: Any,
) -> None:
    """Run env.py. For each version table `first` gets Alembic's context, and then `fn` its rows and the context.

    What `fn` returns are the steps that Alembic takes.
    """
    from alembic.runtime.environment import EnvironmentContext

    environment = EnvironmentContext(config, script, fn=fn, **about)
    usual = environment.run_migrations

    def run_migrations(**argv: Any) -> None:
        first(environment.get_context())
        usual(**argv)

    environment.run_migrations = run_migrations  # type: ignore[method-assign]
    with environment:
        script.run_env()


@contextmanager
def unheard() -> Iterator[None]:
    """Leave no trace of having run env.py: it is run again for the upgrade, and says the same again."""
    logging.disable(logging.INFO)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        sys.dont_write_bytecode = before
