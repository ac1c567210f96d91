"""Where is what git does not record? A missing id → where it lies all the same, and the command that brings it."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from .. import git
from ..messages import Message, Text, _
from ..messages.errors import UserError
from ..messages.quoting import quoted
from ..migrations.inventory import take_inventory
from ..project.project import USUAL_FOLDER
from ..search.search import Search
from .problems import Found

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..migrations.inventory import Inventory, Migration
    from ..migrations.record import Origin
    from ..project.project import Project
    from ..project.settings import Settings
    from ..search.checkouts import Checkout
    from ..search.sources import Candidate

_MERGE = Text("git merge --autostash {branch:q}")
_PULL = Text("git pull --no-rebase --autostash {place:q} {branch:q}")
_SHOW = Text("git -C {place:q} show {name:q} >{target:q} && git add {target:q}")
_COPY = Text("cp {path:q} {target:q} && git add {target:q}")
_COMMIT = _(
    "It is not committed there yet: git -C {place:q} add {path:top}, commit it there, and merge it here"
)


class Whereabouts:
    """Looks at nothing before it is asked, and at each place once."""

    def __init__(self, locate: Callable[[], Project], settings: Settings) -> None:
        """`locate` returns the project in the working tree; where it refuses, nothing is found."""
        self._locate = locate
        self._settings = settings

    def __call__(self, word: str) -> Found | None:
        """Return where the revision with this id or branch label lies; None if it is nowhere."""
        try:
            if found := self._here(word) or next(map(self._elsewhere, self._search.find(word)), None):
                return found
            cure = Message(_("Take the time: alembic-worktrees find {revision:q}"), {"revision": word})
            return Found("unsearched", "", "", cure) if self._search.cut_short else None
        except UserError:  # a commit may have a project that the working tree lacks
            return None

    @cached_property
    def _project(self) -> Project:
        return self._locate()

    @cached_property
    def _inventory(self) -> Inventory:
        return take_inventory(self._project)

    @cached_property
    def _search(self) -> Search:
        return Search(self._project, self._settings)

    def _here(self, word: str) -> Found | None:
        for migration in self._inventory.all:
            if word in migration.revision.names:
                return self._lying_here(migration)
        return None

    def _lying_here(self, migration: Migration) -> Found:
        path = os.path.relpath(migration.path, self._project.root)
        for row in self._inventory.copies:
            if row.migration.path == migration.path:
                about = {"revision": row.entry.revision, "there": self._there}
                adopt = Message(Text("{there}alembic-worktrees adopt {revision:q}"), about)
                return Found("borrowed", row.entry.origin.name, path, adopt)
        add = Message(_("git add {path:top}, and commit it too"), {"path": path})
        return Found("unrecorded", "", path, add)

    @property
    def _there(self) -> str:
        """What leads to the project from where `adopt` would not find it."""
        root, folder = self._project.root, self._project.folder
        return "" if folder in (root, root / USUAL_FOLDER) else f"cd {quoted(folder)} && "

    def _elsewhere(self, candidate: Candidate) -> Found:
        cure = self._bring(candidate)
        origin = str(cure.values.get("branch", candidate.origin.name))
        return Found("elsewhere", origin, candidate.origin.path, cure)

    def _bring(self, candidate: Candidate) -> Message:
        """Return the command that brings a migration into this branch: by merging its branch, else by its bytes."""
        name = candidate.origin.name
        checkouts = {checkout.name: checkout for checkout in self._search.surroundings.others}
        checkout = checkouts.get(name if candidate.path else name.partition(":")[0])
        target = self._project.root / candidate.location / candidate.relative_path
        if candidate.path is None:
            return self._from_git(candidate.origin, checkout, target)
        if checkout and candidate.path.is_relative_to(checkout.path):
            if not git.committed(checkout.path, {candidate.path: candidate.content}):
                return Message(_COMMIT, {"place": checkout.path, "path": candidate.origin.path})
            tip = git.commit_id(checkout.path, "HEAD")
            if not (checkout.worktree and self._is_merged(tip)):
                text = _MERGE if checkout.worktree else _PULL
                return Message(text, {"place": checkout.path, "branch": checkout.branch or tip})
        return Message(_COPY, {"path": candidate.path, "target": target})

    def _from_git(self, origin: Origin, clone: Checkout | None, target: Path) -> Message:
        if origin.kind == "ref" and not clone and not self._is_merged(origin.commit):
            return Message(_MERGE, {"branch": origin.name})
        place = clone.path if clone else self._project.root
        return Message(_SHOW, {"place": place, "name": f"{origin.commit}:{origin.path}", "target": target})

    def _is_merged(self, commit: str | None) -> bool:
        """Whether HEAD comes after `commit`: then it has had the file, and removed it."""
        return commit is not None and git.merge_base(self._project.root, "HEAD", commit) == commit
