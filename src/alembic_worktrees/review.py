"""Judge a repository: every Alembic project in its files, its index, a commit, or what a merge would make of two."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from . import git
from .check import Found, Problem, compare, judge
from .database import Database
from .errors import Refusal
from .inventory import Inventory, take_inventory
from .project import ConfigFiles, Project, find_project, has_config, read_project
from .search import Search
from .settings import FILE, Settings, load_settings
from .trees import Broken, Defined, Snapshot, Tree, merged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


class Scope(NamedTuple):
    """What is to be judged: the checkout at `root`, and in it one folder or, if None, every Alembic project."""

    root: Path
    folder: str | None
    files: ConfigFiles
    in_hook: bool  # whether git's environment speaks of this checkout

    def settings(self, folder: str) -> Settings:
        """Return the settings for the project in `folder`."""
        return load_settings(self.root / FILE, self.root / folder / FILE)


def find_scope(directory: str | None, here: Path, files: ConfigFiles) -> Scope | None:
    """Return what `check` is about: DIR's project, or all of the checkout around `here`; None outside git.

    Raises Refusal "folder-missing", "no-config" or "git-failed".
    """
    around = git.locate(here)
    if directory is None:
        return Scope(around.top, None, files, in_hook=True) if around else None
    project = find_project(directory, here=here, home=None, files=files)
    if project.repository is None:
        return None
    ours = around is not None and around.top == project.root
    folder = os.path.relpath(project.folder, project.root)
    return Scope(project.root, "" if folder == "." else folder, project.files, in_hook=ours)


def review_index(scope: Scope) -> Iterator[Problem]:
    """Judge what the commit that is being made will record."""
    tree = Tree(scope.root, None, in_hook=scope.in_hook)
    head = git.commit_id(scope.root, "HEAD")
    recorded = {blob for blob, _ in git.files(scope.root, head)} if head else set()
    yield from _review_tree(scope, tree, sound=recorded)


def review_commit(scope: Scope, name: str) -> Iterator[Problem]:
    """Judge a commit."""
    yield from _review_tree(scope, Tree(scope.root, name))


def review_merge(scope: Scope, name: str, onto: str) -> Iterator[Problem]:
    """Judge what merging the commit `name` into `onto` would record, without making the merge."""
    ours, theirs = Tree(scope.root, onto), Tree(scope.root, name)
    common = git.merge_base(scope.root, onto, name)
    base = Tree(scope.root, common) if common else None
    both = {
        folder: places
        for tree in (ours, theirs)
        for folder, places in tree.projects(scope.files, scope.folder)
    }
    for folder, places in both.items():
        sides = [tree.migrations(places) if tree else None for tree in (base, ours, theirs)]
        snapshot = theirs.snapshot(folder, merged(sides[0], sides[1] or {}, sides[2] or {}))
        yield from _judge(scope, snapshot)


def review_files(scope: Scope) -> Iterator[Problem]:
    """Judge the files as they lie in the working tree, borrowed ones included: what Alembic would load here."""
    for project in projects(scope):
        yield from review_project(project, scope.settings(os.path.relpath(project.folder, scope.root)))


def review_project(project: Project, settings: Settings) -> Iterator[Problem]:
    """Judge the files of one project, also outside git."""
    inventory = take_inventory(project)
    snapshot = snapshot_of(project, inventory)
    search = Search(project, settings)
    yield from judge(snapshot, lambda word: _elsewhere(search, word), max_heads=settings.max_heads)


def review_database(
    scope: Scope, environment: Mapping[str, str], patience: float | None = None
) -> Iterator[Problem]:
    """Compare the files of each project with its database, asked for at most `patience` seconds.

    Raises Refusal as `Database.probe` does, or TimeoutError.
    """
    for project in projects(scope):
        settings = scope.settings(os.path.relpath(project.folder, scope.root))
        with Database(project, settings.python, environment) as database:
            applied = database.probe(patience)
        yield from compare(applied.heads, snapshot_of(project, take_inventory(project)))


def projects(scope: Scope) -> tuple[Project, ...]:
    """Return the projects of the working tree."""
    return tuple(_project(scope, folder) for folder in _folders_with_files(scope))


def snapshot_of(project: Project, inventory: Inventory) -> Snapshot:
    """Return the files of a checkout as a snapshot."""
    root = project.root
    return Snapshot(
        os.path.relpath(project.folder, root),
        tuple(Defined(os.path.relpath(one.path, root), one.revision) for one in inventory.all),
        tuple(Broken(os.path.relpath(one.path, root), one.reason, one.detail) for one in inventory.stepped),
        frozenset(row.entry.revision for row in (*inventory.borrowed, *inventory.edited)),
    )


def _review_tree(scope: Scope, tree: Tree, sound: set[str] | None = None) -> Iterator[Problem]:
    for folder, places in tree.projects(scope.files, scope.folder):
        yield from _judge(scope, tree.snapshot(folder, tree.migrations(places), sound=sound or ()))


def _judge(scope: Scope, snapshot: Snapshot) -> tuple[Problem, ...]:
    max_heads = scope.settings(snapshot.folder).max_heads
    return judge(snapshot, _whereabouts(scope, snapshot.folder), max_heads=max_heads)


def _whereabouts(scope: Scope, folder: str) -> Callable[[str], Found | None]:
    """Return who tells where a revision lies that is not recorded: here but not in git, or elsewhere."""

    def find(word: str) -> Found | None:
        try:
            project = _project(scope, folder)
            return _on_disk(project, word) or _elsewhere(Search(project, scope.settings(folder)), word)
        except Refusal:
            return None  # the commit has a project that the working tree lacks

    return find


def _project(scope: Scope, folder: str) -> Project:
    repository = git.locate(scope.root)
    return read_project(scope.root, scope.root / folder, scope.files, repository)


def _on_disk(project: Project, word: str) -> Found | None:
    inventory = take_inventory(project)
    origins = {row.migration.path: row.entry.origin.name for row in (*inventory.borrowed, *inventory.edited)}
    for migration in inventory.all:
        if word in (migration.revision.id, *migration.revision.branch_labels):
            path = os.path.relpath(migration.path, project.root)
            origin = origins.get(migration.path)
            return Found("borrowed", origin, path) if origin else Found("unrecorded", "", path)
    return None


def _elsewhere(search: Search, word: str) -> Found | None:
    for candidate in search.find(word):
        branches = {checkout.name: checkout.branch for checkout in search.surroundings.checkouts}
        origin = branches.get(candidate.origin.name) or candidate.origin.name
        return Found("elsewhere", origin, candidate.origin.path)
    return None


def _folders_with_files(scope: Scope) -> tuple[str, ...]:
    if scope.folder is not None:
        return (scope.folder,)
    index: Mapping[str, str] = Tree(scope.root, None).blobs
    names = {scope.files.ini, scope.files.toml}
    folders = sorted({os.path.dirname(path) for path in index if os.path.basename(path) in names})
    return tuple(folder for folder in folders if has_config(scope.root / folder, scope.files))
