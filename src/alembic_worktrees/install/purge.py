"""What has the use of it left in a repository, beside the files of `init`? → Remains, and taking them out.

Borrowed files are found by what is written down of them, wherever they lie: the projects may have moved, or be gone.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .. import git
from ..borrow.lock import only_one
from ..messages import STEP, WARN, Message, _, _n
from ..migrations import record
from ..migrations.notes import MEMORY, Note, memory_of, noted, remembered
from ..migrations.record import sha256
from ..search import archive
from ..system.reading import NotReadable, allowed_roots, read_plain
from ..system.writing import remove_leftovers
from .changes import cannot_write, changed, kept, to_remove

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .changes import Target


class Remains(NamedTuple):
    """`files` are our own: those in git's folders, and those that say of files that they are borrowed."""

    copies: tuple[Path, ...]  # borrowed in this worktree, and as they came
    edited: tuple[Path, ...]  # changed since: they stay, and so does what says that they are borrowed
    files: tuple[Path, ...]
    refs: tuple[git.Tip, ...]
    archived: tuple[str, ...]  # the ids that the archive has
    others: tuple[Path, ...]  # worktrees that have borrowed files too

    def steps(self) -> Iterator[Message]:
        """Yield what taking them would do."""
        for path in (*self.copies, *self.files):
            yield to_remove(path)
        for ref in self.refs:
            if ref.name != archive.REF:
                text = _("To remove: what others have applied, as it was fetched: {ref}")
                yield Message(text, {"ref": ref.name}, STEP)
                continue
            count = _n("{n} migration that ran", "{n} migrations that ran", len(self.archived))
            about = {"count": count, "ref": ref.name, "commit": ref.commit}
            text = _(
                "To remove: the archive, {count}. To have it back, until git's gc: git "
                "update-ref {ref:q} {commit}"
            )
            yield Message(text, about, STEP)

    def warnings(self) -> Iterator[Message]:
        """Yield what is to be known before they are taken."""
        if self.copies:
            text = _(
                "Without the borrowed files Alembic stops here, as long as the database has their "
                "revisions applied."
            )
            yield Message(text, mark=WARN)
        for path in self.edited:
            yield kept(path)
        if self.others:
            text = _(
                "These worktrees have borrowed files too. To take them out, run this there as "
                "well:\n"
                "{others:lines}"
            )
            yield Message(text, {"others": self.others}, WARN)

    def stays(self) -> Iterator[Message]:
        """Yield what is left if they are not taken."""
        if self.copies or self.edited:
            yield _n(
                "{n} borrowed file in this worktree",
                "{n} borrowed files in this worktree",
                len(self.copies) + len(self.edited),
            )
        if self.refs:
            yield _n(
                "the archive: {n} migration that ran",
                "the archive: {n} migrations that ran",
                len(self.archived),
            )
        if self.files:
            yield _n("{n} file with notes of its own", "{n} files with notes of its own", len(self.files))


def find_remains(target: Target) -> Remains:
    """Look at this worktree, and at what all of them share."""
    rows = list(_written_down(target))
    borrowed, edited = _lying(rows, target)
    needed = {row.record_path for row in rows if row.path in edited}
    files = dict.fromkeys([*(row.record_path for row in rows), *_in_git(target)])
    return Remains(
        borrowed,
        edited,
        tuple(path for path in files if path not in needed),
        archive.tips(target.root),
        tuple(sorted(archive.revisions(target.root))),
        tuple(path for path in other_worktrees(target) if (memory := memory_of(path)) and memory.exists()),
    )


def other_worktrees(target: Target) -> tuple[Path, ...]:
    """Return the worktrees that share this one's repository."""
    paths = (tree.path for tree in git.worktrees(target.root) if not tree.bare)
    return tuple(path for path in paths if path != target.root and path.is_dir())


def take(shown: Remains, target: Target, when_waiting: Callable[[], None]) -> None:
    """Take them out while nobody upgrades; first the copies, so that none is left of which git does not know.

    Raises UserError if they are no longer those that were shown, or cannot be written.
    """
    with only_one(git.Repository(target.root, target.common), when_waiting):
        now = find_remains(target)
        if (now.copies, now.refs) != (shown.copies, shown.refs):
            raise changed(target.root)
        try:
            for path in (*now.copies, *now.files):
                path.unlink(missing_ok=True)
            remove_leftovers(target.common)
        except OSError as error:
            raise cannot_write(error) from error
        archive.drop(target.root, now.refs)


def _written_down(target: Target) -> Iterator[Note]:
    yield from remembered(_own_folder(target) / MEMORY, target.root)
    inside = allowed_roots(target.root)
    for name in git.ignored_files(target.root, f":(top,glob)**/{record.NAME}"):
        path = target.root / name
        yield from noted(path, path.parent, inside) or ()


def _lying(rows: list[Note], target: Target) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return the borrowed files that are here and that git does not have: as they came, and edited."""
    known: dict[Path, set[str]] = {}
    for row in rows:
        known.setdefault(row.path, set()).add(row.entry.sha256)
    inside = allowed_roots(target.root)
    as_they_came: list[Path] = []
    edited: list[Path] = []
    for path in known.keys() - git.tracked(target.root, known, surely=True):
        try:
            same = sha256(read_plain(path, inside)) in known[path]
        except NotReadable:
            continue
        (as_they_came if same else edited).append(path)
    return tuple(sorted(as_they_came)), tuple(sorted(edited))


def _in_git(target: Target) -> Iterator[Path]:
    """Yield our files in git's folders, this worktree's and the common one; not what is another worktree's."""
    own = _own_folder(target)
    for folder in dict.fromkeys([own, target.common]):
        for path in sorted(folder.glob("alembic-worktrees.*")):
            if path.is_file() and (path.name != MEMORY or folder == own):
                yield path


def _own_folder(target: Target) -> Path:
    return Path(os.path.realpath(git.own_folder(target.root) or target.common))
