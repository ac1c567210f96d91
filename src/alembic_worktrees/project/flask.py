"""Where is `flask` run? For a project of Flask-Migrate, whose ini says no script_location: it is the ini's folder."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ..system.reading import NotReadable, read_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

USUAL_FOLDER = "migrations"


def is_by_migrate(env: Path, roots: tuple[str, ...]) -> bool:
    """Whether this env.py works only in the context that Flask-Migrate gives it; False if it cannot be read."""
    try:
        return re.search(rb"current_app\.extensions\[.migrate.\]", read_plain(env, roots)) is not None
    except NotReadable:
        return False


def starting_folder(root: Path, scripts: Path, environment: Mapping[str, str]) -> Path:
    """Return the folder above `scripts`, in the checkout at `root`, in which `flask` finds the application.

    Where FLASK_APP leads to something, else where there is a `.flaskenv`, else `wsgi.py` or `app.py` that is in no
    package; the nearest counts. Where there is no such thing, the folder around `scripts`.
    """
    above = [one for one in scripts.parents if one.is_relative_to(root)] or [scripts]
    named = environment.get("FLASK_APP", "").partition(":")[0]
    module = named.replace(".", "/")
    signs: tuple[Callable[[Path], bool], ...] = (
        lambda one: bool(named) and _has(one, named, module, f"{module}.py"),
        lambda one: _has(one, ".flaskenv"),
        lambda one: not _has(one, "__init__.py") and _has(one, "wsgi.py", "app.py"),
    )
    return next((one for sign in signs for one in above if sign(one)), above[0])


def _has(folder: Path, *names: str) -> bool:
    return any(os.path.exists(folder / name) for name in names)


def words(argv: Sequence[str], scripts: Path, folder: Path, given: Sequence[str]) -> tuple[str, ...]:
    """Return what follows `flask` for it to do what `alembic` does with `argv`; of what is `given` only `-x` counts."""
    first, *rest = argv
    pairs = zip(given[::2], given[1::2], strict=True)
    arguments = [word for pair in pairs if pair[0] == "-x" for word in pair]
    directory = os.path.relpath(scripts, folder)
    return ("db", *arguments, first, *(("-d", directory) if directory != USUAL_FOLDER else ()), *rest)
