"""A plugin: a session of pytest sees this branch's own migrations only. `pytest -p alembic_worktrees.pytest`."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from .messages.errors import UserError
from .project.config import MAIN

if TYPE_CHECKING:
    import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Take the copies out until pytest ends; what xdist starts has them taken out already."""
    if hasattr(config, "workerinput"):
        return
    from pytest import UsageError

    from .cli.commands.aside import without_copies
    from .cli.printer import Printer
    from .database.client import OFF

    printer = Printer(sys.stderr)
    end = ExitStack()
    try:
        end.enter_context(without_copies(argparse.Namespace(directory=None, config=[], name=MAIN), printer))
    except UserError as error:
        raise UsageError(printer.phrase(error.message)) from error
    config.add_cleanup(end.close)
    os.environ.update(OFF)
