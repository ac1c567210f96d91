"""Would git record what is only borrowed? The index, and the memory of what is borrowed here → Problems."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .. import git
from ..messages.quoting import quoted
from ..migrations.notes import memory_of, remembered
from ..migrations.record import sha256
from ..project.project import USUAL_FOLDER
from .problems import problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ..migrations.record import Entry
    from .problems import Problem

# What git is about to record a commit with, or again; in its first hook a merge is told by variables: GITHEAD_ID=NAME.
_HEADS = ("HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD")
_MERGING = "GITHEAD_"


def staged(root: Path, folder: str, blobs: Mapping[str, str]) -> Iterator[Problem]:
    """Say which copies the index would record; `blobs` are the migrations in it of the project in `folder`.

    What one of the commits has from which this one is made, git has brought.
    """
    notes = remembered(memory_of(root), root)
    entries = [note.entry for note in notes if note.entry.path in blobs]
    contents = git.small_contents(root, (blobs[entry.path] for entry in entries))
    copies = [entry for entry in entries if _is_copy(contents.get(blobs[entry.path], b""), entry.sha256)]
    brought = _brought(root, copies, blobs) if copies else frozenset()
    if taken := [entry for entry in copies if entry.path not in brought]:
        yield _problem(taken, "" if folder in ("", USUAL_FOLDER) else f"cd {quoted(root / folder)} && ")


def _problem(entries: Sequence[Entry], there: str) -> Problem:
    """Return one problem for all, with one command that cures it; `there` leads to the project."""
    revisions = tuple(entry.revision for entry in entries)
    origins = tuple(dict.fromkeys(entry.origin.name for entry in entries))
    paths = [entry.path for entry in entries]
    return problem("borrowed-staged", None, paths, revisions=revisions, origins=origins, there=there)


def _is_copy(content: bytes, digest: str) -> bool:
    """Whether this was borrowed; git may keep the ends of its lines in another way than the file has them."""
    return digest in {sha256(content), sha256(content.replace(b"\n", b"\r\n"))}


def _brought(root: Path, entries: Iterable[Entry], blobs: Mapping[str, str]) -> frozenset[str]:
    merging = (name.removeprefix(_MERGING) for name in os.environ if name.startswith(_MERGING))
    paths = [entry.path for entry in entries]
    asked = [(path, f"{head}:{path}") for head in (*_HEADS, *merging) for path in paths]
    found = git.describe(root, [name for _, name in asked])
    rows = zip(asked, found, strict=True)
    return frozenset(path for (path, _), one in rows if one and one.oid == blobs[path])
