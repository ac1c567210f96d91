"""Judge a repository: every Alembic project in its files, its index, a commit, or what a merge would make of two."""

from __future__ import annotations

import os
import time
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from . import git, loans, verdict
from .check import Problem, compare, judge, problem
from .errors import Refusal
from .facts import facts_of
from .messages import Message
from .project import USUAL_FOLDER, ConfigFiles, Project, find_project, has_config, read_project
from .settings import FILE, Settings, load_settings
from .trees import Broken, Defined, Snapshot, Tree, config_folders, merged, read

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from .check import Found
    from .inventory import Inventory
    from .project import Places
    from .whereabouts import Whereabouts


class Scope(NamedTuple):
    """What is to be judged: the checkout at `root`, and in it one folder or, if None, every Alembic project."""

    root: Path
    folder: str | None
    files: ConfigFiles
    in_hook: bool  # whether git's environment speaks of this checkout

    def settings(self, folder: str) -> Settings:
        """Return the settings for the project in `folder`."""
        return load_settings(self.root / FILE, self.root / folder / FILE)

    def folders(self) -> tuple[str, ...]:
        """Return where the working tree may have a project: where git knows a config, and the usual places."""
        if self.folder is not None:
            return (self.folder,)
        names = [os.path.basename(name) for name in self.files[:2]]
        known = config_folders(git.listed(self.root, names), self.files)
        return tuple(sorted({*known, "", USUAL_FOLDER}))

    def language(self) -> str | None:
        """Return the language that the settings of any project here choose."""
        return next(filter(None, (self.settings(folder).language for folder in self.folders())), None)


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


def review_index(scope: Scope) -> tuple[Problem, ...]:
    """Judge what the commit that is being made will record; if that is good, keep the verdict for the next one."""
    head = git.commit_id(scope.root, "HEAD")
    recorded = {blob for blob, _ in git.files(scope.root, head)} if head else set()
    tree = _index(scope)
    projects = tuple(tree.projects(scope.files, scope.folder))
    root, places = str(scope.root), [folder for _, places in projects for folder in places.folders]
    before = verdict.evidence(root, places) if _follow_from_git(scope, projects) else None
    problems = (*_review(scope, tree, projects, recorded), *_loans(scope, tree, projects))
    if before and not problems:
        again = verdict.evidence(root, places), _index(scope).blobs
        if again == (before, tree.blobs):  # nobody changed the index or the settings while we judged
            verdict.keep(root, places, before)
    return problems


def _loans(scope: Scope, tree: Tree, projects: Iterable[tuple[str, Places]]) -> Iterator[Problem]:
    for folder, places in projects:
        yield from loans.staged(scope.root, folder, tree.migrations(places))


def _index(scope: Scope) -> Tree:
    return Tree(scope.root, None, in_hook=scope.in_hook)


def _follow_from_git(scope: Scope, projects: Collection[tuple[str, Places]]) -> bool:
    """Whether the projects are those of the usual question, and what lies in git alone says where they are."""
    usual = scope.folder is None and scope.files == ConfigFiles()
    return usual and bool(projects) and all(places.fixed for _, places in projects)


def review_commit(scope: Scope, name: str) -> Iterator[Problem]:
    """Judge a commit."""
    yield from review_tree(scope, Tree(scope.root, name))


def review_tree(scope: Scope, tree: Tree, sound: Collection[str] = ()) -> Iterator[Problem]:
    """Judge what lies in git; the blobs in `sound` are known to be valid Python."""
    yield from _review(scope, tree, tree.projects(scope.files, scope.folder), sound)


def _review(
    scope: Scope, tree: Tree, projects: Iterable[tuple[str, Places]], sound: Collection[str]
) -> Iterator[Problem]:
    for folder, places in projects:
        yield from _judge(scope, tree.snapshot(folder, tree.migrations(places), sound=sound))
    yield from _unplaced(tree, scope)


def _unplaced(tree: Tree, scope: Scope) -> Iterator[Problem]:
    """Name the projects that could not be judged: nothing says where their migrations are."""
    for folder, refusal in tree.unplaced.items():
        yield problem("package-missing", None, [os.path.join(folder, scope.files.ini)], **refusal.values)


def review_merge(scope: Scope, name: str, onto: str) -> Iterator[Problem]:
    """Judge what merging the commit `name` into `onto` would record, without making the merge."""
    ours, theirs = Tree(scope.root, onto), Tree(scope.root, name)
    common = git.merge_base(scope.root, onto, name)
    base = Tree(scope.root, common) if common else None
    projects = [tree.projects(scope.files, scope.folder) for tree in (ours, theirs)]
    for folder, places in {folder: places for side in projects for folder, places in side}.items():
        before = base.migrations(places) if base else None
        result = merged(before, ours.migrations(places), theirs.migrations(places))
        for path, blobs in result.contested.items():
            if _differ(theirs, path, blobs):
                yield problem("both-changed", None, [path], onto=onto)
        known = {*ours.blobs, *theirs.blobs}
        for found in _judge(scope, theirs.snapshot(folder, result.files), known):
            cure = Message("cure-diverged-onto", {**found.hint.values, "onto": onto})
            yield found._replace(hint=cure) if found.id == "diverged-heads" else found
    yield from _unplaced(theirs, scope)


