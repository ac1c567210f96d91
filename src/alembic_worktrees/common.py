"""What do checkouts have in common? Migration files that are read, parsed and held once, however many have them."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from . import git
from .errors import Refusal
from .revision import Revision, read_revision

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from .revision import Sought

read_once = lru_cache(maxsize=None)(read_revision)  # git remembers the same files that checkouts have


class File(NamedTuple):
    """A migration file, wherever it lies: `below` is its path below a version location."""

    below: str
    content: bytes
    revision: Revision


class Location(NamedTuple):
    """A version location that will be looked at; `ours` if its checkout is a worktree of this repository."""

    path: Path
    ours: bool


class Common:
    """The migration files of several checkouts, and git's word on which of them have the same ones.

    git tells of each file in a folder whether it is still the blob that its index names; it compares what the file
    system says (size, times, inode) and, where that could deceive, the bytes. A blob's id is the hash of its bytes,
    so that nothing is taken for another file's bytes but bytes that have been read and hashed here.
    """

    _FEW = 400  # so many files are read in the time in which git starts and looks at them
    _BESIDE = 2  # so many folders are looked at at the same time, while we are busy with another

    def __init__(self, folders: Iterable[Location] = (), sought: Sought | None = None) -> None:
        """Know nothing yet; `folders` are going to be looked at in this order.

        If only what is `sought` matters, a file that cannot be it is read, but not parsed.
        """
        self._folders = tuple(folders)
        self._sought = sought
        self._asked: dict[Path, git.Unchanged] = {}
        self._files: dict[tuple[str, bytes], File | None] = {}
        self._rows: dict[bytes, tuple[str, File | None]] = {}
        self._unhashed: list[tuple[str, bytes]] = []

    def __enter__(self) -> Common:
        return self

    def __exit__(self, *_: object) -> None:
        for asked in set(self._asked.values()):
            asked.close()

    @property
    def files(self) -> Iterator[File]:
        """Every file that was read and matters: each once."""
        return filter(None, self._files.values())

    def file(self, below: str, content: bytes) -> File | None:
        """Return a file of this path and content, always the same one; None if it does not matter.

        Raises Unreadable.
        """
        key = below, content
        if key not in self._files:
            self._files[key] = self._parsed(below, content)
            self._unhashed.append(key)
        return self._files[key]

    def _parsed(self, below: str, content: bytes) -> File | None:
        name = below.rpartition("/")[2]
        if self._sought and not self._sought.may_be_in(content, name):
            return None
        return File(below, content, read_once(content, name))

    def known(self, folder: Path) -> Mapping[str, File | None]:
        """Return those files in `folder` that need not be read, by path: what was read elsewhere is theirs.

        Of one that does not matter there is None.
        """
        if folder not in self._asked:
            return {}
        rows = self._asked[folder].rows(folder)
        self._hash(wide=git.is_wide(rows))
        return dict(map(self._rows.__getitem__, self._rows.keys() & rows))

    def look_ahead(self, folder: Path, count: int) -> None:
        """Let git look at those after `folder` meanwhile, if that has so many files that it pays."""
        if self._asked or count < self._FEW:
            return
        paths = [one.path for one in self._folders]
        later = self._folders[paths.index(folder) + 1 :] if folder in paths else self._folders
        harmless = list(_harmless(later))
        for number in range(min(self._BESIDE, len(harmless))):
            with suppress(OSError):
                asked = git.Unchanged(harmless[number :: self._BESIDE])
                self._asked |= dict.fromkeys(harmless[number :: self._BESIDE], asked)

    def _hash(self, *, wide: bool) -> None:
        for below, content in self._unhashed:
            row = git.unchanged_row(os.fsencode(below), content, wide=wide)
            self._rows[row] = below, self._files[below, content]
        self._unhashed.clear()


def _harmless(folders: Iterable[Location]) -> Iterator[Path]:
    """Yield where git's look runs nothing that is not ours; the worktrees of a repository have one configuration."""
    ours: bool | None = None
    for folder in folders:
        if not os.path.isdir(folder.path):
            continue
        nothing = ours if folder.ours and ours is not None else _filters_nothing(folder.path)
        if folder.ours:
            ours = nothing
        if nothing:
            yield folder.path


def _filters_nothing(folder: Path) -> bool:
    """Ask git; what is wrong with the folder is told when it is its turn to be visited."""
    try:
        return git.filters_nothing(folder)
    except (OSError, Refusal):
        return False
