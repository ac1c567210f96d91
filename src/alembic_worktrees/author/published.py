"""What did the models say when they were published? A commit, and its files in a temporary folder."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .. import git
from ..check.snapshot import Tree, read_blobs
from ..messages import _
from ..messages.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..project.project import Project

PREFIX = "alembic-worktrees-published-"


def published_point(project: Project, setting: str | None) -> str:
    """Return the newest published commit of this branch that touches its migrations: models and migrations agree there.

    `setting` names the published branch; without it that is the remote's default, or the main worktree's.
    Raises UserError.
    """
    branch = setting or _branch(project)
    base = git.merge_base(project.root, "HEAD", branch) if branch else None
    if branch is None or base is None:
        raise UserError(_("this branch has nothing in common with {branch}"), branch=branch or "HEAD")
    locations = [path for path in project.versions if path.is_relative_to(project.root)]
    return git.last_touching(project.root, base, locations) or base


def published_ids(project: Project, setting: str | None) -> frozenset[str]:
    """Return the migrations that are in the published branch, or in what waits here to be published with it.

    That is the local branch of its name; where it is the one here, what it had before the merge that is under way.
    """
    root, branch = project.root, setting or _branch(project)
    if branch is None:
        return frozenset()
    trees = (Tree(root, one) for one in (branch, *_waiting(root, branch)) if git.commit_id(root, one))
    blobs = (tree.migrations(project.locations) for tree in trees)
    read = (read_blobs(root, found, sound=found.values())[0] for found in blobs)
    return frozenset(one.revision.id for files in read for one in files)


def _waiting(root: Path, branch: str) -> list[str]:
    local = branch.removeprefix("origin/")
    if local == git.branch(root) and all(
        git.merge_base(root, one, branch) == one for one in git.merging(root)
    ):
        return []
    return [f"refs/heads/{local}"]


def _branch(project: Project) -> str | None:
    known = git.published_branch(project.root)
    if known and git.commit_id(project.root, known):  # origin/HEAD may lead to a branch that is gone
        return known
    main = git.worktrees(project.root)[0]
    return main.branch and f"refs/heads/{main.branch}"


@contextmanager
def written_out(project: Project, commit: str, made_by: str | None = None) -> Iterator[dict[str, str]]:
    """Have the files of a commit in a folder while the context lasts, as `Database.begin_comparison` wants to know it.

    `made_by` is the function that makes Alembic's config, if one does: it may be younger than the commit. What a run
    that was killed has left is removed. Raises GitFailed, OSError.
    """
    _tidy()
    with _folder() as base:
        there = base / project.root.name
        there.mkdir()
        git.write_out(project.root, commit, there, base / "index")
        _link_settings(project, there, made_by)
        folder = there / project.folder.relative_to(project.root)
        yield {"root": str(project.root), "there": str(there), "folder": str(folder)}


@contextmanager
def _folder() -> Iterator[Path]:
    """Have a temporary folder, and a lock on it that goes with this process, however it ends."""
    unseen = Path(tempfile.mkdtemp(prefix="alembic-worktrees-new-"))
    with _opened(unseen) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        base = unseen.rename(unseen.with_name(PREFIX + unseen.name))  # now `_tidy` may find it, and its lock
        try:
            yield base
        finally:
            shutil.rmtree(base, ignore_errors=True)


def _tidy() -> None:
    """Remove the folders of this user's runs that were killed."""
    for base in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError), _opened(base) as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(handle).st_uid == os.geteuid():
                shutil.rmtree(base, ignore_errors=True)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield handle
    finally:
        os.close(handle)


def _link_settings(project: Project, there: Path, made_by: str | None) -> None:
    """Lead to what may be read as it is here: what git ignores, settings that were edited, what makes the config."""
    folders = {project.root, project.scripts, project.folder, *project.folder.parents}
    inside = [folder for folder in folders if folder.is_relative_to(project.root)]
    found = [path for folder in inside for path in folder.iterdir() if not _is_no_setting(path, project)]
    edited = _edited_settings(project, found)
    for path in edited | git.ignored(project.root, found) | _maker(project, made_by):
        link = there / path.relative_to(project.root)
        if path in edited:
            link.unlink(missing_ok=True)
        if link.parent.is_dir() and not os.path.lexists(link):
            link.symlink_to(path)


def _maker(project: Project, made_by: str | None) -> frozenset[Path]:
    """Return the file of the module that makes Alembic's config, where it is one of this checkout."""
    words = made_by.partition(":")[0].split(".") if made_by else []
    path = project.folder.joinpath(*words).with_suffix(".py")
    return frozenset([path] if words and path.is_file() and path.is_relative_to(project.root) else [])


def _edited_settings(project: Project, found: Iterable[Path]) -> frozenset[Path]:
    """Return which of these files are Alembic's ini or a `.env`, and not as git has them: they name our database."""
    ini = project.folder / project.files.ini
    settings = (path for path in found if path == ini or path.name.startswith((".env", ".flaskenv")))
    contents = {path: path.read_bytes() for path in settings if path.is_file()}
    return frozenset(contents) - git.committed(project.root, contents)


def _is_no_setting(path: Path, project: Project) -> bool:
    """Whether it is git's, a virtual environment, what Python has compiled, or a migration."""
    named = path.name in {".git", "__pycache__", "node_modules"}
    return named or (path / "pyvenv.cfg").is_file() or {path, path.parent} & {*project.versions} != set()
