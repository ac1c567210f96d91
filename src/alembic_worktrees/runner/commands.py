"""What can be asked: a probe, an upgrade, and whether this Python takes a file for a module."""

from __future__ import annotations

import os
import sys
from typing import Any, Callable

from .failures import failed, hidden_if, reason_of
from .hosts import describe
from .interruption import interruption
from .locks import Locks
from .making import maker
from .parsing import is_module
from .running import run_env, scripts, unheard

_locks = Locks()


def probe(
    quiet: bool = False, lock: bool = False, verbose: bool = False, urls: bool = False
) -> dict[str, Any]:
    """Answer with the rows of every version table that env.py leads to. Nothing is changed, no migration read.

    With `quiet` a failure is not shown, only answered, else what a database says is shown only if `verbose`; with
    `lock` each table is locked before it is read; with `urls` the answer has the URLs, with their passwords.
    """
    answer: dict[str, Any] = {"tables": [], "taken": False, "urls": []}

    def begin(context: Any) -> None:
        about = _locks.take(context) if lock and not answer["taken"] else {}
        answer["taken"] |= about.pop("taken", False)
        answer["tables"].append(about)

    def capture(heads: Any, context: Any) -> list[Any]:
        answer["tables"][-1].update(describe(heads, context))
        if urls:
            answer["urls"].append(context.connection.engine.url.render_as_string(hide_password=False))
        return []

    def look(config: Any) -> None:
        run_env(config, scripts(config), capture, begin, dont_mutate=True)

    with unheard():
        failure = as_the_command(["current"], look, hidden_if(quiet=quiet, verbose=verbose))
    return {"failure": failure, **answer}


def upgrade(target: str) -> dict[str, Any]:
    """Run `alembic upgrade TARGET`; ^C ends only that."""
    return in_order(["upgrade", target])


def load(paths: list[str]) -> dict[str, Any]:
    """Let Alembic load these migrations, and answer why those failed that did, by path; env.py is not run."""
    from alembic.util import load_python_file

    reasons: dict[str, str] = {}

    def look(config: Any) -> None:
        scripts(config)  # puts on Python's path what the config says
        here = os.getcwd()
        sys.path += [here, os.path.dirname(here)]  # as many an env.py does
        for path in paths:
            try:
                load_python_file(*os.path.split(path))
            except Exception as error:
                reasons[path] = reason_of(error)

    before = [*sys.path]
    with unheard():
        as_the_command(["heads"], look, hidden_if(quiet=True, verbose=False))
    sys.path[:] = before
    return {"reasons": reasons}


def parse(content: str) -> dict[str, Any]:
    """Answer whether this Python takes a file for a module; the characters of `content` are its bytes."""
    return {"sound": is_module(content.encode("latin-1"))}


def in_order(argv: list[str], instead: Callable[[Any], None] | None = None) -> dict[str, Any]:
    """Run what changes a database, as `as_the_command` does, and answer how it ended; ^C ends only that."""
    interruption.listen()
    try:
        return {"failure": as_the_command(argv, instead), "interrupted": False}
    except KeyboardInterrupt:
        return {"failure": None, "interrupted": True}


def as_the_command(
    argv: list[str],
    instead: Callable[[Any], None] | None = None,
    hidden: Callable[[BaseException], bool] = lambda _: False,
) -> dict[str, Any] | None:
    """Run the `alembic` command line, or `instead` with its config, and show failures as the command does.

    Those that are `hidden` are only returned. Returns what `failed` does, None on success.
    """
    from alembic.config import CommandLine

    class Command(CommandLine):
        def run_cmd(self, usual: Any, options: Any) -> None:
            options.raiseerr = True
            with maker.made(usual, options) as config:
                if instead:
                    instead(config)
                else:
                    super().run_cmd(config, options)

    sys.argv = maker.typed(argv)
    try:
        Command(prog="alembic").main([*maker.argv, *argv])
    except (Exception, SystemExit) as error:
        is_success = isinstance(error, SystemExit) and error.code in (None, 0)
        return None if is_success else failed(error, hide=hidden(error))
    return None
