"""What does git remember? A repository → the migrations in its refs, archive, stashes, reflogs and lost commits.

Cost follows the number of distinct trees and files, not of branches: 109 branches that share 287 files cost 287
reads, in a handful of git processes.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from . import archive, git
from .config import parse_config, version_folders
from .errors import Refusal
from .files import MAX_BYTES
from .inventory import read_once
from .record import Origin
from .revision import Unreadable, is_migration_name
from .sources import ARCHIVED, FORGOTTEN, IN_BRANCH, IN_REMOTE, IN_TAG, Candidate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from .project import Project

_REF_TRUST = {"refs/heads/": IN_BRANCH, "refs/remotes/": IN_REMOTE, "refs/tags/": IN_TAG}


class _Tip(NamedTuple):
    """A commit to look into, and how what lies there is named and trusted."""

    origin: Origin
    trust: int


class _File(NamedTuple):
    """A migration file in git: a blob, where it lies, and in which commit that was seen."""

    blob: str
    place: str
    below: str
    tip: _Tip


class Remembered:
    """What one repository remembers of a project's migrations. Each method is one tier of places."""

    def __init__(self, top: Path, project: Project, clone: str | None = None) -> None:
        """Look in the repository at `top`; `clone` is its name if it is not the project's own."""
        self._top = top
        self._project = project
        self._prefix = f"{clone}:" if clone else ""
        self._places = tuple(_relative(path, project.root) for path in project.versions)

    def in_refs(self) -> Iterator[Candidate]:
        """Look at local branches, then remote branches, then tags."""
        tips: dict[str, _Tip] = {}
        for name, commit in git.refs(self._top, *_REF_TRUST):
            prefix = next(prefix for prefix in _REF_TRUST if name.startswith(prefix))
            tip = self._tip("ref", name.removeprefix(prefix), commit, _REF_TRUST[prefix])
            tips.setdefault(commit, tip)
        return self._at(tips.values())

    def in_archive(self) -> Iterator[Candidate]:
        """Look at every migration that was applied through this tool."""
        found = archive.read(self._top)
        if found:
            tip = self._tip("archive", "archive", found.commit, ARCHIVED)
            files = (self._archived(blob, path, tip) for blob, path in found.files)
            yield from self._read([file for file in files if file])

    def in_stashes(self) -> Iterator[Candidate]:
        """Look at what `git stash` has put away, the untracked files of `stash -u` and the index too."""
        # the working tree, the untracked files, the index
        parts = [(stash, part) for stash in git.stashes(self._top) for part in ("", "^3", "^2")]
        found = git.describe(self._top, [stash.commit + part for stash, part in parts])
        tips = [
            self._tip("stash", stash.name, commit.oid, FORGOTTEN + number)
            for number, ((stash, _), commit) in enumerate(zip(parts, found, strict=True))
            if commit
        ]
        return self._at(tips)

    def in_reflogs(self) -> Iterator[Candidate]:
        """Look at what branches and HEADs pointed to before."""
        return self._at(self._by_age("reflog", git.reflog_commits(self._top)))

    def in_history(self) -> Iterator[Candidate]:
        """Look at files that a later commit changed or removed."""
        files: dict[tuple[str, str], _File] = {}
        rows = git.past_files(self._top, self._places, without=archive.REF)
        for number, (commit, blob, path) in enumerate(rows):
            tip = self._tip("history", commit[:10], commit, FORGOTTEN + number)
            file = self._file(blob, path, tip)
            if file:
                files.setdefault((blob, path), file)
        return self._read(list(files.values()))

    def in_lost_commits(self) -> Iterator[Candidate]:
        """Look at commits that nothing leads to any more, until `git gc` removes them."""
        return self._at(self._by_age("unreachable", git.unreachable_commits(self._top)))

    def _by_age(self, kind: str, commits: Sequence[str]) -> list[_Tip]:
        return [
            self._tip(kind, commit[:10], commit, FORGOTTEN + number) for number, commit in enumerate(commits)
        ]

    def _tip(self, kind: str, name: str, commit: str, trust: int) -> _Tip:
        return _Tip(Origin(kind, self._prefix + name, commit, ""), trust)

    def _at(self, tips: Iterable[_Tip]) -> Iterator[Candidate]:
        """Yield the migrations that lie in the version locations of these commits."""
        tips = list(tips)
        asked = [
            (tip, place) for tip, places in zip(tips, self._places_at(tips), strict=True) for place in places
        ]
        objects = git.describe(self._top, [f"{tip.origin.commit}:{place}" for tip, place in asked])
        trees: dict[tuple[str, str], _File] = {}
        for (tip, place), found in zip(asked, objects, strict=True):
            if found and found.type == "tree":
                trees.setdefault((found.oid, place), _File(found.oid, place, "", tip))
        return self._read(self._files_below(list(trees.values())))

    def _places_at(self, tips: Sequence[_Tip]) -> list[tuple[str, ...]]:
        """Return each commit's own version locations: its config may say other than ours."""
        folder = _relative(self._project.folder, self._project.root)
        configs = [os.path.normpath(os.path.join(folder, name)) for name in self._project.files[:2]]
        names = [f"{tip.origin.commit}:{name}" for tip in tips for name in configs]
        found = git.describe(self._top, names)
        pairs = [
            tuple(one.oid if one and one.size <= MAX_BYTES else None for one in found[start : start + 2])
            for start in range(0, len(found), 2)
        ]
        wanted = sorted({oid for pair in pairs for oid in pair if oid})
        texts: dict[str | None, bytes] = dict(zip(wanted, git.contents(self._top, wanted), strict=True))
        places = {pair: self._parse_places(*map(texts.get, pair)) for pair in set(pairs)}
        return [places[pair] for pair in pairs]

    def _parse_places(self, ini: bytes | None, toml: bytes | None) -> tuple[str, ...]:
        project = self._project
        try:
            texts = [text if text is None else text.decode("utf-8") for text in (ini, toml)]
            config = parse_config(*texts, folder=str(project.folder), section=project.files.section)
        except (Refusal, UnicodeDecodeError):
            return self._places
        folders = version_folders(config, project.folder, [project.root]) if config else None
        inside = [path for path in folders or () if path.is_relative_to(project.root)]
        return tuple(_relative(path, project.root) for path in inside) or self._places

    def _files_below(self, trees: list[_File]) -> list[_File]:
        """Return the migration files in these trees, and below them if the project is recursive."""
        files: list[_File] = []
        while trees:
            distinct = list(dict.fromkeys(tree.blob for tree in trees))
            content = dict(zip(distinct, git.contents(self._top, distinct), strict=True))
            below: list[_File] = []
            for tree in trees:
                for entry in git.tree_entries(content[tree.blob], len(tree.blob) // 2):
                    found = tree._replace(blob=entry.oid, below=tree.below + entry.name)
                    if entry.mode == "40000" and self._project.recursive:
                        below.append(found._replace(below=found.below + "/"))
                    elif entry.mode in {"100644", "100755"} and is_migration_name(entry.name):
                        files.append(found)
            trees = below
        return files

    def _read(self, files: Sequence[_File]) -> Iterator[Candidate]:
        """Yield the migrations among the files; each distinct blob is read once."""
        distinct = list(dict.fromkeys(file.blob for file in files))
        found = git.describe(self._top, distinct)
        small = [one.oid for one in found if one and one.type == "blob" and one.size <= MAX_BYTES]
        content = dict(zip(small, git.contents(self._top, small), strict=True))
        seen: set[tuple[str, str, str]] = set()
        for file in files:
            key = file[:3]
            if file.blob in content and key not in seen:
                seen.add(key)
                yield from _candidate(file, content[file.blob])

    def _file(self, blob: str, path: str, tip: _Tip) -> _File | None:
        """Return the file at `path` if a version location of ours holds it."""
        place = next((place for place in self._places if path.startswith(f"{place}/")), None)
        below = path[len(place) + 1 :] if place else ""
        fits = is_migration_name(os.path.basename(below)) and (self._project.recursive or "/" not in below)
        return _File(blob, place, below, tip) if place and fits else None

    def _archived(self, blob: str, path: str, tip: _Tip) -> _File | None:
        key, _, original = path.partition("/")
        file = self._file(blob, original, tip)
        return file and file._replace(tip=_Tip(tip.origin._replace(path=f"{key}/"), tip.trust))


def _candidate(file: _File, content: bytes) -> Iterator[Candidate]:
    try:
        revision = read_once(content, os.path.basename(file.below))
    except Unreadable:
        return
    origin = file.tip.origin
    origin = origin._replace(path=f"{origin.path}{file.place}/{file.below}")
    yield Candidate(revision, content, file.place, file.below, origin, file.tip.trust, None)


def _relative(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()


TIERS: dict[str, Callable[[Remembered], Iterator[Candidate]]] = {
    "refs": Remembered.in_refs,
    "archive": Remembered.in_archive,
    "stashes": Remembered.in_stashes,
    "reflogs": Remembered.in_reflogs,
    "history": Remembered.in_history,
    "lost": Remembered.in_lost_commits,
}
