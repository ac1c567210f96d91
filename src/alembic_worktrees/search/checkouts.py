"""Which checkouts are there? Repository and settings → Surroundings: worktrees, clones beside them, `search`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..migrations.inventory import Skipped
from ..project.errors import BadConfig
from ..project.project import USUAL_FOLDER, Project
from ..project.reading import has_config, lying_in, read_if_any
from ..project.worktrees import families
from .kin import Kinship

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Checkout(NamedTuple):
    """A working tree of the project; `project` is its Alembic environment, None if it has none."""

    name: str
    path: Path
    branch: str | None
    project: Project | None
    worktree: bool  # of this repository; else a clone, or a folder outside git


class Surroundings(NamedTuple):
    """This checkout and its neighbours; `checkouts` holds them all, the main one first."""

    here: Checkout
    checkouts: tuple[Checkout, ...]
    skipped: tuple[Skipped, ...]

    @property
    def main(self) -> Checkout:
        """The main worktree, or this checkout when there is no other."""
        return self.checkouts[0]

    @property
    def others(self) -> tuple[Checkout, ...]:
        """Every checkout but this one."""
        return tuple(checkout for checkout in self.checkouts if checkout.path != self.here.path)

    @property
    def places(self) -> dict[str, Path]:
        """Where the checkout of each name is."""
        return {checkout.name: checkout.path for checkout in self.checkouts}


def look_around(project: Project, search: Sequence[str] = ()) -> Surroundings:
    """Find every checkout of the project (DESIGN, rule 8): worktrees, then clones, then the `search` globs.

    Folders that are not ours, and projects that cannot be read, are skipped and named.
    """
    skipped: list[Skipped] = []
    kinship = Kinship(project)
    visited = (_visit(one, project, kinship, skipped) for one in _once(_folders(project, search)))
    checkouts = tuple(_told_apart(filter(None, visited)))
    here = next(checkout for checkout in checkouts if checkout.path == project.root)
    return Surroundings(here, checkouts, tuple(skipped))


def _once(folders: Iterable[Checkout]) -> Iterator[Checkout]:
    """Yield each by its real path, only the first time that something leads there."""
    seen: set[str] = set()
    for folder in folders:
        real = os.path.realpath(folder.path)
        if real not in seen:
            seen.add(real)
            yield folder._replace(path=Path(real))


def _told_apart(checkouts: Iterable[Checkout]) -> Iterator[Checkout]:
    """Name each checkout after its folder, with as much of the path before it as tells it from those before."""
    taken: set[str] = set()
    for checkout in checkouts:
        parts = checkout.path.parts
        ends = ("/".join(parts[-count:]) for count in range(1, len(parts)))
        name = next((end for end in ends if end not in taken), str(checkout.path))
        taken.add(name)
        yield checkout._replace(name=name)


def _folders(project: Project, search: Sequence[str]) -> Iterator[Checkout]:
    """Yield every folder that may be a checkout, without a look at it; the last is this one."""
    known = tuple(families(project.root)) if project.repository else ()
    for family in known:
        if family.relative_path:  # a submodule has a repository and a branch of its own
            yield from map(_folder, family.tops)
        else:
            yield from (Checkout("", row.path, row.branch, None, True) for row in family.rows if not row.bare)
    mains = [(rows[0].path, relative_path) for rows, relative_path in known if rows] or [(project.root, "")]
    for main, relative_path in mains:
        yield from (_folder(top / relative_path) for top in _siblings(main, relative_path, project))
    yield from map(_folder, _searched(search) if search else ())
    yield _folder(project.root)


def _folder(path: Path) -> Checkout:
    return Checkout("", path, None, None, worktree=False)


def _siblings(main: Path, relative_path: str, project: Project) -> Iterator[Path]:
    """Yield `MAIN` and `MAIN-*` beside the main worktree; from the clone `MAIN-x`, `MAIN` is what comes before `-`."""
    try:
        beside = sorted(entry.name for entry in os.scandir(main.parent) if entry.is_dir())
    except OSError:
        return
    words = main.name.split("-")
    shorter = ("-".join(words[:count]) for count in range(1, len(words)))
    named = (name for name in shorter if name in beside)
    name = next(
        (name for name in named if _same_place(main.parent / name / relative_path, project)), main.name
    )
    for sibling in beside:
        if sibling == name or sibling.startswith(name + "-"):
            yield main.parent / sibling


def _same_place(root: Path, project: Project) -> bool:
    return has_config(root / project.folder.relative_to(project.root), project.files)


def _searched(patterns: Sequence[str]) -> Iterator[Path]:
    import glob

    for pattern in patterns:
        found = sorted(glob.glob(os.path.expanduser(pattern)))
        yield from (Path(path) for path in found if os.path.isdir(path))


def _visit(one: Checkout, project: Project, kinship: Kinship, skipped: list[Skipped]) -> Checkout | None:
    """Return the folder with the project that it has; None if it is no checkout of ours: a like name says nothing."""
    if one.path == project.root:
        return one._replace(project=project, worktree=project.repository is not None)
    try:
        owner = one.path.stat().st_uid
    except OSError:
        return None  # a worktree whose folder is gone
    if owner not in _ourselves(project):
        skipped.append(Skipped(one.path, "foreign-owner"))
        return None
    try:
        theirs = _project_in(one.path, project)
    except BadConfig as error:
        skipped.append(Skipped(one.path, error.id, str(error.values.get("reason", ""))))
        return None
    if theirs and not one.worktree and not kinship.holds(theirs):
        skipped.append(Skipped(one.path, "not-kin"))
        return None
    return one._replace(project=theirs) if theirs or one.worktree else None


def _ourselves(project: Project) -> set[int]:
    """Whose folders we trust: our own, and those of this checkout's owner, whose code runs here anyway.

    So root in a container works on a user's checkouts, where git has been told to trust the one it is in.
    """
    return {os.geteuid(), project.root.stat().st_uid}


def _project_in(root: Path, like: Project) -> Project | None:
    """Return the project of another checkout: at the same place as `like`, else wherever one lies near its top.

    Where nothing says that one is there, a branch from before somebody said so may have it all the same.
    """
    repository = like.repository and like.repository._replace(top=root)
    found = (
        read_if_any(root, folder, like.files, repository, like) for folder in _likely_folders(root, like)
    )
    return next(filter(None, found), None) or lying_in(root, repository, like)


def _likely_folders(root: Path, like: Project) -> Iterable[Path]:
    yield root / like.folder.relative_to(like.root)
    yield root
    yield root / USUAL_FOLDER
    try:
        yield from sorted(Path(entry) for entry in os.scandir(root) if entry.is_dir(follow_symlinks=False))
    except OSError:
        return
