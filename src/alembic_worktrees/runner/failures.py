"""What failed? In one line, and shown as the `alembic` command shows it."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from typing import Any, Callable

from .masking import mask

PORT = "the port in the database's URL is not a number: ***"


def hidden_if(*, quiet: bool = False, verbose: bool) -> Callable[[BaseException], bool]:
    """Return which failures are not to be shown: any if `quiet`, none if `verbose`, else what a database says."""
    if quiet:
        return lambda _: True
    return (lambda _: False) if verbose else _is_of_the_database


def _is_of_the_database(error: BaseException) -> bool:
    """Whether the database, its driver or the way there failed, and no line of the project is to blame."""
    if isinstance(error, OSError):
        return error.filename is None
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return bool(kinds & {"DBAPIError", "DatabaseError", "InterfaceError", "PostgresError"})


def failed(error: BaseException, *, hide: bool) -> dict[str, Any]:
    """Return what is answered of a failure, and show it as the command does if we are not to `hide` it.

    {"unknown": the revision id that Alembic could not locate, or None, "reason": the failure in one line, "hidden":
    whether it is not shown, "migration": the [id, path] of the one that failed, or None, "importing": the paths of the
    modules whose import failed, the outermost first}.
    """
    if not hide:
        _show(error)
    unknown = getattr(error.__cause__, "argument", None)
    frames = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)]
    return {
        "unknown": unknown,
        "reason": reason_of(error),
        "hidden": hide,
        "migration": _at_work(error),
        "importing": [os.path.relpath(one.co_filename) for one in frames if one.co_name == "<module>"],
    }


def _at_work(error: BaseException) -> tuple[str, str] | None:
    """Return the id and the path of the migration that Alembic was at: the step in its loop over all of them."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_name == "run_migrations":
            script = getattr(frame.f_locals.get("step"), "revision", None)
            if script is not None:
                return script.revision, os.path.relpath(script.path)
    return None


def reason_of(error: BaseException) -> str:
    """Return what an error says, in one line, without SQLAlchemy's hint where to read about it."""
    # What the driver says, without the statement and its values.
    error = getattr(error, "orig", None) or _while_importing(error) or error
    said = PORT if _is_of_a_port(error) else str(error).partition("(Background on this error at")[0]
    return mask(f"{type(error).__name__}: {' '.join(said.split())}")


def _while_importing(error: BaseException) -> BaseException | None:
    """Return what failed inside the application, where Flask hides it; that none is there is Flask's own to say."""
    inside = error.__context__
    is_inside = isinstance(inside, ImportError) and inside.__traceback__ and inside.__traceback__.tb_next
    return inside if is_inside and hasattr(error, "format_message") else None


def _is_of_a_port(error: BaseException) -> bool:
    """Whether SQLAlchemy quotes what is perhaps a password: what stands between the last colon and the path."""
    where = traceback.extract_tb(error.__traceback__)[-1:]
    in_url = any(frame.filename.endswith(os.path.join("engine", "url.py")) for frame in where)
    return in_url and isinstance(error, ValueError)


def _show(error: BaseException) -> None:
    """Print FAILED and what is wrong if Alembic knows, else what Click says, as Flask does, else the traceback.

    That begins where it leaves our own code.
    """
    from alembic import util

    if isinstance(error, util.CommandError):
        with suppress(SystemExit):
            util.err(str(error))
    elif hasattr(error, "format_message"):
        sys.stderr.write(f"Error: {error.format_message()}\n")
    else:
        frames = error.__traceback__
        while frames and frames.tb_frame.f_globals.get("__package__") == __package__:
            frames = frames.tb_next
        sys.stderr.write("".join(traceback.format_exception(type(error), error, frames)))