def _differ(tree: Tree, path: str, blobs: tuple[str | None, str | None]) -> bool:
    """Tell whether two versions of a file differ in what they mean to Alembic; one that is gone does."""
    read = [tree.snapshot("", {path: blob}).files if blob else () for blob in blobs]
    return read[0] != read[1] or not read[0]


def review_files(scope: Scope) -> Iterator[Problem]:
    """Judge the files as they lie in the working tree, borrowed ones included: what Alembic would load here."""
    for project in projects(scope):
        yield from review_project(project, scope.settings(os.path.relpath(project.folder, scope.root)))


def review_project(project: Project, settings: Settings) -> Iterator[Problem]:
    """Judge the files of one project, also outside git."""
    from .inventory import take_inventory

    snapshot = snapshot_of(project, take_inventory(project))
    yield from judge(snapshot, _searcher(lambda: project, settings), max_heads=settings.max_heads)


def review_database(
    scope: Scope, environment: Mapping[str, str], patience: float | None = None, *, verbose: bool = False
) -> Iterator[Problem]:
    """Compare the files of each project with its database; all are asked for at most `patience` seconds, and quietly.

    Raises Refusal as `Database.probe` does, or TimeoutError.
    """
    from .database import Database
    from .inventory import take_inventory

    deadline = time.monotonic() + patience if patience is not None else None
    for project in projects(scope):
        settings = scope.settings(os.path.relpath(project.folder, scope.root))
        with Database(project, settings.python, environment, verbose=verbose) as database:
            left = max(0.0, deadline - time.monotonic()) if deadline else None
            applied = database.probe(left, quiet=patience is not None)
        yield from compare(applied.heads, snapshot_of(project, take_inventory(project)))


def projects(scope: Scope, *, placed: bool = False) -> tuple[Project, ...]:
    """Return the projects of the working tree; with `placed` only those whose package is found.

    Raises Refusal("package-missing").
    """
    passed = {"scripts-missing", "package-missing"} if placed else {"scripts-missing"}
    return tuple(project for folder in scope.folders() for project in _projects_in(scope, folder, passed))


def _projects_in(scope: Scope, folder: str, passed: Collection[str]) -> Iterator[Project]:
    if has_config(scope.root / folder, scope.files):
        try:
            yield _project(scope, folder)
        except Refusal as refusal:  # a config that is used from another folder, by `alembic -c`
            if refusal.key not in passed or scope.folder is not None:
                raise


def snapshot_of(project: Project, inventory: Inventory) -> Snapshot:
    """Return the files of a checkout as a snapshot."""
    contents = {one.path: one.content for one in inventory.all}
    facts = facts_of(project.repository.common if project.repository else None)
    rows = [
        read(facts, os.path.relpath(path, project.root), git.blob_id(content, wide=False), content)
        for path, content in contents.items()
    ]
    facts.keep()
    stepped = [
        Broken(os.path.relpath(one.path, project.root), one.reason, one.detail)
        for one in inventory.stepped
        if one.path not in contents and not one.path.is_dir()  # Alembic passes over a folder too
    ]
    return Snapshot(
        project.root,
        os.path.relpath(project.folder, project.root),
        tuple(row for row in rows if isinstance(row, Defined)),
        (*stepped, *(row for row in rows if isinstance(row, Broken))),
        frozenset(row.entry.revision for row in (*inventory.borrowed, *inventory.edited)),
        recorded=False,
    )


def _judge(scope: Scope, snapshot: Snapshot, known: Collection[str] = ()) -> tuple[Problem, ...]:
    """Judge a project; a file of the working tree that is in `known` is recorded, but will not be any more."""
    settings = scope.settings(snapshot.folder)
    whereabouts = _searcher(lambda: _project(scope, snapshot.folder), settings)

    def find(word: str) -> Found | None:
        found = whereabouts(word)
        return None if found and found.how == "unrecorded" and found.path in known else found

    return judge(snapshot, find, max_heads=settings.max_heads)


def _searcher(locate: Callable[[], Project], settings: Settings) -> Callable[[str], Found | None]:
    """Return what tells where a revision lies; all that it takes is loaded when it is first asked, which is rare."""

    @cache
    def whereabouts() -> Whereabouts:
        from .whereabouts import Whereabouts

        return Whereabouts(locate, settings)

    return lambda word: whereabouts()(word)


def _project(scope: Scope, folder: str) -> Project:
    return read_project(scope.root, scope.root / folder, scope.files, git.locate(scope.root))
