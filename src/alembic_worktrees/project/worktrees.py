"""Which working trees belong together? Those of a repository; of a submodule also those of the projects around it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from .. import git

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Family(NamedTuple):
    """The worktrees of one repository, the main one first, and the way from the top of each to ours in it."""

    rows: tuple[git.Worktree, ...]
    relative_path: str = ""  # in a superproject, where the submodule lies

    @property
    def tops(self) -> Iterator[Path]:
        """Where ours lies in each."""
        return (row.path / self.relative_path for row in self.rows if not row.bare)


def families(root: Path) -> Iterator[Family]:
    """Yield the worktrees of the repository that has the checkout at `root`, then those of each superproject.

    A submodule lies in each worktree of its superproject once more, each time with a repository of its own.
    """
    yield Family(git.worktrees(root))
    top: Path | None = root
    while top and (top := _superproject(top)):
        yield Family(git.worktrees(top), os.path.relpath(root, top))


def _superproject(root: Path) -> Path | None:
    # Most checkouts lie in no other: git need not be asked, which takes two processes.
    if not any(os.path.lexists(above / ".git") for above in root.parents):
        return None
    return git.superproject(root)
