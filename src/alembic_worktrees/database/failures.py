"""Why does the project's Alembic not answer? What is said of it, and how to see it again without us."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ..messages import Message, _
from ..messages.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..project.project import Project


class ProbeFailed(UserError):
    """The database could not be asked what is applied; the `reason` is Alembic's, in one line."""


def _again(project: Project) -> dict[str, object]:
    return {"folder": project.folder, "command": project.command("current")}


def no_python(tried: Sequence[str | Message], *, chosen: bool) -> UserError:
    """Say that none of these leads to Alembic; `chosen` is one that the setting names."""
    text = _(
        "No Python here can import alembic. Tried:\n"
        "{tried:lines}\n"
        "  Activate the project's virtualenv, or install alembic in it, or set python "
        "under [tool.alembic-worktrees] in pyproject.toml"
    )
    if chosen:
        text = _(
            "The Python that the setting names does not lead to alembic:\n"
            "{tried:lines}\n"
            "  Correct python or python-folder under [tool.alembic-worktrees] in pyproject.toml, or "
            "install alembic there."
        )
    return UserError(text, tried=tuple(tried))


def ended(project: Project, status: int) -> UserError:
    """Say that the process was asked, and is gone."""
    text = _(
        "Alembic's process ended (status {status}) before it answered. See why with: cd "
        "{folder:q} && {command}"
    )
    return UserError(text, status=status, **_again(project))


def no_database(project: Project) -> UserError:
    """Say that Alembic has run env.py, which led nowhere."""
    text = _(
        "{env} came to its end without asking a database, so nothing says what is "
        "applied. See it with: cd {folder:q} && {command}"
    )
    return UserError(text, env=project.scripts / "env.py", **_again(project))


def not_compared(project: Project, reason: str) -> UserError:
    """Say that models and database could not be compared: Alembic has stopped, or env.py."""
    text = _(
        "Models and database could not be compared ({reason}). Alembic alone stops there too: mend the models, or "
        "what env.py imports of them. See it again with: cd {folder:q} && {command}"
    )
    return UserError(text, reason=reason, folder=project.folder, command=project.command("check"))


def _near_by(project: Project, reason: str) -> Path | None:
    """Return the folder of this project in which the module lies that was not found, None if in none."""
    missing = re.match(r"ModuleNotFoundError: No module named '([^'.]+)", reason)
    places = (place for top in (project.folder, project.root) for place in (top, top / "src"))
    found = (place for place in places if missing and _has_module(place, missing[1]))
    return next(found, None)


def _has_module(place: Path, name: str) -> bool:
    return (place / name).is_dir() or (place / f"{name}.py").is_file()


def not_asked(project: Project, python: str | Message, reason: str, *, hidden: bool) -> UserError:
    """Say that Alembic could not run env.py to its end; it has said why itself if that was not `hidden`."""
    if reason.startswith("NoAppException: "):
        text = _(
            "Flask could not load the application from {folder} ({reason}). Does "
            "FLASK_APP name it? It may stand in {file}, as: FLASK_APP=package.module:create_app\n"
            "  See it again with: cd {folder:q} && {command}"
        )
        said = reason.partition(": ")[2]
        return UserError(text, reason=said, file=project.folder / ".flaskenv", **_again(project))
    if not (project.scripts / "env.py").is_file():
        text = _(
            "There is no env.py in {scripts}, and Alembic is asked through it. Write one, as alembic init does."
        )
        return UserError(text, scripts=project.scripts)
    if place := _near_by(project, reason):
        text = _(
            "{python} cannot load env.py: {reason}. It lies in {place}, which is not on Python's path. Set "
            "prepend_sys_path = {relative} in the Alembic config, or: export PYTHONPATH={place:q}"
        )
        relative = os.path.relpath(place, project.folder)
        return UserError(text, reason=reason, python=python, place=place, relative=relative)
    if reason.startswith(("ModuleNotFoundError: ", "ImportError: ")):
        text = _(
            "{python} cannot load env.py: {reason}. Is it this project's Python? Activate the "
            "project's virtualenv, or set python under [tool.alembic-worktrees] in "
            "pyproject.toml. See it again with: cd {folder:q} && {command}"
        )
        return UserError(text, reason=reason, python=python, **_again(project))
    text = _(
        "The database could not be asked what is applied; see Alembic's message above. Is it "
        "running, and is its address right? See it again with: cd {folder:q} && {command}"
    )
    if hidden:
        text = _(
            "The database could not be asked what is applied ({reason}). Start it, or correct "
            "its address. All that Alembic says is shown with -v, or by: cd {folder:q} && "
            "{command}"
        )
    return ProbeFailed(text, reason=reason, **_again(project))
