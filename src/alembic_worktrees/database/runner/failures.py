"""What failed? In one line, and shown as the `alembic` command shows it."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any, Callable, Optional, Tuple

from .masking import mask


def is_of_the_database(error: BaseException) -> bool:
    """Whether the database, its driver or the way there failed, and no line of the project is to blame."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if isinstance(error, OSError):
        return error.filename is None
    return bool(kinds & {"DBAPIError", "DatabaseError", "InterfaceError", "PostgresError"})


def failure_of(
    error: BaseException, hidden: Callable[[BaseException], bool], unknown: object
) -> dict[str, Any]:
    """Return what is answered of a failure; `unknown` is the id that Alembic could not locate, if that is why."""
    migration = _at_work(error)
    return {"unknown": unknown, "reason": reason_of(error), "hidden": hidden(error), "migration": migration}


def _at_work(error: BaseException) -> Optional[Tuple[str, str]]:
    """Return the id and the path of the migration that Alembic was at: the step in its loop over all of them."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_name == "run_migrations":
            script = getattr(frame.f_locals.get("step"), "revision", None)
            if script is not None:
                return script.revision, os.path.relpath(script.path)
    return None


def reason_of(error: BaseException) -> str:
    """Return what an error says, in one line, without SQLAlchemy's hint where to read about it."""
    error = (
        getattr(error, "orig", None) or error
    )  # what the driver says, without the statement and its values
    said = str(error).partition("(Background on this error at")[0]
    where = traceback.extract_tb(error.__traceback__)[-1:]
    if (
        isinstance(error, ValueError)
        and where
        and where[0].filename.endswith(os.path.join("engine", "url.py"))
    ):
        said = "the port in the database's URL is not a number: ***"
    return mask(f"{type(error).__name__}: {' '.join(said.split())}")


def show_as_alembic_does(util: Any, error: BaseException) -> None:
    """Print FAILED and what is wrong, and do not exit."""
    try:
        util.err(str(error))
    except SystemExit:
        pass


def show_traceback(error: BaseException) -> None:
    """Print the traceback from where it leaves our own code; of what Click says, as Flask does, the words alone."""
    if hasattr(error, "format_message"):
        sys.stderr.write(f"Error: {error.format_message()}\n")
        return
    frames = error.__traceback__
    while frames and frames.tb_frame.f_globals.get("__package__") == __package__:
        frames = frames.tb_next
    sys.stderr.write("".join(traceback.format_exception(type(error), error, frames)))
