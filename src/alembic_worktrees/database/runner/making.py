"""Who makes Alembic's config? The `alembic` command, or, of a Flask application, Flask-Migrate."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import Any, Iterator, Optional


class Maker:
    """Has a config made as the project does it; `directory` is that of the migrations for Flask-Migrate, else None."""

    def __init__(self) -> None:
        self.directory: Optional[str] = None
        self._flask: Any = None

    @contextmanager
    def made(self, usual: Any, options: Any) -> Iterator[Any]:
        """Have the config for a command with these options while the context lasts; `usual` is that of `alembic`."""
        if self.directory is None:
            yield usual
            return
        from flask import current_app

        with self._application().app_context():
            about = {
                "x_arg": options.x,
                "opts": ["autogenerate"] if getattr(options, "autogenerate", 0) else [],
            }
            config = current_app.extensions["migrate"].migrate.get_config(self.directory, **about)
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
