"""What can be asked: a probe, an upgrade, a merge, and whether this Python takes a file for a module."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from typing import Any, Callable, Iterator

from .failures import failure_of, is_of_the_database, show_as_alembic_does, show_traceback
from .hosts import describe
from .interruption import interruption
from .locks import Locks
from .making import maker
from .parsing import is_module

_locks = Locks()


def probe(
    argv: list[str], quiet: bool = False, lock: bool = False, verbose: bool = False, urls: bool = False
) -> dict[str, Any]:
    """Answer with the rows of every version table that env.py leads to. Nothing is changed, no migration read.

    With `quiet` a failure is not shown, only answered, else what a database says is shown only if `verbose`; with
    `lock` each table is locked before it is read; with `urls` the answer has the URL, which has the password.
    """
    hidden = hidden_if(quiet=quiet, verbose=verbose)
    tables: list[dict[str, Any]] = []
    with unheard():
        failure = as_the_command(
            [*argv, "current"], lambda config: _capture(config, tables, lock, urls), hidden
        )
    return {"failure": failure, "tables": tables}


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


def hidden_if(*, quiet: bool, verbose: bool) -> Callable[[BaseException], bool]:
    """Return what tells whether a failure is not to be shown: none if `verbose`, else what a database says."""
    return (lambda _: True) if quiet else (lambda _: False) if verbose else is_of_the_database


def _capture(config: Any, tables: list[dict[str, Any]], lock: bool, urls: bool) -> None:
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    def capture(heads: Any, context: Any) -> list[Any]:
        tables.append(describe(heads, context))
        if urls:
            tables[-1]["url"] = context.connection.engine.url.render_as_string(hide_password=False)
        return []

    def locked_first(**argv: Any) -> None:
        answer = {} if any("taken" in table for table in tables) else _locks.take(environment.get_context())
        run_migrations(**argv)
        tables[-1].update(answer)

    script = ScriptDirectory.from_config(config)
    environment = EnvironmentContext(config, script, fn=capture, dont_mutate=True)
    run_migrations = environment.run_migrations
    if lock:
        environment.run_migrations = locked_first  # type: ignore[method-assign]
    with environment:
        script.run_env()


def upgrade(argv: list[str], target: str) -> dict[str, Any]:
    """Run `alembic upgrade TARGET`; ^C ends only that."""
    interruption.listen()
    try:
        return {"failure": as_the_command([*argv, "upgrade", target])}
    except KeyboardInterrupt:
        return {"failure": {"unknown": None, "interrupted": True}}


def merge(argv: list[str], message: str, heads: list[str]) -> dict[str, Any]:
    """Write a revision that joins `heads`, also if others have followed them, which `alembic merge` refuses."""
    from alembic import command

    def join(config: Any) -> None:
        command.revision(config, message=message, head=heads, splice=True)  # type: ignore[arg-type]

    return {"failure": as_the_command([*argv, "merge", "-m", message, *heads], join)}


def parse(content: str) -> dict[str, Any]:
    """Answer whether this Python takes a file for a module; the characters of `content` are its bytes."""
    return {"sound": is_module(content.encode("latin-1"))}


def as_the_command(
    argv: list[str],
    instead: Callable[[Any], None] | None = None,
    hidden: Callable[[BaseException], bool] = lambda _: False,
) -> dict[str, Any] | None:
    """Run the `alembic` command line, or `instead` with its config, and show failures as the command does.

    Returns None on success, else {"unknown": the revision id that Alembic could not locate, or None, "reason": the
    failure in one line, "hidden": whether it is not shown, "migration": the [id, path] of the one that failed}.
    """
    from alembic import util
    from alembic.config import CommandLine

    class Command(CommandLine):
        def run_cmd(self, usual: Any, options: Any) -> None:
            options.raiseerr = True
            with maker.made(usual, options) as config:
                if instead:
                    instead(config)
                else:
                    super().run_cmd(config, options)

    try:
        Command(prog="alembic").main(argv)
    except util.CommandError as error:
        if not hidden(error):
            show_as_alembic_does(util, error)
        return failure_of(error, hidden, getattr(error.__cause__, "argument", None))
    except (Exception, SystemExit) as error:
        if not (isinstance(error, SystemExit) and error.code in (None, 0)):
            if not hidden(error):
                show_traceback(error)
            return failure_of(error, hidden, None)
    return None


HANDLERS: dict[str, Callable[..., dict[str, Any]]] = {
    "probe": probe,
    "upgrade": upgrade,
    "merge": merge,
    "parse": parse,
}
