"""Who makes Alembic's config? The `alembic` command, a function of the project's, or, for Flask, Flask-Migrate."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from operator import attrgetter
from typing import Any, Iterator


class Maker:
    """Has a config made as the project does it: by `function`, "package.module:name", or by Flask-Migrate.

    `directory` is that of its migrations; None where it is not Flask-Migrate's. `argv` are the words that every
    command begins with.
    """

    def __init__(self) -> None:
        self.argv: list[str] = []
        self.function: str | None = None
        self.directory: str | None = None
        self._flask: Any = None

    def typed(self, argv: list[str]) -> list[str]:
        """Return `argv` as it would be typed. Applications decide by `sys.argv` what they load for a migration."""
        command = ["flask", "db"] if self.directory else ["alembic", *self.argv]
        return [os.path.join(os.path.dirname(sys.executable), command[0]), *command[1:], *argv]

    @contextmanager
    def made(self, usual: Any, options: Any) -> Iterator[Any]:
        """Have the config for a command with these options while the context lasts; `usual` is that of `alembic`."""
        if self.function:
            config = self._called(self.function)
            config.cmd_opts = options
            yield config
        elif self.directory:
            with self._by_flask(self.directory, options) as config:
                yield config
        else:
            yield usual

    def _called(self, function: str) -> Any:
        from importlib import import_module

        if os.getcwd() not in sys.path:
            sys.path.insert(0, os.getcwd())
        module, _, name = function.partition(":")
        return attrgetter(name)(import_module(module))()

    @contextmanager
    def _by_flask(self, directory: str, options: Any) -> Iterator[Any]:
        from flask import current_app

        with self._application().app_context():
            about = {
                "x_arg": options.x,
                "opts": ["autogenerate"] if getattr(options, "autogenerate", 0) else [],
            }
            config = current_app.extensions["migrate"].migrate.get_config(directory, **about)
            options.x = config.cmd_opts.x
            config.cmd_opts = options
            yield config

    def _application(self) -> Any:
        """Return the application that the `flask` command would load; once, as it does."""
        from flask.cli import ScriptInfo, load_dotenv
        from flask.helpers import get_load_dotenv

        if self._flask is None:
            os.environ["FLASK_RUN_FROM_CLI"] = "true"
            if get_load_dotenv():
                load_dotenv()
            self._flask = ScriptInfo(app_import_path=os.environ.get("FLASK_APP"))
        return self._flask.load_app()


maker = Maker()
