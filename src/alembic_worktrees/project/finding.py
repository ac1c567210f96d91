"""Where? DIR → Project: the one that the user means."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, NoReturn

from .. import git
from ..messages import _
from ..messages.errors import CALL, FolderMissing, UserError
from . import flask
from .config import INI
from .errors import NoConfig, not_configured
from .project import USUAL_FOLDER, movable
from .reading import environments_in, has_config, read_project

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from .project import ConfigFiles, Project


def find_project(directory: str | None, *, here: Path, home: Path | None, files: ConfigFiles) -> Project:
    """Return the project that the user means.

    `directory` is what the user named, else None: then `backend`, `here`, and the parents of `here` are tried, then
    the same from `home`, the folder that the shell file was sourced from, and last the only one of the checkout of
    either. In each of them `migrations` is tried too, for Flask-Migrate.
    Raises FolderMissing, NoConfig or ConfigUnreadable.
    """
    if directory is not None:
        folder = here / directory
        if not folder.is_dir():
            raise FolderMissing(folder)
        return _first_project([folder, folder / USUAL_FOLDER], files) or _no_config(folder, files)
    starts = [here, *([home] if home and home.is_dir() else [])]
    near = chain.from_iterable(map(_usual_locations, starts))
    only = (_only_project(start, files) for start in starts)
    return _first_project(near, files) or next(filter(None, only), None) or _no_config(here, files)


def find_folder(scripts: Path, places: Iterable[Path], files: ConfigFiles) -> Path | None:
    """Return in which of these places Alembic is run for env.py to be that in `scripts`; None if in none."""
    for place in places:
        with suppress(UserError):
            project = find_project(str(place), here=place, home=None, files=files)
            if project.scripts.resolve() == scripts:
                return project.folder
    return None


def _usual_locations(here: Path) -> Iterator[Path]:
    here = here.resolve()
    yield here / USUAL_FOLDER
    yield here
    repository = git.locate(here)
    if repository:
        for parent in here.parents:
            if not parent.is_relative_to(repository.top):
                return
            yield parent
            yield parent / USUAL_FOLDER


def _first_project(folders: Iterable[Path], files: ConfigFiles) -> Project | None:
    for folder in (folder for near in folders for folder in (near, near / flask.USUAL_FOLDER)):
        if folder.is_dir() and has_config(folder, files):
            real = folder.resolve()
            repository = git.locate(real)
            root = repository.top if repository else _root_outside_git(real)
            return read_project(root, real, movable(files, root, real), repository)
    return None


def _root_outside_git(folder: Path) -> Path:
    return folder.parent if folder.name == USUAL_FOLDER else folder


def _only_project(here: Path, files: ConfigFiles) -> Project | None:
    folders = _configured_folders(here)
    return _first_project(folders, files) if len(folders) == 1 else None


def _no_config(folder: Path, files: ConfigFiles) -> NoReturn:
    found = _configured_folders(folder)
    for place in (folder, *(found if len(found) == 1 else ())):
        if sections := _sections(place, files):
            text = _(
                "The Alembic config in {folder} says where the scripts are only in its sections {sections:list}. "
                "Name one: add -n {first:q} to the command."
            )
            raise NoConfig(text, folder=place, sections=sections, first=sections[0])
    if found:
        text = _(
            "No Alembic project in {folder}, but this checkout has one in:\n"
            "{found:lines}\n"
            "  Name it: {call:text} {first:q}"
        )
        raise NoConfig(text, folder=folder, found=found, first=found[0], call=CALL)
    if scripts := _scripts_without_config(folder):
        text = _(
            "No Alembic project in {folder}: {scripts} has an env.py, but there is no alembic.ini with a "
            "script_location, nor [tool.alembic] in pyproject.toml. Is the config made in code? Then say so in "
            "pyproject.toml, or merge the branch that does:\n"
            "  [tool.alembic-worktrees]\n"
            '  script-location = "{scripts}"\n'
            '  config = "package.module:function_that_returns_it"'
        )
        raise NoConfig(text, folder=folder, scripts=scripts)
    raise not_configured(folder)


def _scripts_without_config(folder: Path) -> str | None:
    """Return the only folder with an env.py and its template that git has, from the top of the checkout."""
    repository = git.locate(folder)
    if repository is None:
        return None
    templates = git.listed(repository.top, ":(glob)**/script.py.mako")
    scripts = [os.path.dirname(name) for name in templates]
    found = [one for one in scripts if (repository.top / one / "env.py").is_file()]
    return found[0] if len(found) == 1 else None


def _sections(folder: Path, files: ConfigFiles) -> tuple[str, ...]:
    return tuple(one.section for one in environments_in(folder, files) if one.section != files.section)


def _configured_folders(folder: Path) -> tuple[Path, ...]:
    repository = git.locate(folder)
    if repository is None:
        return ()
    configs = (repository.top / name for name in git.listed(repository.top, f":(glob)**/{INI}"))
    return tuple(sorted(config.parent for config in configs if config.is_file()))
