"""Which migrations lie in these commits? Tips of git → candidates.

Cost follows the number of distinct trees and files, not of branches: 109 branches that share 287 files cost 287
reads, in a handful of git processes.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from .. import git
from ..messages.errors import UserError
from ..migrations.revision import Unreadable, is_migration_name, read_file
from ..project.project import USUAL_FOLDER
from ..project.reading import ground_at, read_locations
from ..system.reading import is_sound
from .sources import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from ..migrations.record import Origin
    from ..project.project import Locations, Project


class Tip(NamedTuple):
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
    tip: Tip


class File(NamedTuple):
    """A migration file in git: a blob, where it lies, and in which commit that was seen."""

    blob: str
    location: str
    relative_path: str
    tip: Tip


class GitFiles:
    """The migrations of a project that lie in a repository's commits."""

    def __init__(self, top: Path, project: Project) -> None:
        """Read in the repository at `top`."""
        self._top = top
        self._project = project
        self._locations = project.locations

    def at(self, tips: Iterable[Tip]) -> Iterator[Candidate]:
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
        return self.read(self._files_below(trees))

    def _locations_at(self, tips: Sequence[Tip]) -> list[Locations]:
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

    def _files_below(self, trees: Iterable[_Tree]) -> list[File]:
        """Return the migration files in these trees, and below them where the project is recursive."""
        files: list[File] = []
        while pending := {tree[:4]: tree for tree in reversed(list(trees))}.values():
            content = git.small_contents(self._top, (tree.oid for tree in pending))
            trees = []
            for tree in reversed(pending):
                for entry in git.tree_entries(content.get(tree.oid, b""), len(tree.oid) // 2):
                    relative_path = tree.relative_path + entry.name
                    if entry.is_file and is_migration_name(entry.name):
                        files.append(File(entry.oid, tree.location, relative_path, tree.tip))
                    elif entry.is_folder and tree.recursive and entry.name != "__pycache__":
                        trees.append(tree._replace(oid=entry.oid, relative_path=f"{relative_path}/"))
        return files

    def read(self, files: Iterable[File]) -> Iterator[Candidate]:
        """Yield the migrations among the files; each distinct blob is read once."""
        distinct = {file[:3]: file for file in reversed(list(files))}
        content = git.small_contents(self._top, (file.blob for file in distinct.values()))
        for file in reversed(distinct.values()):
            if file.blob in content:
                yield from _candidate(file, content[file.blob])

    def locate(self, path: str) -> tuple[str, str] | None:
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


def _name(commit: str | None, path: str) -> str:
    """Return git's name for a path in a commit; one that leads out of the checkout is nothing there."""
    if path.startswith("../"):
        return ""
    return f"{commit}:{'' if path == '.' else path}"


def _candidate(file: File, content: bytes) -> Iterator[Candidate]:
    try:
        revision = read_file(content, os.path.basename(file.relative_path)).revision
    except Unreadable:
        return
    origin = file.tip.origin
    origin = origin._replace(path=os.path.normpath(f"{origin.path}{file.location}/{file.relative_path}"))
    yield Candidate(revision, content, file.location, file.relative_path, origin, file.tip.trust, None)
