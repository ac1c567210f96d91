"""Judge a checkout: every Alembic environment in its files. What git records of them, `recorded.py` judges."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from .. import git
from ..messages import _
from ..messages.errors import UserError
from ..project.errors import BadConfig, PackageMissing, ScriptsMissing
from ..project.finding import find_project
from ..project.project import USUAL_FOLDER, ConfigFiles, Project, movable
from ..project.reading import environments_in, read_project
from ..project.settings import Settings, settings_of
from .rules import compare, judge
from .snapshot import Broken, Snapshot, config_folders, read, told_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from ..migrations.inventory import Inventory
    from .problems import Found, Problem
    from .whereabouts import Whereabouts


class Scope(NamedTuple):
    """What is to be judged: the checkout at `root`, and in it one folder or, if None, every Alembic project."""

    root: Path
    folder: str | None
    files: ConfigFiles
    in_hook: bool  # whether git's environment speaks of this checkout
    repository: git.Repository

    def settings(self, folder: str) -> Settings:
        """Return the settings for the project in `folder`."""
        return settings_of(self.root, self.root / folder)

    def folders(self) -> tuple[str, ...]:
        """Return where the working tree may have a project: where git knows a config, and the usual places."""
        if self.folder is not None:
            return (self.folder,)
        configs = git.listed(self.root, *(f":(glob)**/{os.path.basename(name)}" for name in self.files[:2]))
        known = config_folders(configs, self.files)
        return tuple(sorted({*known, "", USUAL_FOLDER}))

    def language(self, folders: Iterable[str] | None = None) -> str | None:
        """Return the language that the settings of any project choose: of those in `folders`, or of all here."""
        asked = self.folders() if folders is None else folders
        return next(filter(None, (self.settings(folder).language for folder in asked)), None)


def find_scope(directory: str | None, here: Path, files: ConfigFiles) -> Scope | None:
    """Return what `check` is about: DIR's project, or all of the checkout around `here`; None outside git.

    Raises FolderMissing, NoConfig or GitFailed.
    """
    around = git.locate(here)
    if directory is None:
        return (
            Scope(around.top, None, movable(files, around.top, around.top), True, around) if around else None
        )
    project = find_project(directory, here=here, home=None, files=files)
    if project.repository is None:
        return None
    ours = around is not None and around.top == project.root
    folder = os.path.relpath(project.folder, project.root)
    return Scope(project.root, "" if folder == "." else folder, project.files, ours, project.repository)


def review_files(scope: Scope) -> Iterator[Problem]:
    """Judge the files as they lie in the working tree, borrowed ones included: what Alembic would load here.

    Raises UserError if no project is there.
    """
    found = projects(scope)
    if not found:
        raise nothing_to_check(scope.root)
    for project in found:
        yield from review_project(project, scope.settings(os.path.relpath(project.folder, scope.root)))


def nothing_to_check(where: Path | str) -> UserError:
    """Return what to say where there is no project."""
    text = _(
        "No Alembic project in {where}, so nothing was checked. If it has one, name its folder or its config: "
        "alembic-worktrees check FOLDER, or -c FILE"
    )
    return UserError(text, where=where)


def review_project(project: Project, settings: Settings) -> Iterator[Problem]:
    """Judge the files of one project, also outside git."""
    from ..migrations.inventory import take_inventory

    inventory = take_inventory(project)
    snapshot = snapshot_of(project, inventory)
    yield from judge(snapshot, searcher(lambda: project, settings), settings)
    if project.repository:
        yield from _undoing(project, settings, inventory, snapshot)


def _undoing(
    project: Project, settings: Settings, inventory: Inventory, snapshot: Snapshot
) -> Iterable[Problem]:
    """Say which migration that is in no commit takes back what others did."""
    own = {one.path: one.content for one in inventory.originals if one.path.is_relative_to(project.root)}
    new = own.keys() - git.in_head(project.root, own)
    if not new:
        return ()
    from .undoing import undoing

    paths = {path: os.path.relpath(path, project.root) for path in own}
    contents = {paths[path]: content for path, content in own.items()}
    return undoing(snapshot, [paths[path] for path in new], contents, lambda: project, settings)


def review_database(
    scope: Scope, environment: Mapping[str, str], *, verbose: bool = False
) -> Iterator[Problem]:
    """Compare the files of each project with its database. Raises UserError as `Database.probe` does."""
    from ..database.client import Database
    from ..migrations.inventory import take_inventory

    for project in projects(scope):
        settings = scope.settings(os.path.relpath(project.folder, scope.root))
        with Database(project, settings, environment, verbose=verbose) as database:
            applied = database.probe()
        yield from compare(applied.heads, snapshot_of(project, take_inventory(project)))


def projects(scope: Scope, *, placed: bool = False) -> tuple[Project, ...]:
    """Return the environments of the working tree; with `placed` only those whose package is found.

    Those that have their migrations in common are one. Raises PackageMissing.
    """
    passed = (ScriptsMissing, PackageMissing) if placed else (ScriptsMissing,)
    found: dict[tuple[object, ...], Project] = {}
    for folder in scope.folders():
        for project in _projects_in(scope, folder, passed):
            found.setdefault((project.versions, project.config.recursive), project)
    return tuple(found.values())


def _projects_in(scope: Scope, folder: str, passed: tuple[type[BadConfig], ...]) -> Iterator[Project]:
    for files in environments_in(scope.root / folder, scope.files):
        try:
            yield project_in(scope, folder, files)
        except passed:  # a config that is used from another folder, by `alembic -c`
            if scope.folder is not None:
                raise


def snapshot_of(project: Project, inventory: Inventory) -> Snapshot:
    """Return the files of a checkout as a snapshot."""
    contents = {one.path: one.content for one in inventory.all}
    rows = [read(os.path.relpath(path, project.root), content) for path, content in contents.items()]
    files, broken = told_apart(rows)
    skipped = [
        Broken(os.path.relpath(one.path, project.root), one.reason, one.detail)
        for one in inventory.skipped
        if one.path not in contents and not one.path.is_dir()  # Alembic passes over a folder too
    ]
    return Snapshot(
        project.root,
        os.path.relpath(project.folder, project.root),
        files,
        (*skipped, *broken),
        frozenset(inventory.origins),
        recorded=False,
        argv=project.files.argv,
    )


def searcher(locate: Callable[[], Project], settings: Settings) -> Callable[[str], Found | None]:
    """Return what tells where a revision lies; all that it takes is loaded when it is first asked, which is rare."""

    @cache
    def whereabouts() -> Whereabouts:
        from .whereabouts import Whereabouts

        return Whereabouts(locate, settings)

    return lambda word: whereabouts()(word)


def project_in(scope: Scope, folder: str, files: ConfigFiles) -> Project:
    """Return the environment that `files` name in a folder of the working tree. Raises what `read_project` does."""
    return read_project(scope.root, scope.root / folder, files, scope.repository)
