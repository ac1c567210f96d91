"""What would git record? The index or a commit → the Alembic projects in it, and each one's migrations."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from . import git
from .errors import Refusal
from .files import MAX_BYTES
from .project import ConfigFiles, Places, read_places
from .revision import Revision, Unreadable, is_migration_name, read_revision

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


class Defined(NamedTuple):
    """A file and the revision that it defines; `path` is from the top of the checkout."""

    path: str
    revision: Revision


class Broken(NamedTuple):
    """A file from which no revision can be read: `reason` is a stable word, `detail` text for a person."""

    path: str
    reason: str
    detail: str


class Snapshot(NamedTuple):
    """The migrations of one project at one moment. `borrowed` are ids that git does not record."""

    folder: str  # of the Alembic config, from the top of the checkout
    files: tuple[Defined, ...]
    broken: tuple[Broken, ...]
    borrowed: frozenset[str] = frozenset()


class Tree:
    """All files of a commit, or of the index: names and blobs, asked of git once."""

    def __init__(self, root: Path, commit: str | None, *, in_hook: bool = False) -> None:
        """Read `commit`, or the index if it is None; `in_hook` the index that git's hook speaks of.

        Raises Refusal("commit-missing") if there is no such commit.
        """
        self.root = root
        if commit is None:
            self.blobs = git.index_files(root, in_hook=in_hook)
        elif git.commit_id(root, commit):
            self.blobs = {path: blob for blob, path in git.files(root, commit)}
        else:
            raise Refusal("commit-missing", name=commit)

    def projects(self, files: ConfigFiles, only: str | None = None) -> Iterator[tuple[str, Places]]:
        """Yield (folder, places) of each Alembic project; of the one in `only` if a folder is given.

        Raises Refusal("config-unreadable").
        """
        names = {files.ini, files.toml}
        folders = {os.path.dirname(path) for path in self.blobs if os.path.basename(path) in names}
        for folder in sorted(folders if only is None else [only]):
            ini, toml = (self._text(os.path.normpath(os.path.join(folder, name))) for name in files[:2])
            places = read_places(ini, toml, self.root / folder, self.root, files)
            if places:
                yield folder, places

    def _text(self, path: str) -> str | None:
        blob = self.blobs.get(path)
        content = git.small_contents(self.root, [blob], MAX_BYTES) if blob else {}
        try:
            return content[blob].decode("utf-8") if blob in content else None
        except UnicodeDecodeError as error:
            raise Refusal("config-unreadable", path=path, reason=str(error)) from error

    def migrations(self, places: Places) -> dict[str, str]:
        """Return the blob of each file that Alembic would load, by path, in Alembic's order."""
        found = {}
        for place in places.folders:
            prefix = f"{place}/" if place != "." else ""
            for path, blob in sorted(self.blobs.items()):
                below = path.removeprefix(prefix)
                if path.startswith(prefix) and _is_loaded(below, places):
                    found[path] = blob
        return found

    def snapshot(self, folder: str, blobs: Mapping[str, str], *, sound: Iterable[str] = ()) -> Snapshot:
        """Read these migrations. The blobs in `sound` are known to be valid Python as a whole."""
        content = git.small_contents(self.root, list(dict.fromkeys(blobs.values())), MAX_BYTES)
        files, broken, trusted = [], [], frozenset(sound)
        for path, blob in blobs.items():
            try:
                if blob not in content:
                    raise Unreadable("too-large", "")
                whole = blob not in trusted
                files.append(Defined(path, read_revision(content[blob], os.path.basename(path), whole=whole)))
            except Unreadable as error:
                broken.append(Broken(path, error.reason, error.detail))
        return Snapshot(folder, tuple(files), tuple(broken))


def merged(
    base: Mapping[str, str] | None, ours: Mapping[str, str], theirs: Mapping[str, str]
) -> dict[str, str]:
    """Return what a merge would make of two sets of files, path → blob, without making it.

    A file that only one side touched since `base` is as on that side. Where both did, both are kept: the second
    under the path with `(theirs)`. Without a base (a shallow clone) nothing counts as removed.
    """
    result = {}
    for path in {**ours, **theirs}:
        mine, other, before = ours.get(path), theirs.get(path), (base or {}).get(path)
        if base is None:
            mine, other = mine or other, other or mine
        if mine in (other, before):
            chosen = [other]
        elif other == before:
            chosen = [mine]
        else:
            chosen = [mine, other]
        for name, blob in zip((path, f"{path} (theirs)"), chosen, strict=False):
            if blob:
                result[name] = blob
    return result


def _is_loaded(below: str, places: Places) -> bool:
    inside = places.recursive or "/" not in below
    return inside and is_migration_name(os.path.basename(below)) and "__pycache__" not in below.split("/")
