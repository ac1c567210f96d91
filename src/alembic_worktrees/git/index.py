"""Which files does the index have, or a commit?"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ..messages import _
from ..messages.errors import UserError
from .ask import TIMEOUT, answer, ask, failed
from .history import commit_id

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


# The empty file, in the hashes that git knows.
EMPTY_BLOBS = {
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
}


_LISTED = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--")
# A plain file in a list, where what comes before it has ended.
_NO_COMMIT = _("{name} names no commit here. In a shallow clone, get it first: git fetch --unshallow")
_IN_TREE = re.compile(r"(?<![^\0])100[0-7]+ blob ([0-9a-f]+)\t([^\0]+)")
_IN_INDEX = re.compile(r"(?<![^\0])100[0-7]+ ([0-9a-f]+) 0\t([^\0]+)")


class CommitMissing(UserError):
    """A name that names no commit here."""


def files(folder: Path, commit: str) -> tuple[tuple[str, str], ...]:
    """Return every plain file of a commit, or of a tree, as (blob, path). Raises CommitMissing."""
    argv = ("ls-tree", "-r", "-z", "--full-tree", "--end-of-options", f"{commit}^{{tree}}")
    result = ask(folder, *argv)
    if result.status and not commit_id(folder, commit):
        raise CommitMissing(_NO_COMMIT, name=commit)
    if result.status:
        raise failed(folder, "git " + " ".join(argv), result)
    return tuple(_IN_TREE.findall(os.fsdecode(result.out)))


def merged_tree(folder: Path, onto: str, commit: str) -> str:
    """Return the tree that merging `commit` into `onto` would leave; where both changed a file it has git's marks.

    Nothing but that tree is written. Raises CommitMissing, GitFailed; git can do it from 2.38 on.
    """
    for name in (onto, commit):
        if not commit_id(folder, name):
            raise CommitMissing(_NO_COMMIT, name=name)
    argv = ("merge-tree", "--write-tree", "--no-messages", "--allow-unrelated-histories", onto, commit)
    result = ask(folder, *argv)
    if result.status not in (0, 1):  # 1 is a conflict
        raise failed(folder, "git " + " ".join(argv), result)
    return os.fsdecode(result.out).partition("\n")[0]


def index_files(folder: Path, *, in_hook: bool) -> dict[str, str]:
    """Return the blob of every plain file in the index, by path from the top; what `add -N` announced is not in it."""
    listed = os.fsdecode(answer(folder, "ls-files", "-z", "--stage", "--full-name", in_hook=in_hook))
    found = {path: blob for blob, path in _IN_INDEX.findall(listed)}
    # An empty `__init__.py` is usual, and no migration; whether it was only announced is not asked.
    if any(blob in EMPTY_BLOBS and not f"/{path}".endswith("/__init__.py") for path, blob in found.items()):
        argv = ("diff", "--name-only", "--diff-filter=A", "-z")
        for path in os.fsdecode(answer(folder, *argv, in_hook=in_hook)).split("\0"):
            found.pop(path, None)
    return found


def listed(folder: Path, *patterns: str) -> tuple[str, ...]:
    """Return every file that matches, by its path from `folder`: tracked, or neither that nor ignored."""
    return tuple(filter(None, os.fsdecode(answer(folder, *_LISTED, *patterns)).split("\0")))


def folders_ending_in(folder: Path, tail: str) -> tuple[str, ...]:
    """Return the folders with files that git has or would take, and whose path ends in `tail`."""
    found = ask(folder, *_LISTED, f":(glob)**/{tail}/**", timeout=TIMEOUT)
    return folders_in(tail, filter(None, os.fsdecode(found.out).split("\0")))


def folders_in(tail: str, paths: Iterable[str]) -> tuple[str, ...]:
    """Return the folders of these files, "a/b/c.py", whose path ends in `tail`, each once."""
    wanted = f"/{tail}/"
    found = (f"/{path}".rpartition(wanted) for path in paths)
    return tuple(dict.fromkeys(f"{above}{wanted}".strip("/") for above, end, _ in found if end))
