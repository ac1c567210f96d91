"""What does git remember? A repository → the migrations in its refs, archive, stashes, reflogs and lost commits."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

from .. import git
from ..messages import Text, _
from ..migrations.record import Origin
from ..system.reading import is_sound
from . import archive
from .git_files import File, GitFiles, Tip
from .sources import (
    ARCHIVED,
    FORGOTTEN,
    IN_BRANCH,
    IN_REMOTE,
    IN_TAG,
    OTHERS_RAN,
    OTHERS_SAW,
    Candidate,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from ..project.project import Project

_T = TypeVar("_T")
_REF_TRUST = {"heads": IN_BRANCH, "remotes": IN_REMOTE, "tags": IN_TAG}
_STASH_PARTS = ("", "^3", "^2")  # the working tree, the untracked files of `stash -u`, the index
_ARCHIVE = "archive"


class Remembered:
    """What one repository remembers of a project's migrations. Each method `in_…` is one tier of places."""

    def __init__(
        self,
        top: Path,
        project: Project,
        clone: str | None = None,
        *,
        share: str | None = None,
        timeout: float = git.TIMEOUT,
    ) -> None:
        """Look in the repository at `top`; `clone` is its name if it is not the project's own.

        `share` is the remote with the archives of others. Git has `timeout` seconds for each walk over all of its
        history.
        """
        self._top = top
        self._share = share
        self._timeout = timeout
        self.cut_short = False  # whether one of them took longer, so that not all was found
        self._prefix = f"{clone}:" if clone else ""
        self._project = project
        self._files = GitFiles(top, project)

    def in_refs(self) -> Iterator[Candidate]:
        """Look at local branches, then remote branches, then tags."""
        tips: dict[str, Tip] = {}
        for name, commit in git.refs(self._top, *git.BRANCHES_AND_TAGS):
            _refs, kind, short = name.split("/", 2)
            tips.setdefault(commit, self._tip("ref", short, commit, _REF_TRUST[kind]))
        return self._files.at(tips.values())

    def in_archive(self) -> Iterator[Candidate]:
        """Look at every migration that was applied through this tool."""
        found = archive.read(self._top)
        return self._kept([(_ARCHIVE, found)] if found else [], ARCHIVED, ARCHIVED)

    def in_team(self) -> Iterator[Candidate]:
        """Look at what others have applied, as far as it was fetched: first at what ran."""
        return self._kept(self._others, OTHERS_RAN, OTHERS_SAW)

    @property
    def _others(self) -> list[tuple[str, archive.Archive]]:
        repository = self._project.repository
        found = archive.others(repository, self._share) if repository else ()
        return [(f"{one.person}:{_ARCHIVE}", one.archive) for one in found]  # a person may have several

    def _kept(
        self, archives: Iterable[tuple[str, archive.Archive]], ran: int, seen: int
    ) -> Iterator[Candidate]:
        """Yield what these archives have, by their names: what ran there, and what was only seen."""
        files = [
            self._archived(entry, self._tip("archive", name, one.commit, ran if entry.database else seen))
            for name, one in archives
            for entry in archive.entries(one, self._project)
            if is_sound(entry.path)
        ]
        return self._files.read(sorted(files, key=lambda file: file.tip.trust))

    def _archived(self, entry: archive.Entry, tip: Tip) -> File:
        """Return a file of the archive; what is a version location may have changed since."""
        location, relative_path = self._files.locate(entry.path) or os.path.split(entry.path)
        folder = entry.stored_at.removesuffix(entry.path)
        return File(
            entry.blob, location, relative_path, tip._replace(origin=tip.origin._replace(path=folder))
        )

    def in_stashes(self) -> Iterator[Candidate]:
        """Look at what `git stash` has put away, the untracked files of `stash -u` and the index too."""
        stashes = [(f"stash@{{{number}}}", commit) for number, commit in enumerate(git.stashes(self._top))]
        return self._files.at(self._parts(stashes))

    def in_reflogs(self) -> Iterator[Candidate]:
        """Look at what branches and HEADs pointed to before."""
        return self._files.at(self._by_age("reflog", git.reflog_commits(self._top)))

    def in_history(self) -> Iterator[Candidate]:
        """Look at files that a later commit changed or removed."""
        files: dict[tuple[str, str], File] = {}
        rows = git.past_files(self._top, self._project.locations.folders, archive.REF, self._timeout)
        for number, (commit, blob, path) in enumerate(self._in_time(rows)):
            located = self._files.locate(path)
            if located:
                tip = self._tip("history", commit[:10], commit, FORGOTTEN + number)
                files.setdefault((blob, path), File(blob, *located, tip))
        return self._files.read(files.values())

    def in_lost_commits(self) -> Iterator[Candidate]:
        """Look at commits that nothing leads to any more, until `git gc` removes them."""
        lost = self._in_time(git.unreachable_commits(self._top, self._timeout))
        return self._files.at(self._by_age("unreachable", list(lost)))

    def _in_time(self, rows: Iterator[_T]) -> Iterator[_T]:
        try:
            yield from rows
        except git.CutShort:
            self.cut_short = True

    def named(self, name: str) -> Iterator[Candidate] | None:
        """Look at what has this name: a branch, a tag, a stash, a commit, the archive. None if nothing has it."""
        if not name.startswith(self._prefix):
            return None
        name = name.removeprefix(self._prefix)
        commit = git.commit_id(self._top, name)
        if commit is None:
            theirs = [row for row in self._others if row[0] == name]
            if theirs:
                return self._kept(theirs, OTHERS_RAN, OTHERS_SAW)
            return self.in_archive() if name == _ARCHIVE else None
        if commit in git.stashes(self._top):
            return self._files.at(self._parts([(name, commit)]))
        return self._files.at(
            [self._tip("commit" if commit.startswith(name) else "ref", name, commit, IN_BRANCH)]
        )

    def _parts(self, stashes: Sequence[tuple[str, str]]) -> list[Tip]:
        parts = [(name, whole, whole + part) for name, whole in stashes for part in _STASH_PARTS]
        found = git.describe(self._top, [part for *_, part in parts])
        return [
            self._tip("stash", name, commit.oid, FORGOTTEN + number)._replace(config=whole)
            for number, ((name, whole, _), commit) in enumerate(zip(parts, found, strict=True))
            if commit
        ]

    def _by_age(self, kind: str, commits: Sequence[str]) -> list[Tip]:
        return [
            self._tip(kind, commit[:10], commit, FORGOTTEN + number) for number, commit in enumerate(commits)
        ]

    def _tip(self, kind: str, name: str, commit: str, trust: int) -> Tip:
        return Tip(Origin(kind, self._prefix + name, commit, ""), trust, commit)


# What git remembers, in the order in which it is asked.
TIERS: dict[Text, Callable[[Remembered], Iterator[Candidate]]] = {
    _("branches and tags"): Remembered.in_refs,
    _("the archive"): Remembered.in_archive,
    _("the archives of others"): Remembered.in_team,
    _("stashes"): Remembered.in_stashes,
    _("reflogs"): Remembered.in_reflogs,
    _("the history of all branches"): Remembered.in_history,
    _("commits that nothing leads to any more"): Remembered.in_lost_commits,
}
