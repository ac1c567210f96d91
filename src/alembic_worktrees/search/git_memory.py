"""What does git remember? A repository → the migrations in its refs, archive, stashes, reflogs and lost commits.

Cost follows the number of distinct trees and files, not of branches: 109 branches that share 287 files cost 287
reads, in a handful of git processes.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from .. import git
from ..messages import Text, _
from ..messages.errors import UserError
from ..migrations.record import Origin
from ..migrations.revision import Unreadable, is_migration_name, read_file
from ..project.project import USUAL_FOLDER, Locations
from ..project.reading import ground_at, read_locations
from ..system.reading import is_sound
from . import archive
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


class _Tip(NamedTuple):
    """A commit to look into, and how what lies there is named and trusted."""

    origin: Origin
    trust: int
    config: str  # the commit whose Alembic config says where to look


class _Tree(NamedTuple):
    """A folder in git, in a version location or below it."""

    oid: str
    location: str
    relative_path: str
    recursive: bool
    tip: _Tip


class _File(NamedTuple):
    """A migration file in git: a blob, where it lies, and in which commit that was seen."""

    blob: str
    location: str
    relative_path: str
    tip: _Tip


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
        self._project = project
        self._prefix = f"{clone}:" if clone else ""
        self._locations = project.locations

    def in_refs(self) -> Iterator[Candidate]:
        """Look at local branches, then remote branches, then tags."""
        tips: dict[str, _Tip] = {}
        for name, commit in git.refs(self._top, *git.BRANCHES_AND_TAGS):
            _refs, kind, short = name.split("/", 2)
            tips.setdefault(commit, self._tip("ref", short, commit, _REF_TRUST[kind]))
        return self._at(tips.values())

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
        return self._read(sorted(files, key=lambda file: file.tip.trust))

    def in_stashes(self) -> Iterator[Candidate]:
        """Look at what `git stash` has put away, the untracked files of `stash -u` and the index too."""
        stashes = [(f"stash@{{{number}}}", commit) for number, commit in enumerate(git.stashes(self._top))]
        return self._at(self._parts(stashes))

    def in_reflogs(self) -> Iterator[Candidate]:
        """Look at what branches and HEADs pointed to before."""
        return self._at(self._by_age("reflog", git.reflog_commits(self._top)))

    def in_history(self) -> Iterator[Candidate]:
        """Look at files that a later commit changed or removed."""
        files: dict[tuple[str, str], _File] = {}
        rows = git.past_files(self._top, self._locations.folders, archive.REF, self._timeout)
        for number, (commit, blob, path) in enumerate(self._in_time(rows)):
            located = self._locate(path)
            if located:
                tip = self._tip("history", commit[:10], commit, FORGOTTEN + number)
                files.setdefault((blob, path), _File(blob, *located, tip))
        return self._read(files.values())

    def in_lost_commits(self) -> Iterator[Candidate]:
        """Look at commits that nothing leads to any more, until `git gc` removes them."""
        lost = self._in_time(git.unreachable_commits(self._top, self._timeout))
        return self._at(self._by_age("unreachable", list(lost)))

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
            return self._at(self._parts([(name, commit)]))
        return self._at([self._tip("commit" if commit.startswith(name) else "ref", name, commit, IN_BRANCH)])

    def _parts(self, stashes: Sequence[tuple[str, str]]) -> list[_Tip]:
        parts = [(name, whole, whole + part) for name, whole in stashes for part in _STASH_PARTS]
        found = git.describe(self._top, [part for *_, part in parts])
        return [
            self._tip("stash", name, commit.oid, FORGOTTEN + number)._replace(config=whole)
            for number, ((name, whole, _), commit) in enumerate(zip(parts, found, strict=True))
            if commit
        ]

    def _by_age(self, kind: str, commits: Sequence[str]) -> list[_Tip]:
        return [
            self._tip(kind, commit[:10], commit, FORGOTTEN + number) for number, commit in enumerate(commits)
        ]

    def _tip(self, kind: str, name: str, commit: str, trust: int) -> _Tip:
        return _Tip(Origin(kind, self._prefix + name, commit, ""), trust, commit)

    def _at(self, tips: Iterable[_Tip]) -> Iterator[Candidate]:
        """Yield the migrations that lie in the version locations of these commits."""
        tips = list(tips)
        asked = [
            (tip, location, locations.recursive)
            for tip, locations in zip(tips, self._locations_at(tips), strict=True)
            for location in locations.folders
        ]
        objects = git.describe(self._top, [_name(tip.origin.commit, location) for tip, location, _ in asked])
        trees = [
            _Tree(found.oid, location, "", recursive, tip)
            for (tip, location, recursive), found in zip(asked, objects, strict=True)
            if found and found.type == "tree"
        ]
        return self._read(self._files_below(trees))

    def _locations_at(self, tips: Sequence[_Tip]) -> list[Locations]:
        """Return each commit's own version locations: its config may say other than ours, or lie elsewhere."""
        root = self._project.root
        folders = dict.fromkeys([self._project.folder, root, root / USUAL_FOLDER])
        paths = [
            os.path.relpath(folder / name, root) for folder in folders for name in self._project.files[:2]
        ]
        found = iter(git.describe(self._top, [_name(tip.config, path) for tip in tips for path in paths]))
        rows = [tuple(one.oid if (one := next(found)) else "" for _ in paths) for _ in tips]
        content = git.small_contents(self._top, (blob for row in set(rows) for blob in row if blob))
        locations = {row: self._read_locations(folders, map(content.get, row)) for row in set(rows)}
        return [locations[row] for row in rows]

    def _read_locations(self, folders: Iterable[Path], texts: Iterator[bytes | None]) -> Locations:
        """Return what the first of these folders says that has a sound config; two of `texts` belong to each."""
        root = self._project.root
        for folder in folders:
            try:
                ini, toml = (
                    text if text is None else text.decode("utf-8") for text in (next(texts), next(texts))
                )
                ground = ground_at(root, folder, self._project)
                locations = read_locations(ini, toml, folder, root, self._project.files, ground)
            except (UserError, UnicodeDecodeError):
                continue
            if locations and locations.folders:
                return locations
        return self._locations

    def _files_below(self, trees: Iterable[_Tree]) -> list[_File]:
        """Return the migration files in these trees, and below them where the project is recursive."""
        files: list[_File] = []
        while pending := {tree[:4]: tree for tree in reversed(list(trees))}.values():
            content = git.small_contents(self._top, (tree.oid for tree in pending))
            trees = []
            for tree in reversed(pending):
                for entry in git.tree_entries(content.get(tree.oid, b""), len(tree.oid) // 2):
                    relative_path = tree.relative_path + entry.name
                    if entry.is_file and is_migration_name(entry.name):
                        files.append(_File(entry.oid, tree.location, relative_path, tree.tip))
                    elif entry.is_folder and tree.recursive and entry.name != "__pycache__":
                        trees.append(tree._replace(oid=entry.oid, relative_path=f"{relative_path}/"))
        return files

    def _read(self, files: Iterable[_File]) -> Iterator[Candidate]:
        """Yield the migrations among the files; each distinct blob is read once."""
        distinct = {file[:3]: file for file in reversed(list(files))}
        content = git.small_contents(self._top, (file.blob for file in distinct.values()))
        for file in reversed(distinct.values()):
            if file.blob in content:
                yield from _candidate(file, content[file.blob])

    def _locate(self, path: str) -> tuple[str, str] | None:
        """Split the path of a migration into the version location that holds it, and the path below that."""
        for location in self._locations.folders:
            relative_path = os.path.relpath(path, location)
            inside = self._locations.recursive or "/" not in relative_path
            if (
                inside
                and is_sound(path)
                and is_sound(relative_path)
                and is_migration_name(os.path.basename(relative_path))
            ):
                return location, relative_path
        return None

    def _archived(self, entry: archive.Entry, tip: _Tip) -> _File:
        """Return a file of the archive; what is a version location may have changed since."""
        location, relative_path = self._locate(entry.path) or os.path.split(entry.path)
        folder = entry.stored_at.removesuffix(entry.path)
        return _File(
            entry.blob, location, relative_path, tip._replace(origin=tip.origin._replace(path=folder))
        )


def _name(commit: str | None, path: str) -> str:
    """Return git's name for a path in a commit; one that leads out of the checkout is nothing there."""
    if path.startswith("../"):
        return ""
    return f"{commit}:{'' if path == '.' else path}"


def _candidate(file: _File, content: bytes) -> Iterator[Candidate]:
    try:
        revision = read_file(content, os.path.basename(file.relative_path)).revision
    except Unreadable:
        return
    origin = file.tip.origin
    origin = origin._replace(path=os.path.normpath(f"{origin.path}{file.location}/{file.relative_path}"))
    yield Candidate(revision, content, file.location, file.relative_path, origin, file.tip.trust, None)


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
